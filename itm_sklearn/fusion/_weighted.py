"""A weighted mean of both vectors: how much each view counts, given or learned."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone, is_classifier
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import cross_val_score
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from itm_sklearn._folds import image_folds
from itm_sklearn.fusion._pair_fusion import PairFusionMixin
from itm_sklearn.pairs import ImageTextPairs


class WeightedFusion(PairFusionMixin, BaseEstimator):
    """Average the two vectors of each pair, with a weight for each view.

    Both views must be in one space, where an aligner such as CCA brings them.

    Parameters
    ----------
    weights : "learned" or array-like of shape (2,), default="learned"
        How much the image and the text count. "learned" tries `n_weights` shares
        from texts alone to images alone, and keeps the one with the best
        cross-validated score of `estimator` on `y`. The folds are split by image.
    estimator : estimator, default=None
        What the fused vectors are judged by. None means logistic regression if `y`
        are classes, ridge regression otherwise. Give the classifier that comes
        behind, if it is of another kind.
    n_weights : int, default=11
        How many shares are tried.
    cv : int or splitter, default=5
        Number of folds, or a splitter, which gets the images as groups.
    scoring : str or callable, default=None
        What is compared. None means the estimator's own score.
    norm : "l2" or None, default="l2"
        "l2" gives both vectors length one first, so that the weights are what they
        say. None takes them as they are.
    n_jobs : int, default=None
        How many folds are fitted at once.

    Attributes
    ----------
    weights_ : ndarray of shape (2,)
        The weight of the images and of the texts. They sum to one.
    shares_ : ndarray of shape (n_weights,)
        The weights of the images that were tried. Only if learned.
    scores_ : ndarray of shape (n_weights,)
        The mean score of each of them. Only if learned.

    See Also
    --------
    AverageFusion : Both views count alike.

    Examples
    --------
    Only the images know the class:

    >>> import numpy as np
    >>> from itm_sklearn.fusion import WeightedFusion
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> rng = np.random.default_rng(0)
    >>> pairs = ImageTextPairs(rng.normal(size=(60, 2)), rng.normal(size=(60, 2)))
    >>> fusion = WeightedFusion(n_weights=3).fit(pairs, pairs.images[:, 0] > 0)
    >>> bool(fusion.weights_[0] > 0.6)
    True
    """

    _parameter_constraints: dict = {
        **PairFusionMixin._parameter_constraints,
        "weights": [StrOptions({"learned"}), "array-like"],
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_weights": [Interval(Integral, 2, None, closed="left")],
        "cv": ["cv_object"],
        "scoring": [str, callable, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        weights="learned",
        *,
        estimator=None,
        n_weights=11,
        cv=5,
        scoring=None,
        norm="l2",
        n_jobs=None,
    ):
        self.weights = weights
        self.estimator = estimator
        self.n_weights = n_weights
        self.cv = cv
        self.scoring = scoring
        self.norm = norm
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the weights, if they are not given.

        Parameters
        ----------
        X : ImageTextPairs
            Feature vectors of both views.
        y : array-like of shape (n_pairs,), default=None
            What the fused vectors should tell. Ignored if the weights are given.

        Returns
        -------
        self : WeightedFusion
            The fitted fusion.
        """
        images, texts, image_index = self._check_views(X, reset=True)
        if isinstance(self.weights, str):
            self._learn(ImageTextPairs(images, texts, image_index), y)
        else:
            self.weights_ = _check_weights(self.weights)
        return self

    def _learn(self, pairs, y):
        if y is None:
            raise ValueError(
                "weights='learned' requires y to be passed, but the target y is None. "
                "Pass labels, or give the weights, such as weights=(0.5, 0.5)."
            )
        check_consistent_length(pairs, y)
        shares = np.linspace(0, 1, self.n_weights)
        scores = self._score(shares, pairs, y)
        # From the middle outwards: of equal scores, the most even weights win.
        order = np.argsort(np.abs(shares - 0.5), kind="stable")
        best = order[np.argmax(scores[order])]
        self.shares_, self.scores_ = shares, scores
        self.weights_ = np.array([shares[best], 1 - shares[best]])

    def _score(self, shares, pairs, y):
        """Mean score of each share, all of them on the same folds."""
        estimator = self._judge(y)
        folds = image_folds(self.cv, pairs, y, stratified=is_classifier(estimator))
        images, texts = pairs.images[pairs.image_index], pairs.texts
        scores = [
            cross_val_score(
                clone(estimator),
                share * images + (1 - share) * texts,
                y,
                cv=folds,
                scoring=self.scoring,
                n_jobs=self.n_jobs,
                error_score="raise",
            ).mean()
            for share in shares
        ]
        return np.array(scores)

    def _judge(self, y):
        if self.estimator is not None:
            return self.estimator
        if type_of_target(y).startswith("continuous"):
            return RidgeCV()
        return LogisticRegression(C=10.0, max_iter=1000)

    def _feature_counts(self):
        return {"weighted": self.n_features_in_}

    def _fuse(self, images, texts):
        of_image, of_text = self.weights_.astype(images.dtype)
        return of_image * images + of_text * texts

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = isinstance(self.weights, str)
        return tags


def _check_weights(weights):
    weights = np.asarray(weights, dtype=float)
    known = weights.shape == (2,) and np.isfinite(weights).all()
    if not known or weights.min() < 0 or weights.sum() == 0:
        raise ValueError(
            f"weights={weights.tolist()} must be two numbers that are not negative, "
            "for the images and for the texts, such as (0.3, 0.7)."
        )
    return weights / weights.sum()
