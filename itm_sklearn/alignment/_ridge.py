"""The ridge that does best on images left out, found from moments alone.

Held-out correlations follow from the moments of the fold left out, so that trying a
ridge costs no pass over the data.
"""

import warnings
from dataclasses import replace
from hashlib import blake2b
from numbers import Real

import numpy as np
from scipy.linalg import eigh

from itm_sklearn.alignment._covariance import leading_singular_vectors
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._whitening import check_view_varies, varying_columns

__all__ = ["choose_penalties", "fold_numbers", "read_ridge", "warn_of_exact_fits"]

# With a ridge below this share of the variance a view can fit noise exactly.
_TINY_RIDGE = 1e-6
_STRENGTHS = (1e-3, 1e-2, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def read_ridge(ridge):
    """The ridge of the images and of the texts, or None if they are to be chosen."""
    if isinstance(ridge, str):
        return None
    if isinstance(ridge, Real):
        return ridge, ridge
    if len(ridge) == 2 and all(isinstance(r, Real) and r >= 0 for r in ridge):
        return tuple(ridge)
    raise ValueError(
        f"ridge={ridge!r} must be one number of at least 0, or two: one for the images "
        "and one for the texts."
    )


def warn_of_exact_fits(widths, n_pairs, strengths):
    """Warn if features without a ridge, of two sets at most, are as many as pairs."""
    free = sorted(
        width
        for width, strength in zip(widths, strengths, strict=True)
        if strength < _TINY_RIDGE
    )
    free = sum(free[-2:])
    if free >= n_pairs > 0:
        warnings.warn(
            f"{free} features without a ridge can fit {n_pairs} pairs exactly: "
            'correlations come out as 1 even on noise. Set ridge=0.3 or "auto", or '
            "reduce the features (PCA, TruncatedSVD) first.",
            UserWarning,
            stacklevel=4,
        )


def fold_numbers(images, n_folds):
    """A fold for each row, the same for equal rows and in any order of rows.

    Repeated images stay together although nothing says that they are the same.
    """
    keys = b"".join(
        blake2b(_content(images, row), digest_size=8).digest()
        for row in range(images.shape[0])
    )
    return np.frombuffer(keys, dtype="<u8") % n_folds


def _content(images, row):
    if not hasattr(images, "indptr"):
        return images[row].tobytes()
    entries = slice(images.indptr[row], images.indptr[row + 1])
    return images.indices[entries].tobytes() + images.data[entries].tobytes()


def _splits(folds, penalties):
    """Each fold with something to correlate, left out of the others."""
    sizes = np.array([fold.n_pairs for fold in folds])
    usable = np.flatnonzero((sizes > 1) & (sizes.sum() - sizes > 1))
    if not len(usable):
        raise ValueError(
            f"ridge='auto' leaves out each of {len(folds)} parts of the pairs in turn, "
            f"but the parts hold {sizes.tolist()} pairs. Fit on more pairs, or set the "
            "ridge to a number such as 0.3."
        )
    return [_Split(folds, left_out, penalties) for left_out in usable]


def choose_penalties(folds, n_components, penalties):
    """Penalties with the largest sum of correlations on folds that are left out."""
    splits = _splits(folds, penalties)
    scores = {}

    def score(steps):
        if steps not in scores:
            strengths = [_STRENGTHS[step] for step in steps]
            scores[steps] = sum(
                split.score(strengths, n_components) for split in splits
            )
        return scores[steps]

    # The surface is smooth: along its diagonal first, then uphill.
    best = max(((step, step) for step in range(len(_STRENGTHS))), key=score)
    while (higher := max([best, *_neighbours(best)], key=score)) != best:
        best = higher
    return tuple(
        replace(penalty, strength=_STRENGTHS[step])
        for penalty, step in zip(penalties, best, strict=True)
    )


def _neighbours(steps):
    """The same with one of the two strengths a step up or down."""
    image, text = steps
    around = (image - 1, text), (image + 1, text), (image, text - 1), (image, text + 1)
    return [pair for pair in around if set(pair) <= set(range(len(_STRENGTHS)))]


class _Split:
    """Moments of training and of left-out pairs in the axes of the training pairs."""

    def __init__(self, folds, left_out, penalties):
        held = folds[left_out]
        rest = (fold for number, fold in enumerate(folds) if number != left_out)
        train = sum(rest, PairMoments())
        self._image = _Axes(
            "image", train.image_scatter, train.image_mean, train.n_pairs, penalties[0]
        )
        self._text = _Axes(
            "text", train.text_scatter, train.text_mean, train.n_pairs, penalties[1]
        )
        self._cross = self._image.turn(train.cross_scatter, self._text)
        self._held_image = self._image.turn(held.image_scatter, self._image)
        self._held_text = self._text.turn(held.text_scatter, self._text)
        self._held_cross = self._image.turn(held.cross_scatter, self._text)

    def score(self, strengths, n_components):
        """Sum of the correlations of the pairs left out."""
        image = self._image.whitening(strengths[0])[:, np.newaxis]
        text = self._text.whitening(strengths[1])
        left, _, right = leading_singular_vectors(
            image * self._cross * text, n_components
        )
        left, right = image * left, text[:, np.newaxis] * right
        shared = (left * (self._held_cross @ right)).sum(axis=0)
        image_squares = (left * (self._held_image @ left)).sum(axis=0)
        text_squares = (right * (self._held_text @ right)).sum(axis=0)
        product = image_squares * text_squares
        varying = product > 0
        return (shared[varying] / np.sqrt(product[varying])).sum()


class _Axes:
    """Eigenvectors of a view's scatter, standardised if the penalty says so."""

    def __init__(self, name, scatter, mean, n_pairs, penalty):
        squares = np.diag(scatter)
        varying = varying_columns(squares, mean, n_pairs)
        check_view_varies(varying, name, n_pairs)
        units = varying / np.sqrt(np.where(varying & penalty.scale, squares, 1.0))
        values, vectors = eigh(scatter * np.outer(units, units), check_finite=False)
        self._values = np.maximum(values, 0)
        self._base = values.sum() / np.count_nonzero(varying) * penalty.axes_per_column
        self._vectors = units[:, np.newaxis] * vectors

    def turn(self, scatter, other):
        """A scatter matrix in these axes and the axes of the other view."""
        return self._vectors.T @ scatter @ other._vectors

    def whitening(self, strength):
        """Factors of the axes under a ridge of that strength."""
        return 1 / np.sqrt(self._values + strength * self._base)
