"""Canonical directions from moments: whiten both views, decompose what they share.

With covariances whitened by `W`, so that ``W' (C + ridge) W = I``, the singular values
of ``W_image' C_cross W_text`` are the canonical correlations. `_moments.py` gives the
covariances; `_principal_axes.py` narrows views that have more features than rows.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, qr, svd

from itm_sklearn.alignment._whitening import view_whitening

__all__ = [
    "Directions",
    "canonical_directions",
    "leading_singular_vectors",
    "settled_signs",
]

# Singular values below this share of the largest are what rounding leaves of zero.
_NEGLIGIBLE = 1e-7
# Blocks of a Krylov space behind its random start, and spare columns of each.
_N_BLOCKS, _N_SPARE = 5, 10
# Singular vectors of both sides follow from one side if no value is much smaller.
_SAFE_RATIO = 1e-3


@dataclass
class Directions:
    """Canonical correlations with the weights of both views, a column each."""

    correlations: np.ndarray
    image_weights: np.ndarray
    text_weights: np.ndarray
    # About the smallest eigenvalue that was divided by: the error of correlations is
    # that of the moments, relative to the variances, over the margin.
    margin: float = np.inf

    @property
    def rank(self):
        """How many directions the data hold; the columns beyond are zero."""
        return np.count_nonzero(self.correlations)

    def oriented(self, deviations):
        """The same with signs that do not depend on chance.

        The largest weight of the images, in standard deviations, is positive.
        """
        return self.signed(
            settled_signs(self.image_weights * deviations[:, np.newaxis])
        )

    def signed(self, signs):
        """The same with some directions of both views turned round."""
        return Directions(
            self.correlations,
            self.image_weights * signs,
            self.text_weights * signs,
            self.margin,
        )

    def padded(self, n_components):
        """The same with columns of zeros up to a number of components."""
        missing = (0, n_components - len(self.correlations))
        if missing == (0, 0):
            return self
        return Directions(
            np.pad(self.correlations, missing),
            np.pad(self.image_weights, ((0, 0), missing)),
            np.pad(self.text_weights, ((0, 0), missing)),
        )


def settled_signs(weights):
    """For each column the sign that makes its largest number positive."""
    largest = np.abs(weights).argmax(axis=0)
    return np.where(weights[largest, np.arange(weights.shape[1])] < 0, -1.0, 1.0)


def canonical_directions(moments, n_components, penalties, *, randomized=False):
    """Directions of the pairs that the moments were summed over."""
    n_pairs = moments.n_pairs
    image = view_whitening(
        "image", moments.image_scatter, moments.image_mean, n_pairs, penalties[0]
    )
    text = view_whitening(
        "text", moments.text_scatter, moments.text_mean, n_pairs, penalties[1]
    )
    shared = text.whiten(image.whiten(moments.cross_scatter).T).T
    decompose = randomized_vectors if randomized else leading_singular_vectors
    left, correlations, right = decompose(shared, n_components)
    held = correlations > _NEGLIGIBLE * correlations[0]
    # The scatters are sums; canonical variables have unit variance.
    root = np.sqrt(n_pairs)
    return Directions(
        correlations * held,
        image.unwhiten(left * held) * root,
        text.unwhiten(right * held) * root,
        min(image.margin, text.margin),
    )


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
    if squares[0] <= _SAFE_RATIO**2 * squares[-1]:
        left, values, right = svd(matrix, full_matrices=False, check_finite=False)
        return left[:, :n_components], values[:n_components], right[:n_components].T
    values = np.sqrt(squares[::-1])
    left = left[:, ::-1]
    return left, values, matrix.T @ left / values


def randomized_vectors(matrix, n_components):
    """The same from a space that holds them nearly, begun with fixed random numbers."""
    if matrix.shape[0] > matrix.shape[1]:
        left, values, right = randomized_vectors(matrix.T, n_components)
        return right, values, left
    size = min(n_components + _N_SPARE, len(matrix) // (_N_BLOCKS + 1))
    if size < n_components:
        return leading_singular_vectors(matrix, n_components)
    start = np.random.RandomState(0).standard_normal((matrix.shape[1], size))
    blocks = [_orthonormal(matrix @ start)]
    for _ in range(_N_BLOCKS):
        blocks.append(_orthonormal(matrix @ (matrix.T @ blocks[-1])))
    basis = _orthonormal(np.hstack(blocks))
    left, values, right = leading_singular_vectors(basis.T @ matrix, n_components)
    return basis @ left, values, right


def _orthonormal(columns):
    return qr(columns, mode="economic", overwrite_a=True, check_finite=False)[0]
