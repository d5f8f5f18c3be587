"""Many matchers as one: their scores, brought to one scale and summed.

`_score_scales.py` brings them to one scale, `_score_weights.py` learns how much each
of them counts. What fuses vectors instead of scores is in `itm_sklearn.fusion`.
"""

from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import batch_slices
from itm_sklearn.base import matching_rows
from itm_sklearn.matching._calibration import CalibratedMatcherMixin, check_labels
from itm_sklearn.matching._named_matchers import NamedMatchers
from itm_sklearn.matching._score_scales import (
    all_scores,
    draw_gallery,
    learn_scales,
    reciprocal_ranks,
)
from itm_sklearn.matching._score_weights import learn_weights
from itm_sklearn.model_selection import ImageKFold, pair_similarity
from itm_sklearn.pairs import as_pairs

__all__ = ["ScoreFusion"]

# Pairs whose own score is taken out of one small similarity matrix.
_BATCH_SIZE = 512


class ScoreFusion(CalibratedMatcherMixin, NamedMatchers):
    """Sum the scores of several matchers.

    Each matcher may see the pairs in its own way: other encoders, other aligners.
    Their scores are standardised on mismatches of the training pairs first, so that
    no matcher counts for more because its numbers are larger.

    Parameters
    ----------
    estimators : list of (str, estimator)
        Matchers, or Pipelines that end in a matcher or an aligner, with names.
        "drop" in place of one leaves it out. `FrozenEstimator` keeps a fitted one
        as it is.
    weights : {"average", "learned", "reciprocal_rank"} or array-like, default="average"
        "average" weighs all alike. "learned" finds the weights under which pairs
        of images that were held out are told apart best; every matcher is fitted
        `cv` times more. "reciprocal_rank" sums one over the rank instead of the
        score, in both directions of retrieval [1]_: it needs no scale, and images
        that are near to everything are held back, but the score of a pair depends
        on all texts and images that are ranked with it. Or a number for each
        matcher, dropped ones too, not negative.
    cv : int, default=3
        Folds of images for weights that are learned.
    n_negatives : int, default=1
        Mismatches sampled for each pair to learn probabilities from. Ignored if
        labels are given.
    calibration : {"sigmoid", "isotonic"}, default="sigmoid"
        How a score becomes a probability: by a sigmoid, or by whatever rising
        steps fit best, which takes a few thousand pairs to learn.
    threshold : str, callable or float, default="balanced_accuracy"
        The lowest score that `predict` calls a match: the one that does best on the
        training pairs by the scorer of that name, such as "f1" or "accuracy", or by a
        scorer as `sklearn.metrics.make_scorer` makes it. Or a number.
    n_jobs : int, default=None
        How many matchers are fitted at once.
    random_state : int, RandomState instance or None, default=None
        Draws folds, galleries and mismatches. Pass an int for the same model in
        every fit, as far as the matchers have one too.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted matchers, without those dropped.
    weights_ : ndarray of shape (n_matchers,)
        How much each of them counts. They sum to one.
    means_, scales_ : ndarray of shape (n_matchers,)
        Mean and deviation of each matcher's scores of mismatches.
    threshold_ : float
        The lowest score that is called a match.
    calibrator_ : LogisticRegression or IsotonicRegression
        Makes probabilities of scores.
    classes_ : ndarray of shape (2,)
        0 for a mismatch, 1 for a match.

    See Also
    --------
    itm_sklearn.fusion.WeightedFusion : Joins vectors instead of scores.

    References
    ----------
    .. [1] G. Cormack, C. Clarke, S. Büttcher, "Reciprocal rank fusion outperforms
       Condorcet and individual rank learning methods", SIGIR 2009, section 2.

    Examples
    --------
    Two matchers of two directions each know more than either:

    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from itm_sklearn.compose import DualEncoder
    >>> from itm_sklearn.matching import ScoreFusion, SimilarityMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> vectors = np.random.default_rng(0).normal(size=(90, 4))
    >>> pairs = ImageTextPairs(vectors, vectors + 0.1)
    >>> left = FunctionTransformer(lambda vectors: vectors[:, :2])
    >>> right = FunctionTransformer(lambda vectors: vectors[:, 2:])
    >>> left = make_pipeline(DualEncoder(left, left), SimilarityMatcher())
    >>> right = make_pipeline(DualEncoder(right, right), SimilarityMatcher())
    >>> fusion = ScoreFusion([("left", left), ("right", right)]).fit(pairs)
    >>> fusion.score(pairs) > left.fit(pairs).score(pairs) + 0.1
    True
    """

    _parameter_constraints: dict = {
        **CalibratedMatcherMixin._parameter_constraints,
        "estimators": [list],
        "weights": [
            StrOptions({"average", "learned", "reciprocal_rank"}),
            "array-like",
        ],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimators,
        *,
        weights="average",
        cv=3,
        n_negatives=1,
        calibration="sigmoid",
        threshold="balanced_accuracy",
        n_jobs=None,
        random_state=None,
    ):
        self.estimators = estimators
        self.weights = weights
        self.cv = cv
        self.n_negatives = n_negatives
        self.calibration = calibration
        self.threshold = threshold
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit every matcher, then learn scales, weights and probabilities.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            What the matchers take.
        y : array-like of shape (n_pairs,), default=None
            1 for a match, 0 for a mismatch. None means that all rows match, and
            mismatches are sampled.

        Returns
        -------
        self : ScoreFusion
            The fitted matcher.
        """
        pairs = as_pairs(X)
        pairs.require_both_views()
        labels = None if y is None else check_labels(y, pairs)
        matchers = self._check_estimators()
        random_state = check_random_state(self.random_state)
        matches = matching_rows(pairs, labels)
        self.weights_ = self._choose_weights(matchers, matches, random_state)
        self.estimators_ = self._fit_all(matchers, pairs, labels)
        self.means_, self.scales_ = learn_scales(
            self.estimators_, draw_gallery(matches, random_state)
        )
        self._calibrate(pairs, labels, random_state)
        return self

    def _choose_weights(self, matchers, matches, random_state):
        n_matchers = len(matchers)
        if not isinstance(self.weights, str):
            kept = [matcher != "drop" for _, matcher in self.estimators]
            return _check_weights(self.weights, kept)
        if self.weights != "learned" or n_matchers == 1:
            return np.full(n_matchers, 1 / n_matchers)
        folds = ImageKFold(
            self.cv, shuffle=True, random_state=random_state.randint(2**31 - 1)
        )
        galleries = [
            self._score_fold(matchers, matches[train], matches[test], random_state)
            for train, test in folds.split(matches)
        ]
        return learn_weights(galleries)

    def _score_fold(self, matchers, train, test, random_state):
        """Standardised scores of pairs that the matchers were not fitted on."""
        fitted = self._fit_all(matchers, train)
        means, scales = learn_scales(fitted, draw_gallery(train, random_state))
        gallery = draw_gallery(test, random_state)
        scores = all_scores(fitted, gallery)
        scores = (scores - means[:, None, None]) / scales[:, None, None]
        return scores, gallery.relevance().toarray()

    def _calibrate(self, pairs, labels, random_state):
        if labels is not None:
            self._learn_from_scores(self.decision_function(pairs), labels)
            return
        self._learn_from_matches(draw_gallery(pairs, random_state), random_state)

    def similarity(self, X):
        """Score every text against every image.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            Standardised scores, or sums of reciprocal ranks; the higher the more
            alike.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        fused = 0.0
        for number, matcher in enumerate(self.estimators_):
            scores = np.asarray(pair_similarity(matcher, pairs))
            if self._by_rank:
                scores = reciprocal_ranks(scores)
            else:
                scores = (scores - self.means_[number]) / self.scales_[number]
            fused = fused + self.weights_[number] * scores
        return fused

    def decision_function(self, X):
        """Score each pair.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            Its entry in `similarity`.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        pairs.require_both_views()
        scores = np.empty(len(pairs))
        # Captions of one image lie together, so that it is scored in few batches.
        order = np.argsort(pairs.image_index, kind="stable")
        # A rank depends on all that is ranked, a score on its pair alone.
        batch_size = len(pairs) if self._by_rank else _BATCH_SIZE
        for batch in batch_slices(len(pairs), batch_size):
            own = pairs[order[batch]]
            similarity = self.similarity(own)
            scores[order[batch]] = similarity[np.arange(len(own)), own.image_index]
        return scores

    @property
    def transductive(self):
        """Whether a score depends on all texts and images that are scored with it."""
        return self._by_rank

    @property
    def _by_rank(self):
        return isinstance(self.weights, str) and self.weights == "reciprocal_rank"

    def __sklearn_is_fitted__(self):
        return hasattr(self, "scales_")


def _check_weights(weights, kept):
    weights = np.asarray(weights, dtype=float)
    known = weights.shape == (len(kept),) and np.isfinite(weights).all()
    if not known or weights.min() < 0 or not weights[kept].any():
        raise ValueError(
            f"weights={weights.tolist()} must be {len(kept)} numbers that are not "
            "negative, one for each matcher, of which one is kept that counts."
        )
    return weights[kept] / weights[kept].sum()
