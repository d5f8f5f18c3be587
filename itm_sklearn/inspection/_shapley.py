"""Shapley values and interactions of a game, as weighted least squares.

The Shapley values are the additive game that is nearest to the game in the Shapley
kernel [1]_; with a term for each two players it is the Faith-Shap index [2]_. What
the whole adds to nothing is shared out to the last digit, however few coalitions are
asked for; with all of them the values are exact.

References
----------
.. [1] S. Lundberg, S.-I. Lee, "A unified approach to interpreting model predictions",
   NeurIPS 2017, theorem 2.
.. [2] C.-P. Tsai, C.-K. Yeh, P. Ravikumar, "Faith-Shap: the faithful Shapley
   interaction index", JMLR 24, 2023, proposition 7.
"""

from itertools import combinations
from math import comb

import numpy as np

__all__ = ["draw_shapley", "least_squares_share", "shapley_kernel"]


def shapley_kernel(n_players):
    """The weight of all coalitions of each size from 1 to n_players - 1, together.

    Examples
    --------
    >>> shapley_kernel(4)
    array([0.36363636, 0.27272727, 0.36363636])
    """
    sizes = np.arange(1, n_players)
    weights = 1 / (sizes * (n_players - sizes))
    return weights / weights.sum()


def draw_shapley(n_players, n_samples, random_state):
    """Coalitions in the Shapley kernel: all that there are, or a sample in pairs.

    Sizes that can be had completely are, from the outside in; of the others each
    coalition comes with its complement, which cancels all odd errors [1]_.

    Parameters
    ----------
    n_players : int
        At least 2.
    n_samples : int
        How many coalitions to draw at most. With ``2 ** n_players - 2`` or more they
        are all taken.
    random_state : RandomState
        Draws them.

    Returns
    -------
    coalitions : ndarray of bool of shape (n_coalitions, n_players)
        Neither empty nor whole.
    weights : ndarray of shape (n_coalitions,)
        How much each counts; their sum is 1.

    References
    ----------
    .. [1] I. Covert, S.-I. Lee, "Improving KernelSHAP: practical Shapley value
       estimation using linear regression", AISTATS 2021, section 4.2.

    Examples
    --------
    >>> coalitions, weights = draw_shapley(2, 10, np.random.RandomState(0))
    >>> coalitions.astype(int).tolist(), weights.tolist()
    ([[1, 0], [0, 1]], [0.5, 0.5])
    """
    left = dict(enumerate(shapley_kernel(n_players), start=1))
    coalitions, weights = [], []
    for size in range(1, n_players // 2 + 1):
        sizes = sorted({size, n_players - size})
        n_there = sum(comb(n_players, each) for each in sizes)
        share = sum(left[each] for each in sizes) / sum(left.values())
        # As many as they would be drawn anyway: then each of them once.
        if n_there > (n_samples - len(coalitions)) * share * (1 + 1e-9):
            break
        for each in sizes:
            weights += [left.pop(each) / comb(n_players, each)] * comb(n_players, each)
            coalitions += list(_all_of_size(n_players, each))
    n_pairs = max(len(left) > 0, (n_samples - len(coalitions)) // 2)
    if left:
        coalitions += _draw_pairs(left, n_players, n_pairs, random_state)
        weights += [sum(left.values()) / (2 * n_pairs)] * (2 * n_pairs)
    return np.array(coalitions), np.array(weights)


def _all_of_size(n_players, size):
    members = np.array(list(combinations(range(n_players), size)))
    rows = np.zeros((len(members), n_players), dtype=bool)
    np.put_along_axis(rows, members, True, axis=1)
    return rows


def _draw_pairs(weights, n_players, n_pairs, random_state):
    """Coalitions of the sizes left, each before its complement."""
    sizes = np.array(list(weights))
    chances = np.array(list(weights.values()))
    drawn = random_state.choice(sizes, n_pairs, p=chances / chances.sum())
    places = random_state.uniform(size=(n_pairs, n_players)).argsort(axis=1)
    rows = places < drawn[:, None]
    return list(np.stack([rows, ~rows], axis=1).reshape(-1, n_players))


def least_squares_share(terms, weights, values, total):
    """The coefficients nearest to the values that add up to the total exactly.

    Parameters
    ----------
    terms : ndarray of shape (n_coalitions, n_terms)
        Which terms each coalition has. The whole has all of them.
    weights, values : ndarray of shape (n_coalitions,)
        How much each counts, and what it is worth more than nothing.
    total : float
        What the whole is worth more than nothing.

    Returns
    -------
    coefficients : ndarray of shape (n_terms,)
        Of those that fit alike, the ones that differ least from each other.

    Examples
    --------
    >>> least_squares_share(np.eye(2), np.ones(2), np.array([1.0, 2.0]), 4.0)
    array([1.5, 2.5])
    """
    # Coefficients are total / n_terms and a part that adds up to zero.
    counts = terms.mean(axis=1, keepdims=True)
    roots = np.sqrt(weights)
    apart = np.linalg.lstsq(
        (terms - counts) * roots[:, None],
        (values - counts[:, 0] * total) * roots,
        rcond=1e-10,
    )[0]
    # Rounding alone is left to take out.
    return total / terms.shape[1] + apart - apart.mean()
