"""Canonical directions from moments: whiten both views, decompose what they share.

With covariances whitened by `W`, so that ``W' (C + ridge) W = I``, the singular values
of ``W_image' C_cross W_text`` are the canonical correlations. `_moments.py` gives the
covariances; `_gram.py` does the same where there are fewer pairs than features.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, get_lapack_funcs, solve_triangular, svd

__all__ = [
    "Directions",
    "canonical_directions",
    "inverse_deviations",
    "leading_singular_vectors",
    "settle",
]

_EPSILON = np.finfo(np.float64).eps
# Singular values below this share of the largest are what rounding leaves of zero.
_NEGLIGIBLE = 1e-7
# Singular vectors of both sides follow from one side if no value is much smaller.
_SAFE_RATIO = 1e-3


@dataclass
class Directions:
    """Canonical correlations with the weights of both views, a column each."""

    correlations: np.ndarray
    image_weights: np.ndarray
    text_weights: np.ndarray
    # How many of them the data hold; the columns beyond are zero.
    rank: int


def canonical_directions(moments, n_components, ridge, *, scale):
    """Directions of the pairs that the moments were summed over, and their margin.

    The margin is about the smallest eigenvalue that was divided by: the error of the
    correlations is that of the moments, relative to the variances, over the margin.
    """
    views = [
        (moments.image_scatter, moments.image_mean, ridge[0], "image"),
        (moments.text_scatter, moments.text_mean, ridge[1], "text"),
    ]
    inverses = [
        inverse_deviations(np.diag(scatter), mean, name, moments.n_pairs)
        for scatter, mean, _, name in views
    ]
    image, text = (
        _whitening(scatter, inverse, strength, scale=scale)
        for (scatter, _, strength, _), inverse in zip(views, inverses, strict=True)
    )
    cross = moments.cross_scatter * np.outer(*inverses)
    shared = text.whiten(image.whiten(cross).T).T
    left, correlations, right = leading_singular_vectors(shared, n_components)
    directions = settle(correlations, image.unwhiten(left), text.unwhiten(right))
    # The scatters are sums; canonical variables have unit variance.
    root = np.sqrt(moments.n_pairs)
    directions.image_weights *= root * inverses[0][:, np.newaxis]
    directions.text_weights *= root * inverses[1][:, np.newaxis]
    return directions, min(image.margin, text.margin)


def inverse_deviations(squares, mean, name, n_pairs):
    """One over the root of each column's sum of squares; zero for constant columns."""
    # What rounding of the values themselves leaves in a constant column.
    constant = squares <= n_pairs * (4 * _EPSILON * mean) ** 2
    if constant.all():
        raise ValueError(
            f"The {name} view is constant: all {n_pairs} pairs have the same "
            f"{len(squares)} {name} features, so nothing correlates with them. Pass "
            "features that differ between pairs."
        )
    return np.where(constant, 0.0, 1 / np.sqrt(np.where(constant, 1.0, squares)))


def _whitening(scatter, inverse, ridge, *, scale):
    """Whitening of a view's correlation matrix plus its ridge."""
    correlation = scatter * np.outer(inverse, inverse)
    squares = np.diag(scatter)
    varying = inverse > 0
    # The ridge is relative to the mean eigenvalue: 1 for standardised columns,
    # otherwise the mean variance, brought to the scale of each column.
    relative = 1.0 if scale else squares[varying].mean() * inverse**2
    correlation[np.diag_indices_from(correlation)] += np.where(
        varying, ridge * relative, 1.0
    )
    norm = np.abs(correlation).sum(axis=0).max()
    factorise, condition = get_lapack_funcs(("potrf", "pocon"), (correlation,))
    factor, failed = factorise(correlation, lower=True, clean=False)
    if not failed:
        share, _ = condition(factor, norm, uplo="L")
        if share > 8 * _EPSILON * len(squares):
            return _Triangular(factor, share * norm)
    return _principal_whitening(correlation, varying)


class _Triangular:
    """Whitening by a Cholesky factor, for covariances of full rank."""

    def __init__(self, factor, margin):
        self._factor = factor
        self.margin = margin

    def whiten(self, matrix):
        return solve_triangular(self._factor, matrix, lower=True, check_finite=False)

    def unwhiten(self, matrix):
        return solve_triangular(
            self._factor, matrix, lower=True, trans="T", check_finite=False
        )


def _principal_whitening(correlation, varying):
    """Whitening by the eigenvectors that are not lost in rounding."""
    correlation[~varying, ~varying] = 0.0
    values, vectors = eigh(correlation, check_finite=False)
    kept = values > 8 * _EPSILON * len(values) * values[-1]
    return _Principal(vectors[:, kept] / np.sqrt(values[kept]))


class _Principal:
    """Whitening by given directions, for covariances of lower rank."""

    # As if nothing were too small to divide by, so that precision is not spared.
    margin = 0.0

    def __init__(self, directions):
        self._directions = directions

    def whiten(self, matrix):
        return self._directions.T @ matrix

    def unwhiten(self, matrix):
        return self._directions @ matrix


def leading_singular_vectors(matrix, n_components):
    """The first singular vectors and values; fewer where there are not so many."""
    if matrix.shape[0] > matrix.shape[1]:
        left, values, right = leading_singular_vectors(matrix.T, n_components)
        return right, values, left
    size = len(matrix)
    n_components = min(n_components, size)
    squares, left = eigh(
        matrix @ matrix.T,
        subset_by_index=[size - n_components, size - 1],
        check_finite=False,
    )
    if squares[0] <= (_SAFE_RATIO**2) * squares[-1]:
        left, values, right = svd(matrix, full_matrices=False, check_finite=False)
        return left[:, :n_components], values[:n_components], right[:n_components].T
    values = np.sqrt(squares[::-1])
    left = left[:, ::-1]
    return left, values, matrix.T @ left / values


def settle(correlations, image_weights, text_weights):
    """Directions with signs that do not depend on chance and rounding set to zero.

    The largest weight of the images, in units of standard deviations, is positive.
    """
    largest = np.abs(image_weights).argmax(axis=0)
    signs = np.sign(image_weights[largest, np.arange(len(correlations))])
    held = correlations > _NEGLIGIBLE * correlations[0]
    signs *= held
    return Directions(
        np.where(held, correlations, 0.0),
        image_weights * signs,
        text_weights * signs,
        int(held.sum()),
    )
