"""Two stages: a fast search chooses candidates, a slower matcher puts them in order."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import batch_slices, take_rows
from itm_sklearn.base import RetrievalScoreMixin
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.pairs import ImageTextPairs, as_pairs
from itm_sklearn.retrieval._search import SearchMixin, is_fitted, stable_order

__all__ = ["Reranker"]


class Reranker(SearchMixin, RetrievalScoreMixin, BaseEstimator):
    """Let a matcher put the first results of a search in a better order.

    The first stage scores everything and chooses the candidates of a query; only
    they are scored by the matcher, which may so be a hundred times slower. Behind
    the candidates the order of the first stage stays.

    Parameters
    ----------
    first_stage : CrossModalRetriever or estimator
        Chooses the candidates: a retriever by its index, any other model by scoring
        the whole gallery. What is fitted is used as it is, a retriever with its
        gallery; otherwise a copy is fitted.
    matcher : estimator with ``score_pairs`` or ``decision_function``
        Scores pairs, the higher the better. It takes the pairs that the first stage
        takes. Fitted or not, as above.
    n_candidates : int, default=50
        How many results of each query the matcher scores.
    weight : float, default=0.5
        How much the matcher counts: 1 forgets the scores of the first stage, 0 the
        matcher. Both are standardised among the candidates of a query before.
    batch_size : int, default=4096
        How many pairs the matcher gets at a time.

    Attributes
    ----------
    first_stage_, matcher_ : estimator
        The fitted models.
    pairs_ : ImageTextPairs
        What `fit` was given.

    Notes
    -----
    The candidates of a text are chosen by itself, and so are those of an image, so
    that the two directions have scores of their own: `similarity` holds two matrices.
    Their numbers mean nothing beyond the order within a query.

    Encode before: as the last step behind a `DualEncoder`, both stages get vectors,
    and no image is encoded for each text that it is a candidate of.

    Examples
    --------
    The first stage sees two of three numbers, the matcher all of them:

    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from itm_sklearn.compose import DualEncoder
    >>> from itm_sklearn.matching import SimilarityMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import Reranker
    >>> vectors = np.random.default_rng(0).normal(size=(60, 3))
    >>> pairs = ImageTextPairs(vectors, vectors + 0.1)
    >>> rough = FunctionTransformer(lambda vectors: vectors[:, :2])
    >>> rough = make_pipeline(DualEncoder(rough, rough), SimilarityMatcher())
    >>> reranker = Reranker(rough, SimilarityMatcher(), n_candidates=10).fit(pairs)
    >>> reranker.score(pairs) > reranker.first_stage_.score(pairs)
    True
    """

    _parameter_constraints: dict = {
        "first_stage": [HasMethods("fit")],
        "matcher": [HasMethods("fit")],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "weight": [Interval(Real, 0, 1, closed="both")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self, first_stage, matcher, *, n_candidates=50, weight=0.5, batch_size=4096
    ):
        self.first_stage = first_stage
        self.matcher = matcher
        self.n_candidates = n_candidates
        self.weight = weight
        self.batch_size = batch_size

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Take a gallery in, and fit the models first that are not fitted yet.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The gallery, and the pairs to learn from. Fitted models take one of a
            single view, too.
        y : array-like of shape (n_pairs,), default=None
            Handed to the models' `fit`.

        Returns
        -------
        self : Reranker
            Ready to search.
        """
        self.pairs_ = as_pairs(X)
        self.first_stage_ = self._fit_unless_fitted(self.first_stage, y)
        self.matcher_ = self._fit_unless_fitted(self.matcher, y)
        self._find_scorer()
        return self

    def _fit_unless_fitted(self, model, y):
        return model if is_fitted(model) else clone(model).fit(self.pairs_, y)

    @property
    def gallery_(self):
        """What is searched: the gallery of a retriever, or the pairs of `fit`."""
        check_is_fitted(self)
        return getattr(self.first_stage_, "gallery_", self.pairs_)

    def _find_scorer(self):
        for method in ("score_pairs", "decision_function"):
            if hasattr(self.matcher_, method):
                return getattr(self.matcher_, method)
        raise TypeError(
            f"{type(self.matcher_).__name__} has neither score_pairs nor "
            "decision_function. Take a matcher such as SimilarityMatcher()."
        )

    def similarity(self, X):
        """Score every text against every image, for each direction.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views; they need not be in the gallery.

        Returns
        -------
        similarity : ndarray of shape (2, n_pairs, n_images)
            In the first matrix a row ranks the images for a text, in the second a
            column ranks the texts for an image.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        first = np.asarray(pair_similarity(self.first_stage_, pairs))
        first = np.broadcast_to(first, (2, *first.shape[-2:]))
        views = pairs.texts, pairs.images
        by_text = self._rerank_rows(first[0], *views, texts_ask=True)
        by_image = self._rerank_rows(first[1].T, *views, texts_ask=False)
        return np.stack([by_text, by_image.T])

    def _rerank_rows(self, first, texts, images, *, texts_ask):
        """The scores of all items for each query, with the candidates' own."""
        scores = np.array(first, dtype=float)
        candidates = stable_order(scores)[:, : self.n_candidates]
        best = np.take_along_axis(scores, candidates, axis=1)
        best = self._rescore(best, candidates, texts, images, texts_ask=texts_ask)
        np.put_along_axis(scores, candidates, best, axis=1)
        return scores

    def _rescore(self, first, candidates, texts, images, *, texts_ask):
        """Scores of each query's candidates by both stages together."""
        queries = np.repeat(np.arange(len(candidates)), candidates.shape[1])
        rows = queries, candidates.ravel()
        text_rows, image_rows = rows if texts_ask else rows[::-1]
        second = self._score_pairs(texts, images, text_rows, image_rows)
        second = second.reshape(candidates.shape)
        return _combine(first, second, self.weight)

    def _score_pairs(self, texts, images, text_rows, image_rows):
        scorer = self._find_scorer()
        scores = np.empty(len(text_rows))
        # The candidates that share an image lie together, so that few batches hold it.
        order = np.argsort(image_rows, kind="stable")
        for batch in batch_slices(len(order), self.batch_size):
            rows = order[batch]
            used, image_index = np.unique(image_rows[rows], return_inverse=True)
            pairs = ImageTextPairs(
                take_rows(images, used), take_rows(texts, text_rows[rows]), image_index
            )
            scores[rows] = scorer(pairs)
        return scores

    def kneighbors(self, X, n_neighbors=5, *, target=None, **options):
        """Find the items of the gallery that fit each query best.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Queries of one view; the other one is searched.
        n_neighbors : int, default=5
            How many items each query gets.
        target : {"images", "texts"}, default=None
            What is searched: the view that the query lacks, since a matcher
            compares texts with images only.
        **options : dict
            Further arguments for the `kneighbors` of a retriever as first stage,
            such as ``where``.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            One minus the score, rising; of use for its order only.
        indices : ndarray of int of shape (n_queries, n_neighbors)
            Numbers of images, or rows of texts, of the gallery.
        """
        query = as_pairs(X)
        target = self._check_target(query, target)
        if getattr(query, target) is not None:
            raise ValueError(
                f"{query!r} has {target} already, and a matcher can't compare {target} "
                f"with {target}. Ask with the other view, or ask the first stage."
            )
        first, indices = self._search(query, n_neighbors, target, options)
        views = {**vars(self.gallery_), **_given(query)}
        n = self.n_candidates
        candidates = self._rescore(
            first[:, :n],
            indices[:, :n],
            views["texts"],
            views["images"],
            texts_ask=target == "images",
        )
        scores = np.hstack([candidates, first[:, n:]])
        order = stable_order(scores)[:, :n_neighbors]
        found = (np.take_along_axis(part, order, axis=1) for part in (scores, indices))
        scores, indices = found
        return 1 - scores, indices

    def _search(self, query, n_neighbors, target, options):
        """Scores and places of the first stage: as many as asked for or rescored."""
        gallery = getattr(self.gallery_, target)
        n_items = gallery.shape[0] if hasattr(gallery, "shape") else len(gallery)
        if not 1 <= n_neighbors <= n_items:
            raise ValueError(
                f"n_neighbors={n_neighbors}, but the gallery holds {n_items} {target}: "
                f"ask for 1 to {n_items}."
            )
        n_found = min(max(n_neighbors, self.n_candidates), n_items)
        if hasattr(self.first_stage_, "retrieve_images"):
            options = {"target": target, **options}
            distances, indices = self.first_stage_.kneighbors(query, n_found, **options)
            return 1 - distances, indices
        scores = self._score_gallery(query, target, **options)
        order = stable_order(scores)[:, :n_found]
        return np.take_along_axis(scores, order, axis=1), order

    def _score_gallery(self, query, target):
        """The first stage's scores of the whole gallery, a row a query."""
        views = {**vars(self.gallery_), **_given(query)}
        # All are scored with all: it does not matter which of them are pairs.
        no_index = np.zeros(_n_items(views["texts"]), dtype=np.intp)
        pairs = ImageTextPairs(views["images"], views["texts"], no_index)
        scores = np.asarray(pair_similarity(self.first_stage_, pairs), dtype=float)
        by_text, by_image = np.broadcast_to(scores, (2, *scores.shape[-2:]))
        return by_text if target == "images" else by_image.T


def _given(query):
    """The one view of a query, by its name."""
    if query.images is None:
        return {"texts": query.texts}
    return {"images": query.images}


def _n_items(view):
    return view.shape[0] if hasattr(view, "shape") else len(view)


def _combine(first, second, weight):
    """One score for each candidate, none below the lowest of the first stage."""
    if not first.shape[1]:
        return first
    fused = (1 - weight) * _standardise(first) + weight * _standardise(second)
    lowest = fused.min(axis=1, keepdims=True)
    return first.min(axis=1, keepdims=True) + fused - lowest


def _standardise(scores):
    """Scores of each query with mean 0 and deviation 1, if they differ at all."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    return centred / np.where(deviation > 0, deviation, 1)
