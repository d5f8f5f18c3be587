"""Canonical directions where there are fewer pairs than features.

Each view is turned to its principal axes, of which there are no more than rows, by the
smaller of its two Gram matrices. In them the covariance is diagonal and the ridge
stays what it was, so that no matrix of features by features is formed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from itm_sklearn.alignment._covariance import (
    inverse_deviations,
    leading_singular_vectors,
    settle,
)
from itm_sklearn.alignment._moments import pilot_mean
from itm_sklearn.alignment._rows import PairRows, dense_rows

__all__ = ["gram_directions"]

_EPSILON = np.finfo(np.float64).eps


def gram_directions(pairs, n_components, ridge, *, scale):
    """Directions of the pairs, and the mean of each view over them."""
    rows = PairRows(pairs.n_images, len(pairs), pairs.image_index)
    block = next(rows.blocks(len(pairs)))
    images, image_mean = _centred(pairs.images, block.images, block)
    texts, text_mean = _centred(pairs.texts, block.texts)
    image = _principal_axes(images, image_mean, ridge[0], "image", len(pairs), scale)
    text = _principal_axes(texts, text_mean, ridge[1], "text", len(pairs), scale)
    shared = image.scores.T @ block.join(text.scores)
    left, correlations, right = leading_singular_vectors(shared, n_components)
    directions = settle(correlations, image.weights @ left, text.weights @ right)
    directions.image_weights *= image.units[:, np.newaxis]
    directions.text_weights *= text.units[:, np.newaxis]
    return directions, (image_mean, text_mean)


def _centred(view, rows, block=None):
    """Deviations from the mean in float64, images weighted by their texts."""
    pilot = pilot_mean(view)
    shifted = (dense_rows(view, rows) - pilot).astype(np.float64)
    if block is None or block.root_counts is None:
        step = shifted.mean(axis=0)
        return shifted - step, pilot + step
    counts = block.root_counts**2
    step = counts @ shifted / counts.sum()
    return block.weigh(shifted - step), pilot + step


@dataclass
class _PrincipalAxes:
    # Coordinates of the rows, whitened under the ridge.
    scores: np.ndarray
    # What takes columns in standard deviations to these coordinates.
    weights: np.ndarray
    # From weights of columns in standard deviations to weights of the columns.
    units: np.ndarray


def _principal_axes(rows, mean, ridge, name, n_pairs, scale):
    squares = np.einsum("ij,ij->j", rows, rows)
    inverse = inverse_deviations(squares, mean, name, n_pairs)
    scaled = rows * inverse if scale else rows * (inverse > 0)
    lengths, axes = _right_singular_vectors(scaled)
    # The mean eigenvalue is that of the columns that vary.
    penalty = ridge * np.square(lengths).sum() / np.count_nonzero(inverse)
    whitening = axes / np.sqrt(np.square(lengths) + penalty)
    units = np.sqrt(n_pairs) * inverse
    weights = whitening if scale else whitening * np.sqrt(squares)[:, np.newaxis]
    return _PrincipalAxes(scaled @ whitening, weights, units)


def _right_singular_vectors(matrix):
    """Singular values that are not lost in rounding, with their right vectors."""
    wide = matrix.shape[0] < matrix.shape[1]
    squares, vectors = eigh(
        matrix @ matrix.T if wide else matrix.T @ matrix, check_finite=False
    )
    kept = squares > 8 * _EPSILON * len(squares) * squares[-1]
    lengths, vectors = np.sqrt(squares[kept]), vectors[:, kept]
    return lengths, matrix.T @ (vectors / lengths) if wide else vectors
