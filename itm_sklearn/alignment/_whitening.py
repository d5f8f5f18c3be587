"""Whitening of a view under a ridge: what makes its covariance the identity.

`_covariance.py` whitens both views to find what they share.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, get_lapack_funcs, solve_triangular

__all__ = [
    "Penalty",
    "check_view_varies",
    "varying_columns",
    "view_units",
    "view_whitening",
    "whitening",
]

_EPSILON = np.finfo(np.float64).eps


@dataclass(frozen=True)
class Penalty:
    """The ridge of a view, relative to the mean eigenvalue of its covariance."""

    strength: float
    # Whether columns are standardised first, which makes the mean eigenvalue 1.
    scale: bool = True
    # Number of axes that stand for each column that varies, if not one.
    axes_per_column: float = 1.0

    def added(self, squares, varying):
        """What to add to the sums of squares of the columns."""
        base = squares if self.scale else squares[varying].mean()
        return self.strength * self.axes_per_column * base


def varying_columns(squares, mean, n_pairs):
    """Which columns vary by more than rounding leaves in a constant one."""
    return squares > n_pairs * (4 * _EPSILON * mean) ** 2


def check_view_varies(varying, name, n_pairs):
    """Raise a ValueError that names the view, if no column varies."""
    if not varying.any():
        raise ValueError(
            f"The {name} view is constant: all {n_pairs} pairs have the same "
            f"{len(varying)} {name} features, so nothing correlates with them. Pass "
            "features that differ between pairs."
        )


def view_units(moments, *, scale):
    """What to multiply the columns of each view with: one, or one over the deviation.

    Zero for constant columns; a view without others is an error that names it.
    """
    views = (
        ("image", moments.image_scatter, moments.image_mean),
        ("text", moments.text_scatter, moments.text_mean),
    )
    units = []
    for name, scatter, mean in views:
        squares = np.diag(scatter)
        varying = varying_columns(squares, mean, moments.n_pairs)
        check_view_varies(varying, name, moments.n_pairs)
        variances = np.where(varying & scale, squares / moments.n_pairs, 1.0)
        units.append(varying / np.sqrt(variances))
    return units


def view_whitening(name, scatter, mean, n_pairs, penalty):
    """Whitening of a view, or of some of its columns; it must not be constant."""
    varying = varying_columns(np.diag(scatter), mean, n_pairs)
    check_view_varies(varying, name, n_pairs)
    return whitening(scatter, varying, penalty)


def whitening(scatter, varying, penalty):
    """Whitening `W` of a scatter `S`, so that ``W' (S + penalty) W = I``."""
    squares = np.where(varying, np.diag(scatter), 1.0)
    units = np.where(varying, 1 / np.sqrt(squares + penalty.added(squares, varying)), 0)
    # With a diagonal of ones, the units of the columns cost no accuracy.
    matrix = scatter * np.outer(units, units)
    np.fill_diagonal(matrix, 1.0)
    norm = np.abs(matrix).sum(axis=0).max()
    factorise, condition = get_lapack_funcs(("potrf", "pocon"), (matrix,))
    factor, failed = factorise(matrix, lower=True, clean=False)
    share = 0.0 if failed else condition(factor, norm, uplo="L")[0]
    if share > 8 * _EPSILON * len(squares):
        return _Triangular(factor, units, margin=share * norm)
    np.fill_diagonal(matrix, varying)
    values, vectors = eigh(matrix, check_finite=False)
    kept = values > 8 * _EPSILON * len(values) * values[-1]
    return _Principal(vectors[:, kept] / np.sqrt(values[kept]), units)


class _Triangular:
    """Whitening by a Cholesky factor, for scatters of full rank."""

    def __init__(self, factor, units, *, margin):
        self._factor = factor
        self._units = units[:, np.newaxis]
        self.margin = margin
        # How many whitened coordinates there are.
        self.width = len(units)

    def whiten(self, matrix):
        """The rows of `matrix`, one for each feature, in whitened coordinates."""
        return self._solve(self._units * matrix, trans="N")

    def unwhiten(self, matrix):
        """Weights of the features for weights of whitened coordinates."""
        return self._units * self._solve(matrix, trans="T")

    def _solve(self, matrix, trans):
        return solve_triangular(
            self._factor, matrix, lower=True, trans=trans, check_finite=False
        )


class _Principal:
    """Whitening by eigenvectors that are not lost in rounding, for lower rank."""

    # Nothing is known of what was left out, so that no precision is to be spared.
    margin = 0.0

    def __init__(self, directions, units):
        self._directions = units[:, np.newaxis] * directions
        self.width = directions.shape[1]

    def whiten(self, matrix):
        """The rows of `matrix`, one for each feature, in whitened coordinates."""
        return self._directions.T @ matrix

    def unwhiten(self, matrix):
        """Weights of the features for weights of whitened coordinates."""
        return self._directions @ matrix
