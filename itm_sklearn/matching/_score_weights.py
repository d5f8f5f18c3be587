"""Weights for the scores of several matchers, from pairs they were not fitted on.

The loss is the one that contrastive networks are trained with, as a function of the
weights alone, where it is convex: the minimum is the same from any start.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp, softmax

__all__ = ["learn_weights"]


def learn_weights(galleries):
    """Weights, not negative, under which true matches stand out most.

    Parameters
    ----------
    galleries : list of (ndarray, ndarray)
        For each gallery the scores of shape (n_matchers, n_texts, n_images), and
        where texts and images match.

    Returns
    -------
    weights : ndarray of shape (n_matchers,)
        They sum to one.

    Examples
    --------
    The first matcher knows, the second guesses:

    >>> knows, guesses = np.eye(3), np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    >>> learn_weights([(np.array([knows, guesses]), np.eye(3, dtype=bool))]).round(1)
    array([1., 0.])
    """
    n_matchers = len(galleries[0][0])
    found = minimize(
        _loss_and_gradient,
        np.ones(n_matchers),
        args=(galleries,),
        jac=True,
        method="L-BFGS-B",
        # The upper bound is met where no mismatch comes near a match.
        bounds=[(0, 1e3)] * n_matchers,
    )
    # Where all weights are zero, no matcher is better than chance.
    return (
        found.x / found.x.sum()
        if found.x.any()
        else np.full(n_matchers, 1 / n_matchers)
    )


def _loss_and_gradient(weights, galleries):
    loss, gradient = 0.0, np.zeros(len(weights))
    for scores, matches in galleries:
        fused = np.tensordot(weights, scores, 1)
        for axis in (0, 1):
            part, slopes = _infonce(fused, matches, axis)
            loss += part / len(galleries)
            gradient += np.tensordot(scores, slopes, 2) / len(galleries)
    return loss, gradient


def _infonce(fused, matches, axis):
    """Loss of finding matches along an axis, and its slope in every score."""
    mismatches = np.where(matches, -np.inf, fused)
    # With nothing to be mistaken for there is no loss.
    rivals = logsumexp(mismatches, axis=axis, keepdims=True)
    margins = np.where(matches, rivals - fused, -np.inf)
    doubts = expit(margins)
    shares = np.nan_to_num(softmax(mismatches, axis=axis))
    slopes = shares * doubts.sum(axis=axis, keepdims=True) - doubts
    return np.logaddexp(0, margins).sum() / matches.sum(), slopes / matches.sum()
