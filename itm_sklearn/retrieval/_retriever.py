"""Search a gallery of images and texts by either view, or by both together.

`_search.py` turns queries into lists of items and asks `kneighbors` here, which embeds
the queries and asks an index, `ExactIndex` for one, for the vectors nearest to them.
"""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._views import naming_rows
from itm_sklearn.base import RetrievalScoreMixin
from itm_sklearn.model_selection import embed_pairs, pair_similarity
from itm_sklearn.pairs import as_pairs
from itm_sklearn.retrieval._exact_index import ExactIndex
from itm_sklearn.retrieval._gallery import join_pairs, split_metadata
from itm_sklearn.retrieval._saved_retriever import load_retriever, save_retriever
from itm_sklearn.retrieval._search import SearchMixin, is_fitted

__all__ = ["CrossModalRetriever"]


class CrossModalRetriever(SearchMixin, RetrievalScoreMixin, BaseEstimator):
    """Find images and texts that fit a text, an image, or both together.

    Parameters
    ----------
    model : Pipeline or estimator
        Brings pairs into one space: its last step is an aligner, or a matcher
        behind an aligner. A model that is fitted is used as it is; otherwise a
        copy of it is fitted on the gallery. Inside `cross_validate` and
        `GridSearchCV`, which copy what they fit, it is always fitted anew.
    index : estimator with `fit` and `kneighbors`, default=None
        Finds near vectors by cosine distance. None means `ExactIndex`.

    Attributes
    ----------
    model_ : estimator
        The fitted model.
    gallery_ : ImageTextPairs
        What is searched.
    image_index_, text_index_ : estimator or None
        The filled indexes of both views; None if the gallery lacks the view.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.compose import DualEncoder
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import CrossModalRetriever
    >>> def count_words(texts):
    ...     return np.array([[text.count("dog"), text.count("cat")] for text in texts])
    >>> gallery = ImageTextPairs(np.eye(2), ["a dog runs", "a cat runs"])
    >>> retriever = CrossModalRetriever(DualEncoder(text=count_words)).fit(gallery)
    >>> retriever.retrieve_images(["one dog"], n_neighbors=1).indices
    array([[0]])
    >>> retriever.retrieve_texts([[0.0, 1.0]], n_neighbors=1).items
    [['a cat runs']]

    An image together with a text asks for images that are like both:

    >>> query = ImageTextPairs([[1.0, 0.0]], ["a cat"])
    >>> retriever.retrieve_images(query, 2, text_weight=0.9).indices
    array([[1, 0]])
    """

    def __init__(self, model, *, index=None):
        self.model = model
        self.index = index

    def fit(self, X, y=None, *, metadata=None):
        """Fill the indexes with a gallery, and fit the model first if need be.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The gallery. A fitted model takes one of a single view, too.
        y : array-like of shape (n_pairs,), default=None
            Handed to the model's `fit`.
        metadata : DataFrame or dict of columns, default=None
            A row for each pair, for indexes that filter by ``where``. An image has
            the row of its first pair.

        Returns
        -------
        self : CrossModalRetriever
            Ready to search.
        """
        self.gallery_ = as_pairs(X)
        if is_fitted(self.model):
            self.model_ = self.model
        else:
            self.model_ = clone(self.model).fit(self.gallery_, y)
        vectors = embed_pairs(self.model_, self.gallery_)
        of_images, of_texts = split_metadata(metadata, self.gallery_)
        self.image_index_ = self._fill_index("images", vectors.images, of_images)
        self.text_index_ = self._fill_index("texts", vectors.texts, of_texts)
        return self

    def _fill_index(self, name, vectors, metadata):
        if vectors is None:
            return None
        index = ExactIndex() if self.index is None else clone(self.index)
        with naming_rows(vectors, name):
            return index.fit(vectors, **metadata)

    def add(self, X, *, metadata=None):
        """Put more pairs into the gallery; nothing is learned from them.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            With the views of the gallery. Its images get numbers, and its texts
            rows, behind those that are there.
        metadata : DataFrame or dict of columns, default=None
            As in `fit`.

        Returns
        -------
        self : CrossModalRetriever
            Ready to search both.

        Raises
        ------
        TypeError
            If the index takes nothing more once it is filled.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        gallery = join_pairs(self.gallery_, pairs)
        vectors = embed_pairs(self.model_, pairs)
        of_images, of_texts = split_metadata(metadata, pairs)
        filled = [
            (self.image_index_, vectors.images, of_images),
            (self.text_index_, vectors.texts, of_texts),
        ]
        filled = [each for each in filled if each[0] is not None]
        for index, _, _ in filled:
            _require_add(index)
        for index, new, options in filled:
            index.add(new, **options)
        self.gallery_ = gallery
        return self

    def kneighbors(self, X, n_neighbors=5, *, target=None, text_weight=0.5, where=None):
        """Find the items of the gallery that are nearest to each query.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The queries. In a query of both views the image and the text of a row
            are asked for together.
        n_neighbors : int, default=5
            How many items each query gets.
        target : {"images", "texts"}, default=None
            What is searched. None means the view that the query lacks.
        text_weight : float, default=0.5
            In a query of both views, how much the text counts, from 0 to 1; the
            image counts for the rest. Both vectors have length one before.
        where : str, default=None
            A condition on the metadata of what is found, as the index takes it.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Cosine distances, rising.
        indices : ndarray of int of shape (n_queries, n_neighbors)
            Numbers of images, or rows of texts, of the gallery.

        Raises
        ------
        ValueError
            If the query has both views and there is no target, or the gallery lacks
            what is to be searched.
        """
        query = as_pairs(X)
        target = self._check_target(query, target)
        vectors = _fuse(embed_pairs(self.model_, query), text_weight)
        index = self.image_index_ if target == "images" else self.text_index_
        _require_one_space(vectors, index, target)
        conditions = {} if where is None else {"where": where}
        return index.kneighbors(vectors, n_neighbors, **conditions)

    def similarity(self, X):
        """Score every text against every image of some pairs.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views; they need not be in the gallery.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            The scores of the model's matcher, or cosine similarities.
        """
        check_is_fitted(self)
        return pair_similarity(self.model_, as_pairs(X))

    def save(self, path):
        """Write model, gallery and indexes into a directory, whole or not at all.

        Parameters
        ----------
        path : str or Path
            The directory. A retriever that was saved there is replaced once this
            one is on disk, and is intact until then.

        Returns
        -------
        path : Path
            Where it was written.
        """
        check_is_fitted(self)
        return save_retriever(self, path)

    @classmethod
    def load(cls, path, *, trusted=(), mmap=False):
        """Read a retriever that `save` wrote, after a check of every byte.

        Parameters
        ----------
        path : str or Path
            The directory.
        trusted : list of str, default=()
            Full names of further types that you trust, as the error names them.
        mmap : bool, default=False
            Whether the vectors stay on disk until they are needed, in indexes that
            can do so.

        Returns
        -------
        retriever : CrossModalRetriever
            As it was when saved.

        Raises
        ------
        ValueError
            If the directory is damaged or holds something else.
        """
        return load_retriever(path, cls.__name__, trusted=trusted, mmap=mmap)


def _fuse(pairs, text_weight):
    """One vector for each query: that of its view, or a mean of both."""
    if pairs.images is None:
        return pairs.texts
    if pairs.texts is None:
        return pairs.images
    if not 0 <= text_weight <= 1:
        raise ValueError(f"text_weight={text_weight!r} must lie between 0 and 1.")
    texts, images = normalize(pairs.texts), normalize(pairs.images)
    return text_weight * texts + (1 - text_weight) * images[pairs.image_index]


def _require_one_space(vectors, index, target):
    width, expected = np.shape(vectors)[1:], getattr(index, "n_features_in_", None)
    if len(width) == 1 and expected not in (None, *width):
        raise ValueError(
            f"The queries have {width[0]} features and the {target} of the gallery "
            f"{expected}: they are not in one space. Put an aligner such as CCA() into "
            "the model."
        )


def _require_add(index):
    if not hasattr(index, "add"):
        raise TypeError(
            f"{type(index).__name__} takes nothing more once it is filled. Fit anew, "
            "or pass an index with `add`, such as ExactIndex."
        )
