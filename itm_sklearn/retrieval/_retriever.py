"""Search a gallery of images by text, or of texts by image."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import take_rows
from itm_sklearn.base import RetrievalScoreMixin
from itm_sklearn.model_selection import embed_pairs, pair_similarity
from itm_sklearn.pairs import ImageTextPairs, as_pairs
from itm_sklearn.retrieval._exact_index import ExactIndex


@dataclass(frozen=True)
class RetrievalResult:
    """Ranked lists, one a query; the best item comes first.

    Attributes
    ----------
    queries : list or array of n_queries items
        What was asked for.
    items : list of n_queries lists
        The found items of the gallery, as they were given to it.
    indices : ndarray of int of shape (n_queries, n_neighbors)
        Their places: numbers of images, or rows of texts, of the gallery.
    scores : ndarray of shape (n_queries, n_neighbors)
        Cosine similarities, between -1 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> result = RetrievalResult(
    ...     queries=["a dog"],
    ...     items=[["dog.jpg", "fox.jpg"]],
    ...     indices=np.array([[3, 1]]),
    ...     scores=np.array([[0.9, 0.4]]),
    ... )
    >>> result.to_frame()
       query  rank     item  index  score
    0  a dog     1  dog.jpg      3    0.9
    1  a dog     2  fox.jpg      1    0.4
    """

    queries: Any
    items: list
    indices: np.ndarray
    scores: np.ndarray

    def to_frame(self):
        """The lists as one pandas DataFrame, a row for each found item.

        Returns
        -------
        frame : pandas.DataFrame
            Columns query, rank (from 1), item, index and score.
        """
        import pandas as pd

        rows = [
            (query, rank, item, index, score)
            for query, items, indices, scores in zip(
                self.queries, self.items, self.indices, self.scores, strict=True
            )
            for rank, (item, index, score) in enumerate(
                zip(items, indices, scores, strict=True), start=1
            )
        ]
        return pd.DataFrame(rows, columns=["query", "rank", "item", "index", "score"])

    def __len__(self):
        return len(self.items)


class CrossModalRetriever(RetrievalScoreMixin, BaseEstimator):
    """Find the images that fit a text, and the texts that fit an image.

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
    """

    def __init__(self, model, *, index=None):
        self.model = model
        self.index = index

    def fit(self, X, y=None):
        """Fill the indexes with a gallery, and fit the model first if need be.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The gallery. A fitted model takes one of a single view, too.
        y : array-like of shape (n_pairs,), default=None
            Handed to the model's `fit`.

        Returns
        -------
        self : CrossModalRetriever
            Ready to search.
        """
        self.gallery_ = as_pairs(X)
        if _is_fitted(self.model):
            self.model_ = self.model
        else:
            self.model_ = clone(self.model).fit(self.gallery_, y)
        vectors = embed_pairs(self.model_, self.gallery_)
        self.image_index_ = self._fill_index(vectors.images)
        self.text_index_ = self._fill_index(vectors.texts)
        return self

    def _fill_index(self, vectors):
        if vectors is None:
            return None
        index = ExactIndex() if self.index is None else clone(self.index)
        return index.fit(vectors)

    def retrieve_images(self, texts, n_neighbors=5):
        """Find the images of the gallery that fit each text best.

        Parameters
        ----------
        texts : list of str
            The queries.
        n_neighbors : int, default=5
            How many images each query gets.

        Returns
        -------
        result : RetrievalResult
            The images, the best first.
        """
        query = ImageTextPairs(texts=texts)
        return self._retrieve(query, texts, self.gallery_.images, n_neighbors)

    def retrieve_texts(self, images, n_neighbors=5):
        """Find the texts of the gallery that fit each image best.

        Parameters
        ----------
        images : list or array of images
            The queries, as the model's image encoder takes them.
        n_neighbors : int, default=5
            How many texts each query gets.

        Returns
        -------
        result : RetrievalResult
            The texts, the best first.
        """
        query = ImageTextPairs(images=images)
        return self._retrieve(query, images, self.gallery_.texts, n_neighbors)

    def _retrieve(self, query, queries, gallery, n_neighbors):
        distances, indices = self.kneighbors(query, n_neighbors)
        items = [list(take_rows(gallery, row)) for row in indices]
        return RetrievalResult(queries, items, indices, 1 - distances)

    def kneighbors(self, X, n_neighbors=5):
        """Find the items of the gallery that are nearest to each query.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Queries of one view; the other one is searched.
        n_neighbors : int, default=5
            How many items each query gets.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Cosine distances, rising.
        indices : ndarray of int of shape (n_queries, n_neighbors)
            Numbers of images, or rows of texts, of the gallery.

        Raises
        ------
        ValueError
            If the query has both views, or the gallery lacks the one to search.
        """
        check_is_fitted(self)
        vectors = embed_pairs(self.model_, self._check_query(as_pairs(X)))
        if vectors.images is None:
            return self.image_index_.kneighbors(vectors.texts, n_neighbors)
        return self.text_index_.kneighbors(vectors.images, n_neighbors)

    def _check_query(self, query):
        if query.images is not None and query.texts is not None:
            raise ValueError(
                f"{query!r} has both views, and a query asks for one of them. Leave "
                "out the view to be searched."
            )
        wanted = "images" if query.images is None else "texts"
        if getattr(self.gallery_, wanted) is None:
            raise ValueError(
                f"The gallery {self.gallery_!r} has no {wanted} to find. Fit the "
                f"retriever on one with {wanted}."
            )
        return query

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


def _is_fitted(model):
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True
