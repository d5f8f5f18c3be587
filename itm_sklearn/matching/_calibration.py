"""What a score is worth: its probability of a match and the threshold for one.

Matchers learn both through `CalibratedMatcherMixin`, from scores of matches and
mismatches; `_threshold.py` finds the threshold.
"""

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length

from itm_sklearn.base import PairClassifierMixin
from itm_sklearn.matching._negatives import sample_mismatches
from itm_sklearn.matching._threshold import THRESHOLDS, best_threshold

__all__ = ["CalibratedMatcherMixin", "check_labels"]


class CalibratedMatcherMixin(PairClassifierMixin):
    """Mixin for matchers whose scores become probabilities and decisions.

    `fit` of the subclass, which has the parameters `calibration`, `threshold` and,
    for the second, `n_negatives`, ends with ``_learn_from_scores(scores, labels)``
    or ``_learn_from_matches(pairs, random_state)``.
    """

    _parameter_constraints: dict = {
        "calibration": [StrOptions({"sigmoid", "isotonic"})],
        "threshold": THRESHOLDS,
    }

    def _learn_from_matches(self, pairs, random_state):
        """Learn from matching pairs and sampled mismatches, which count as much."""
        rows, images = sample_mismatches(
            pairs, self.n_negatives, random_state=random_state
        )
        similarity = self.similarity(pairs)
        own = similarity[np.arange(len(pairs)), pairs.image_index]
        scores = np.concatenate([own, similarity[rows, images]])
        labels = np.repeat([1, 0], [len(own), len(rows)])
        self._learn_from_scores(scores, labels, is_sampled=True)

    def _learn_from_scores(self, scores, labels, *, is_sampled=False):
        """Learn from scores; half the weight to each side if one was sampled."""
        counts = np.bincount(labels, minlength=2)
        if not counts.all():
            raise ValueError(
                f"All {len(labels)} pairs have the label {labels[0]}, but a threshold "
                "needs matches and mismatches. Fit on pairs of two or more images."
            )
        weights = len(labels) / counts[labels] / 2 if is_sampled else None
        if self.calibration == "sigmoid":
            calibrator = LogisticRegression(C=1e6)
            scores_as_given = np.reshape(scores, (-1, 1))
        else:
            calibrator = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
            scores_as_given = scores
        self.calibrator_ = calibrator.fit(scores_as_given, labels, weights)
        self.threshold_ = best_threshold(scores, labels, self.threshold)

    def predict_proba(self, X):
        """Probability of a mismatch and of a match for each pair.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.

        Returns
        -------
        probabilities : ndarray of shape (n_pairs, 2)
            Where matches are as frequent as among the labels of `fit`, or half of
            all if there were none.
        """
        scores = self.decision_function(X)
        if isinstance(self.calibrator_, IsotonicRegression):
            matches = self.calibrator_.predict(scores)
            return np.column_stack([1 - matches, matches])
        return self.calibrator_.predict_proba(scores.reshape(-1, 1))


def check_labels(y, scores):
    """Labels of matches and mismatches as whole numbers, as many as scores."""
    check_consistent_length(scores, y)
    labels = np.asarray(y)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(
            f"y holds {np.unique(labels)[:5]}: label matches 1 and mismatches 0, or "
            "leave y out if all pairs match."
        )
    return labels.astype(int)
