"""How the score of a match is shared out: a function for each method.

Each takes a `MatchGame`, the number of coalitions to ask for and a RandomState, and
returns a score for each player and, if it has them, for each two players.
"""

from itertools import combinations

import numpy as np

from itm_sklearn.inspection._gradient import gradient
from itm_sklearn.inspection._shapley import draw_shapley, least_squares_share

__all__ = ["METHODS"]

# The pull towards zero, against one for the sum of all weights.
_RIDGE = 1e-8
# How fast a coalition counts less the more is hidden. LIME's own code has 0.25 for
# pictures, which is hardly local with few players.
_KERNEL_WIDTH = 0.15


def occlusion(game, n_samples, random_state):
    """What the score loses if one player alone is hidden."""
    others = ~np.eye(game.n_players, dtype=bool)
    return game.ends()[1] - game.value(others), None


def lime(game, n_samples, random_state):
    """A linear model of the game near the whole pair, both views in it [1]_.

    References
    ----------
    .. [1] M. Ribeiro, S. Singh, C. Guestrin, "Why should I trust you? Explaining the
       predictions of any classifier", KDD 2016, algorithm 1.
    """
    coalitions = draw_near(game.n_players, n_samples, random_state)
    weights = np.ones(len(coalitions))
    return fit_ridge(coalitions, game.value(coalitions), weights), None


def draw_near(n_players, n_samples, random_state):
    """The whole, and coalitions that are the rarer the farther they are from it.

    Drawn by the kernel, all count alike: none is asked for only to be ignored.
    """
    sizes = np.arange(1, n_players)
    # One minus the cosine between a coalition and the whole.
    distances = 1 - np.sqrt(sizes / n_players)
    chances = np.exp(-((distances / _KERNEL_WIDTH) ** 2))
    drawn = random_state.choice(sizes, n_samples - 1, p=chances / chances.sum())
    places = random_state.uniform(size=(n_samples - 1, n_players)).argsort(axis=1)
    whole = np.ones((1, n_players), dtype=bool)
    return np.concatenate([whole, places < drawn[:, None]])


def fit_ridge(coalitions, values, weights):
    """Coefficients of a weighted ridge regression; the intercept is free.

    Examples
    --------
    >>> seen = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> fit_ridge(seen, seen @ [2.0, 3.0] + 1, np.ones(4)).round(3)
    array([2., 3.])
    """
    weights = weights / weights.sum()
    means = weights @ coalitions
    centred = (coalitions - means) * np.sqrt(weights)[:, None]
    target = (values - weights @ values) * np.sqrt(weights)
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += _RIDGE
    return np.linalg.solve(gram, centred.T @ target)


def shap(game, n_samples, random_state):
    """Shapley values: each player's mean share over all orders of coming in."""
    base, score = game.ends()
    coalitions, weights = draw_shapley(game.n_players, n_samples, random_state)
    values = game.value(coalitions) - base
    return least_squares_share(coalitions, weights, values, score - base), None


def interactions(game, n_samples, random_state):
    """Shares of each player and of each two, which neither has without the other.

    What two share is split between them for the score of each.
    """
    base, score = game.ends()
    coalitions, weights = draw_shapley(game.n_players, n_samples, random_state)
    values = game.value(coalitions) - base
    first, second = np.array(list(combinations(range(game.n_players), 2))).T
    terms = np.hstack([coalitions, coalitions[:, first] & coalitions[:, second]])
    shares = least_squares_share(terms, weights, values, score - base)
    together = np.zeros((game.n_players, game.n_players))
    together[first, second] = together[second, first] = shares[game.n_players :]
    return shares[: game.n_players] + together.sum(axis=1) / 2, together


METHODS = {
    "occlusion": occlusion,
    "lime": lime,
    "shap": shap,
    "interactions": interactions,
    "gradient": gradient,
}
