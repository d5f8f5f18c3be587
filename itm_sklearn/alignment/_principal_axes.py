"""Views with more features than rows, turned to as many axes as there are rows.

Principal axes come from the Gram matrix of the rows, so that no matrix of features by
features is formed. A ridge stays what it was, and what `_covariance.py` finds in the
axes is turned back into weights of the features.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh

from itm_sklearn.alignment._rows import dense_rows
from itm_sklearn.alignment._whitening import check_view_varies, varying_columns

__all__ = ["PrincipalAxes", "principal_axes"]

_EPSILON = np.finfo(np.float64).eps


@dataclass
class PrincipalAxes:
    """A view in its principal axes, and the way back."""

    rows: np.ndarray
    mean: np.ndarray
    # Standard deviations of the features, up to a common factor.
    deviations: np.ndarray
    axes: np.ndarray
    penalty: object


def principal_axes(view, counts, penalty, name):
    """The view in the axes of its rows, each of which counts so many times."""
    n_pairs = counts.sum()
    shifted = dense_rows(view, slice(None)).astype(np.float64)
    # A single row first, so that large offsets do not cancel.
    pilot = shifted[0].copy()
    shifted -= pilot
    step = counts @ shifted / n_pairs
    shifted -= step
    mean = pilot + step
    squares = counts @ np.square(shifted)
    varying = varying_columns(squares, mean, n_pairs)
    check_view_varies(varying, name, n_pairs)
    units = varying / np.sqrt(np.where(varying & penalty.scale, squares, 1.0))
    weighted = shifted * np.sqrt(counts)[:, np.newaxis] * units
    axes = units[:, np.newaxis] * _right_singular_vectors(weighted)
    per_column = axes.shape[1] / np.count_nonzero(varying)
    return PrincipalAxes(
        shifted @ axes,
        mean,
        np.sqrt(squares),
        axes,
        replace(penalty, scale=False, axes_per_column=per_column),
    )


def _right_singular_vectors(matrix):
    """Right singular vectors of the values that are not lost in rounding."""
    wide = matrix.shape[0] < matrix.shape[1]
    squares, vectors = eigh(
        matrix @ matrix.T if wide else matrix.T @ matrix, check_finite=False
    )
    kept = squares > 8 * _EPSILON * len(squares) * squares[-1]
    vectors = vectors[:, kept]
    return matrix.T @ (vectors / np.sqrt(squares[kept])) if wide else vectors
