"""Means and scatter matrices of two views, summed a block of rows at a time.

`_covariance.py` solves canonical correlation analysis on them. They are all that it
needs of the data, and they add up: chunks can be summed anywhere and in any order.
"""

import numpy as np
from sklearn.utils.validation import check_array

from itm_sklearn._views import naming_rows
from itm_sklearn.alignment._rows import PairRows, dense_rows, sum_rows
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["PairMoments"]

# A block of both views stays in the cache that the products are computed from.
_BLOCK_BYTES = 2**25
_BLOCK_ROWS = 2048
# So that a block is small beside the views.
_LEAST_BLOCKS = 4
_PILOT_ROWS = 128
# Means of up to so many mean deviations are as good as zero.
_NEAR = 1.5
# Powers of two.
_EXTREME = 20


class PairMoments:
    """Means and scatter matrices of images and texts that belong together.

    Rows are shifted by a pilot mean before they are multiplied and products are
    summed in float64, so that large offsets cost no accuracy. Images are multiplied
    once, weighted by the number of their texts. Sums of chunks are combined by the
    pairwise update of Chan, Golub and LeVeque [1]_ (equation 2.1), which is exact:
    any chunking in any order gives the same moments.

    Parameters
    ----------
    dtype : {numpy.float64, numpy.float32}, default=None
        Precision of the products inside a block. float32 is twice as fast and good
        to about 1e-7 of the variances. None takes it for float32 features.

    Attributes
    ----------
    n_pairs : int
        How many pairs were added.
    image_mean, text_mean : ndarray
        Means over the pairs; None before the first `update`.
    image_scatter, text_scatter, cross_scatter : ndarray
        Sums over the pairs of the products of deviations from the means.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the
       sample variance", The American Statistician 37(3), 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import PairMoments
    >>> images, texts = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [1.0], [4.0]])
    >>> halves = [PairMoments().update(images[half], texts[half])
    ...           for half in (slice(2), slice(2, 3))]
    >>> moments = sum(halves, PairMoments())
    >>> moments.n_pairs, moments.image_mean, moments.cross_scatter
    (3, array([2.]), array([[6.]]))
    """

    def __init__(self, dtype=None):
        self.dtype = dtype
        self.n_pairs = 0
        self.image_mean = self.text_mean = None
        self.image_scatter = self.text_scatter = self.cross_scatter = None

    def update(self, images, texts, image_index=None):
        """Add pairs.

        Parameters
        ----------
        images : {array-like, sparse matrix} of shape (n_images, n_image_features)
            Image features, a row for each image.
        texts : {array-like, sparse matrix} of shape (n_pairs, n_text_features)
            Text features, a row for each pair.
        image_index : array-like of int of shape (n_pairs,), default=None
            The image of each pair. None pairs row ``i`` with row ``i``.

        Returns
        -------
        self : PairMoments
            With the pairs added.
        """
        views = _checked(images, "images"), _checked(texts, "texts")
        pairs = ImageTextPairs(*views, image_index)
        self._check_widths(*(view.shape[1] for view in views))
        return self._add_checked(*views, pairs.image_index)

    def _add_checked(self, images, texts, image_index):
        """Add pairs of arrays of floats, which the rest of this room has checked."""
        rows = PairRows(images.shape[0], texts.shape[0], image_index)
        shifts = _Shift(images), _Shift(texts)
        dtype = self.dtype or _common_precision(images, texts)
        if self.n_pairs == 0:
            self._begin(images.shape[1], texts.shape[1])
        sums = np.zeros(images.shape[1]), np.zeros(texts.shape[1])
        for block in rows.blocks(_block_rows(rows.n_pairs, sum(map(len, sums)), dtype)):
            added = self._add_block(images, texts, block, shifts, dtype)
            for total, part in zip(sums, added, strict=True):
                total += part
        steps = [
            shift.in_units(total / rows.n_pairs)
            for shift, total in zip(shifts, sums, strict=True)
        ]
        _add_outer(self._scatters, *steps, -rows.n_pairs)
        means = [shift.pilot + step for shift, step in zip(shifts, steps, strict=True)]
        return self._move_means(rows.n_pairs, means)

    def __add__(self, other):
        """Moments of the pairs of both, which are left as they are."""
        if not isinstance(other, PairMoments):
            return NotImplemented
        total = PairMoments(self.dtype)
        for moments in (self, other):
            if moments.n_pairs:
                total._merge(moments)
        return total

    @property
    def _means(self):
        return self.image_mean, self.text_mean

    @property
    def _scatters(self):
        return self.image_scatter, self.text_scatter, self.cross_scatter

    def _check_widths(self, *widths):
        known = widths if self.cross_scatter is None else self.cross_scatter.shape
        if known != widths:
            raise ValueError(
                f"Pairs of {widths[0]} image and {widths[1]} text features do not go "
                f"with pairs of {known[0]} and {known[1]}. Encode all of them alike."
            )

    def _begin(self, n_image_features, n_text_features):
        """Sums of nothing."""
        self.image_mean = np.zeros(n_image_features)
        self.text_mean = np.zeros(n_text_features)
        self.image_scatter = np.zeros((n_image_features, n_image_features))
        self.text_scatter = np.zeros((n_text_features, n_text_features))
        self.cross_scatter = np.zeros((n_image_features, n_text_features))

    def _add_block(self, images, texts, block, shifts, dtype):
        """Add the products of a block; the sums of its rows, shifted."""
        images = block.weigh(shifts[0].apply(images, block.images, dtype))
        texts = shifts[1].apply(texts, block.texts, dtype)
        self._add_products(images, texts, block.join(texts), shifts)
        return block.sum_images(images), sum_rows(texts)

    def _add_products(self, images, texts, joined_texts, shifts):
        """Add the products of a block, each in the units of the features."""
        image, text = shifts
        self.image_scatter += image.in_units(image.in_units(images.T @ images).T).T
        self.text_scatter += text.in_units(text.in_units(texts.T @ texts).T).T
        self.cross_scatter += image.in_units(text.in_units(images.T @ joined_texts).T).T

    def _merge(self, other):
        if self.n_pairs == 0:
            self._begin(*other.cross_scatter.shape)
        self._check_widths(*other.cross_scatter.shape)
        for scatter, added in zip(self._scatters, other._scatters, strict=True):
            scatter += added
        self._move_means(other.n_pairs, other._means)

    def _move_means(self, n_pairs, means):
        """Count pairs whose products were added, each about their own means."""
        total = self.n_pairs + n_pairs
        steps = [new - old for new, old in zip(means, self._means, strict=True)]
        if self.n_pairs:
            _add_outer(self._scatters, *steps, self.n_pairs * n_pairs / total)
        self.image_mean, self.text_mean = (
            old + step * (n_pairs / total)
            for old, step in zip(self._means, steps, strict=True)
        )
        self.n_pairs = total
        return self

    def __repr__(self):
        return f"PairMoments({self.n_pairs} pairs)"


def _checked(view, name):
    with naming_rows(view, name):
        return check_array(
            view, accept_sparse="csr", dtype=(np.float64, np.float32), input_name=name
        )


def _common_precision(images, texts):
    """Single precision if both views have it, otherwise double."""
    single = images.dtype == texts.dtype == np.float32
    return np.float32 if single else np.float64


def _block_rows(n_rows, n_features, dtype):
    fitting = _BLOCK_BYTES // (np.dtype(dtype).itemsize * n_features)
    return max(256, min(fitting, _BLOCK_ROWS, n_rows // _LEAST_BLOCKS))


class _Shift:
    """The shift of a view by a pilot mean, and of extreme columns to unit size.

    The pilot is a mean of rows from all over the view, in the precision of the view.
    It lies between their extremes, so that constant columns become exactly zero. A
    view whose columns all lie about zero is not shifted: it would gain no digit.
    """

    def __init__(self, view):
        sample = dense_rows(view, slice(None, None, -(-view.shape[0] // _PILOT_ROWS)))
        low, high = sample.min(axis=0), sample.max(axis=0)
        mean = sample.mean(axis=0, dtype=np.float64).astype(sample.dtype)
        self.pilot = np.clip(mean, low, high)
        # The range would not do: a single far row of the sample hides an offset.
        spread = np.abs(sample - self.pilot).mean(axis=0)
        self._is_needed = (np.abs(self.pilot) > _NEAR * spread).any()
        if not self._is_needed:
            self.pilot[:] = 0
        _, exponents = np.frexp(high - low)
        # Squares of other columns stay within single precision as they are.
        exponents[np.abs(exponents) < _EXTREME] = 0
        self._factors = None
        if exponents.any():
            # Powers of two round nothing.
            self._factors = np.ldexp(sample.dtype.type(1), -exponents)

    def apply(self, view, rows, dtype):
        """Some rows of the view, shifted, in that precision."""
        rows = dense_rows(view, rows)
        if not self._is_needed and self._factors is None:
            return rows.astype(dtype, copy=False)
        shifted = np.empty(rows.shape, dtype)
        if self._factors is None:
            return np.subtract(rows, self.pilot, out=shifted, casting="same_kind")
        difference = rows - self.pilot
        return np.multiply(difference, self._factors, out=shifted, casting="same_kind")

    def in_units(self, sums):
        """Sums over shifted rows, a column for each feature, without the factors."""
        if self._factors is None:
            return sums
        return sums / self._factors.astype(np.float64)


def _add_outer(scatters, image_step, text_step, weight):
    """Add to the scatters what a difference of means contributes."""
    steps = (image_step, image_step), (text_step, text_step), (image_step, text_step)
    for scatter, (one, other) in zip(scatters, steps, strict=True):
        scatter += np.outer(weight * one, other)
