"""Canonical directions of a wide sparse view, such as TF-IDF, beside a narrow one.

The narrow view is whitened exactly. What is left is a symmetric eigenvalue problem in
the weights of the words, solved by locally optimal block preconditioned conjugate
gradients (A. V. Knyazev, SIAM J. Sci. Comput. 23(2), 2001, algorithm 5.1). Words are
centred implicitly, so that nothing of words by words or of texts by words is dense.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import lobpcg

from itm_sklearn.alignment._covariance import Directions
from itm_sklearn.alignment._rows import dense_rows
from itm_sklearn.alignment._whitening import (
    check_view_varies,
    varying_columns,
    whitening,
)

__all__ = ["check_can_be_solved", "is_wide_and_sparse", "sparse_directions"]

# From here on, a matrix of features by features, or of rows by rows, is a burden.
_WIDE = 4096
# And so is a view made dense that has more numbers than this: 1 GiB.
_LARGE = 2**27
# Residuals of the eigenvectors; correlations are then good to their square.
_TOLERANCE = 3e-4
_ROUNDS = 2
_ITERATIONS_A_ROUND = 40
# Share of chance in the vectors to start from.
_START_NOISE = 1e-3
# Correlations below this share of the largest are no more than rounding.
_NEGLIGIBLE = 1e-4
# Vectors beside those asked for, since the last ones converge slowly.
_SPARE = 8


def is_wide_and_sparse(view):
    """Whether the view had better stay sparse: with few rows a Gram matrix is exact."""
    if not sparse.issparse(view) or view.shape[1] <= _WIDE:
        return False
    n_rows, n_features = view.shape
    return n_rows > _WIDE or n_rows * n_features > _LARGE


def check_can_be_solved(pairs, problem):
    """Raise a ValueError with a way out where only a covariance would do."""
    width = max(pairs.images.shape[1], pairs.texts.shape[1])
    if is_wide_and_sparse(pairs.images) and is_wide_and_sparse(pairs.texts):
        raise ValueError(
            f"Both views are sparse and have more than {_WIDE} features, and one has "
            "to be narrow. Reduce one of them with TruncatedSVD first."
        )
    if problem.choose:
        raise ValueError(
            f"ridge='auto' needs covariances, and a sparse view of {width} features is "
            "too wide for them. Set the ridge to a number and cross-validate it."
        )
    wide = int(pairs.texts.shape[1] >= pairs.images.shape[1])
    if problem.penalties[wide].strength == 0:
        raise ValueError(
            f"ridge=0 on a sparse view of {width} features leaves nothing to converge "
            "to. Set its ridge to 0.1 or more."
        )


@dataclass
class _View:
    """Rows of a view, how many pairs each stands for, and moments of its columns."""

    rows: object
    counts: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    varying: np.ndarray
    # Means that are left in the rows of a wide view.
    rest: np.ndarray | None = None


def sparse_directions(pairs, n_components, penalties):
    """Directions of the pairs, means of both views, and deviations of the images."""
    n_pairs = len(pairs)
    image_counts = np.bincount(pairs.image_index, minlength=pairs.n_images)
    joins = sparse.csr_array(
        (np.ones(n_pairs, np.float32), (pairs.image_index, np.arange(n_pairs))),
        shape=(pairs.n_images, n_pairs),
    )
    if pairs.images.shape[1] > pairs.texts.shape[1]:
        image = _wide_view(pairs.images, image_counts, "image")
        text = _narrow_view(pairs.texts, np.ones(n_pairs), "text")
        correlations, text_weights, image_weights = _solve(
            text, image, joins.T, n_components, penalties[::-1]
        )
    else:
        image = _narrow_view(pairs.images, image_counts, "image")
        text = _wide_view(pairs.texts, np.ones(n_pairs), "text")
        correlations, image_weights, text_weights = _solve(
            image, text, joins, n_components, penalties
        )
    directions = Directions(correlations, image_weights, text_weights)
    return directions, (image.mean, text.mean), np.sqrt(image.squares)


def _narrow_view(view, counts, name):
    rows = dense_rows(view, slice(None)).astype(np.float64)
    # A single row first, so that large offsets do not cancel.
    pilot = rows[0].copy()
    rows -= pilot
    step = counts @ rows / counts.sum()
    rows -= step
    return _checked(rows, counts, pilot + step, counts @ np.square(rows), name)


def _wide_view(view, counts, name):
    rows = sparse.csr_array(view).astype(np.float64)
    rows.sum_duplicates()
    n_pairs = counts.sum()
    # A column without zeros, such as a year, may lie far from zero. It stays as it
    # is stored where its mean is taken off.
    is_full = np.bincount(rows.indices, minlength=rows.shape[1]) == rows.shape[0]
    shift = np.where(is_full, counts @ rows / n_pairs, 0.0)
    rows.data -= shift[rows.indices]
    rest = counts @ rows / n_pairs
    squares = counts @ rows.power(2) - n_pairs * rest**2
    return _checked(rows, counts, shift + rest, squares, name, rest)


def _checked(rows, counts, mean, squares, name, rest=None):
    n_pairs = counts.sum()
    varying = varying_columns(squares, mean, n_pairs)
    check_view_varies(varying, name, n_pairs)
    return _View(rows, counts, mean, squares, varying, rest)


def _solve(narrow, wide, joins, n_components, penalties):
    """Correlations, and weights of the narrow and of the wide view."""
    root = np.sqrt(wide.counts.sum())
    weighted = narrow.rows * np.sqrt(narrow.counts)[:, np.newaxis]
    whitener = whitening(weighted.T @ weighted, narrow.varying, penalties[0])
    squares = np.where(wide.varying, wide.squares, 1.0)
    added = penalties[1].added(squares, wide.varying)
    # With these units the penalised scatter has a diagonal of ones, and the problem
    # needs no other preconditioning.
    units = np.where(wide.varying, 1 / np.sqrt(squares + added), 0.0)
    scatter = _Scatter(wide, units, added * units**2)
    # The narrow rows are centred, so that the wide ones need not be.
    cross = wide.rows.T @ (joins.T @ narrow.rows) * units[:, np.newaxis]
    shared = whitener.whiten(cross.T)
    vectors = _eigenvectors(shared.astype(np.float32), scatter, n_components)
    # What single precision found spans the space; the last step is exact.
    projected = shared @ vectors
    gram = vectors.T @ scatter.times(vectors)
    values, turn = eigh(projected.T @ projected, (gram + gram.T) / 2)
    leading = slice(None, -n_components - 1, -1)
    correlations = np.sqrt(np.maximum(values[leading], 0))
    # Directions that the narrow view does not hold are zero in both views.
    held = correlations > _NEGLIGIBLE * correlations[0]
    turn = turn[:, leading] * held * root
    narrow_weights = projected @ turn / np.where(held, correlations, 1.0)
    return (
        correlations * held,
        whitener.unwhiten(narrow_weights),
        units[:, np.newaxis] * (vectors @ turn),
    )


class _Scatter:
    """The penalised scatter matrix of a sparse view, as a product with vectors."""

    def __init__(self, view, units, diagonal):
        roots = np.sqrt(view.counts)
        scaled = sparse.diags_array(roots) @ view.rows @ sparse.diags_array(units)
        self._rows = sparse.csr_array(scaled.astype(np.float32))
        self._columns = sparse.csr_array(self._rows.T)
        self._roots = roots.astype(np.float32)[:, np.newaxis]
        self._mean = (view.rest * units).astype(np.float32)
        self._diagonal = diagonal.astype(np.float32)[:, np.newaxis]

    def times(self, vectors):
        """The product with some columns."""
        vectors = np.ascontiguousarray(vectors)
        centred = self._rows @ vectors - self._roots * (self._mean @ vectors)
        return self._columns @ centred + self._diagonal * vectors


def _eigenvectors(shared, scatter, n_components):
    width = min(n_components + _SPARE, *shared.shape)
    rng = np.random.default_rng(0)
    # One multiplication with the cross-covariance is a better start than chance, but
    # where the narrow view holds few directions only chance keeps the vectors apart.
    start = shared.T @ rng.standard_normal((len(shared), width), dtype=np.float32)
    noise = rng.standard_normal(start.shape, dtype=np.float32)
    vectors = (
        start + _START_NOISE * np.linalg.norm(start) / np.linalg.norm(noise) * noise
    )
    for _ in range(_ROUNDS):
        vectors, residuals = _improved(vectors, shared, scatter)
        # The spare ones would take half as many iterations again, for nothing.
        if residuals[:n_components].max() <= _TOLERANCE:
            break
    return vectors.astype(np.float64)


def _improved(vectors, shared, scatter):
    """Eigenvectors after some iterations, and how much each is still off."""
    with warnings.catch_warnings():
        # It warns of residuals above the tolerance, which is far below what is felt.
        warnings.simplefilter("ignore", UserWarning)
        _, vectors, *history = lobpcg(
            lambda block: shared.T @ (shared @ block),
            vectors,
            B=scatter.times,
            tol=_TOLERANCE,
            maxiter=_ITERATIONS_A_ROUND,
            largest=True,
            retResidualNormsHistory=True,
        )
    # Small problems are solved at once and have no history.
    return vectors, history[0][-1] if history else np.zeros(1)
