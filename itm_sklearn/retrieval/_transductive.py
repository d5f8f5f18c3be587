"""Corrections that need all test queries at once, which a search never has."""

from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.base import RetrievalScoreMixin
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.pairs import as_pairs
from itm_sklearn.retrieval._bank import mean_of_nearest, take_bank, unit
from itm_sklearn.retrieval._search import is_fitted

__all__ = ["TransductiveCorrection"]

# The constant of reciprocal rank fusion.
_RANK_OFFSET = 60


class TransductiveCorrection(RetrievalScoreMixin, BaseEstimator):
    """Correct the scores of test queries by comparing the queries with each other.

    The answer to a query depends on the others that are asked with it, and since each
    text of a benchmark has its image among few, the others give a part of the answer
    away. So these numbers don't tell how well one query is answered; evaluations and
    results mark them as transductive. What a search can use is `CSLS`,
    `InvertedSoftmax` and `QueryBankNormalization`.

    Parameters
    ----------
    method : {"dual_softmax", "csls", "reciprocal_rank"}, default="dual_softmax"
        "dual_softmax" multiplies the probability of an image among all images by that
        of the text among all texts [1]_; "csls" takes the mean of the nearest off on
        either side [2]_; "reciprocal_rank" sums one over the rank among the images
        and one over the rank among the texts.
    model : estimator, default=None
        Whose scores are corrected; fitted in `fit` unless it is. None takes cosines
        of the vectors of both views.
    temperature : float, default=0.05
        Of both softmaxes.
    n_neighbors : int, default=10
        How many of the nearest CSLS takes the mean of.

    Attributes
    ----------
    model_ : estimator or None
        The fitted model.

    References
    ----------
    .. [1] X. Cheng et al., "Improving video-text retrieval by multi-stream corpus
       alignment and dual softmax loss", arXiv:2109.04290, 2021.
    .. [2] A. Conneau et al., "Word translation without parallel data", ICLR 2018,
       section 2.3.

    Examples
    --------
    The first image is nearest to both texts, but the second text needs it more:

    >>> import numpy as np
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import TransductiveCorrection
    >>> pairs = ImageTextPairs(np.eye(2), np.array([[0.9, 0.1], [0.6, 0.5]]))
    >>> correction = TransductiveCorrection().fit(pairs)
    >>> correction.similarity(pairs).argmax(axis=1)
    array([0, 1])
    >>> correction.transductive
    True
    """

    _parameter_constraints: dict = {
        "method": [StrOptions({"dual_softmax", "csls", "reciprocal_rank"})],
        "model": [None, HasMethods("fit")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    }

    transductive = True

    def __init__(
        self, method="dual_softmax", *, model=None, temperature=0.05, n_neighbors=10
    ):
        self.method = method
        self.model = model
        self.temperature = temperature
        self.n_neighbors = n_neighbors

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the model, if there is one to fit; the correction learns nothing.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            What the model takes; without a model, vectors of both views.
        y : array-like of shape (n_pairs,), default=None
            Handed to the model's `fit`.

        Returns
        -------
        self : TransductiveCorrection
            Ready to correct.
        """
        pairs = as_pairs(X)
        self.model_ = self.model
        if self.model is None:
            take_bank(pairs, y)
        elif not is_fitted(self.model):
            self.model_ = clone(self.model).fit(pairs, y)
        return self

    def similarity(self, X):
        """Corrected scores of every text and image, which serve both directions.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            All test pairs, with both views.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            The higher the more alike, among these texts and images.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        pairs.require_both_views()
        return getattr(self, f"_{self.method}")(self._scores(pairs))

    def _scores(self, pairs):
        if self.model_ is not None:
            return np.asarray(pair_similarity(self.model_, pairs))
        return unit(pairs.texts, "texts") @ unit(pairs.images, "images").T

    def _dual_softmax(self, scores):
        return sum(log_softmax(scores / self.temperature, axis=axis) for axis in (0, 1))

    def _csls(self, scores):
        by_image, by_text = (
            mean_of_nearest(scores, self.n_neighbors, axis=axis) for axis in (0, 1)
        )
        return 2 * scores - by_image - by_text[:, np.newaxis]

    def _reciprocal_rank(self, scores):
        # Ties count against the model.
        ranks = (rankdata(-scores, method="max", axis=axis) for axis in (0, 1))
        return sum(1 / (_RANK_OFFSET + rank) for rank in ranks)
