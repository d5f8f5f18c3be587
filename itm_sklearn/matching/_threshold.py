"""The score from which a pair is called a match, chosen for a metric.

The names are those of scikit-learn's scorers, and what they mean is what they mean
in `sklearn.model_selection.TunedThresholdClassifierCV`, which does the search for all
but the few that can be read off the counts of every threshold at once.
"""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer_names
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.utils._param_validation import Interval, StrOptions

__all__ = ["THRESHOLDS", "best_threshold"]

THRESHOLDS = [
    StrOptions(set(get_scorer_names())),
    callable,
    Interval(Real, None, None, closed="neither"),
]
# Candidates for metrics that have to be asked about each.
_N_CANDIDATES = 200
# From the numbers of true and false positives at each threshold, and of all
# positives and negatives.
_READ_OFF = {
    "balanced_accuracy": lambda true, false, n, m: true / n - false / m,
    "accuracy": lambda true, false, n, m: true - false,
    "f1": lambda true, false, n, m: 2 * true / (true + false + n),
}


def best_threshold(scores, labels, metric):
    """The lowest score to be called a match.

    Parameters
    ----------
    scores : ndarray of shape (n_pairs,)
        The higher the more alike.
    labels : ndarray of int of shape (n_pairs,)
        0 and 1; both occur.
    metric : str, callable or float
        Name of a scorer, or a scorer as `sklearn.metrics.make_scorer` makes it: the
        one of the scores under which it is highest. A number stays as it is.

    Returns
    -------
    threshold : float
        One of the scores, or the number.

    Examples
    --------
    >>> scores, labels = np.array([0.1, 0.4, 0.6, 0.9]), np.array([0, 1, 0, 1])
    >>> best_threshold(scores, labels, "f1")
    0.4
    >>> best_threshold(scores, labels, "precision")
    0.9
    """
    if isinstance(metric, Real):
        return float(metric)
    if metric not in _READ_OFF:
        return _search(scores, labels, metric)
    order = np.argsort(-scores, kind="stable")
    # Equal scores are called alike.
    last = np.append(np.diff(scores[order]) != 0, True)
    true = np.cumsum(labels[order])[last]
    false = np.cumsum(1 - labels[order])[last]
    n_matches = labels.sum()
    values = _READ_OFF[metric](true, false, n_matches, len(labels) - n_matches)
    return float(scores[order][last][np.argmax(values)])


def _search(scores, labels, metric):
    candidates = np.unique(scores)
    if len(candidates) > _N_CANDIDATES:
        shares = np.linspace(0, 1, _N_CANDIDATES)
        candidates = np.unique(np.quantile(scores, shares, method="nearest"))
    search = TunedThresholdClassifierCV(
        _Scores(),
        scoring=metric,
        response_method="decision_function",
        thresholds=candidates,
        cv="prefit",
        refit=False,
    )
    return float(search.fit(scores.reshape(-1, 1), labels).best_threshold_)


class _Scores(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose decision function is its only feature."""

    classes_ = np.array([0, 1])

    def fit(self, X, y):
        return self

    def decision_function(self, X):
        return X[:, 0]

    def __sklearn_is_fitted__(self):
        return True
