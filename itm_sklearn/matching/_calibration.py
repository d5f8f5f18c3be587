"""What a score is worth: its probability of a match and the threshold for one."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_curve
from sklearn.utils.validation import check_consistent_length

from itm_sklearn.base import PairClassifierMixin

__all__ = ["CalibratedMatcherMixin", "check_labels"]


class CalibratedMatcherMixin(PairClassifierMixin):
    """Mixin for matchers whose scores become probabilities by one sigmoid.

    `fit` of the subclass, which has the parameter `threshold`, calls
    ``_learn_from_scores(scores, labels)`` with scores of matches and mismatches.
    """

    def _learn_from_scores(self, scores, labels):
        if len(np.unique(labels)) < 2:
            raise ValueError(
                f"All {len(labels)} pairs have the label {labels[0]}, but a threshold "
                "needs matches and mismatches. Fit on pairs of two or more images."
            )
        # Half the weight to each side, however many mismatches were drawn.
        sigmoid = LogisticRegression(C=1e6, class_weight="balanced")
        sigmoid.fit(scores.reshape(-1, 1), labels)
        self.slope_, self.intercept_ = sigmoid.coef_[0, 0], sigmoid.intercept_[0]
        self.threshold_ = self.threshold
        if self.threshold == "balanced":
            false_positives, true_positives, thresholds = roc_curve(labels, scores)
            best = np.argmax(true_positives[1:] - false_positives[1:])
            self.threshold_ = thresholds[1:][best]

    def predict_proba(self, X):
        """Probability of a mismatch and of a match for each pair.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.

        Returns
        -------
        probabilities : ndarray of shape (n_pairs, 2)
            Where mismatches and matches are equally frequent.
        """
        logits = self.slope_ * self.decision_function(X) + self.intercept_
        matches = 1 / (1 + np.exp(-logits))
        return np.column_stack([1 - matches, matches])


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
