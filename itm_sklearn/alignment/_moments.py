"""Means and scatter matrices of two views, summed a block of rows at a time.

`_covariance.py` solves canonical correlation analysis on them. They are all that it
needs of the data, and they add up: chunks can be summed anywhere and in any order.
"""

import numpy as np

from itm_sklearn.alignment._rows import PairRows, dense_rows

__all__ = ["PairMoments"]

# A block of both views stays in the cache that the products are computed from.
_BLOCK_BYTES = 2**25
_BLOCK_ROWS = 2048
_PILOT_ROWS = 512
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
    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Precision of the products inside a block. float32 is twice as fast and good
        to about 1e-7 of the variances.

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

    def __init__(self, dtype=np.float64):
        self.dtype = dtype
        self.n_pairs = 0
        self.image_mean = self.text_mean = None
        self.image_scatter = self.text_scatter = self.cross_scatter = None

    def update(self, images, texts, image_index=None):
        """Add pairs.

        Parameters
        ----------
        images : {ndarray, sparse matrix} of shape (n_images, n_image_features)
            Image features, a row for each image.
        texts : {ndarray, sparse matrix} of shape (n_pairs, n_text_features)
            Text features, a row for each pair.
        image_index : ndarray of int of shape (n_pairs,), default=None
            The image of each pair. None pairs row ``i`` with row ``i``.

        Returns
        -------
        self : PairMoments
            With the pairs added.
        """
        rows = PairRows(images.shape[0], texts.shape[0], image_index)
        return self._merge(*_chunk_moments(images, texts, rows, self.dtype))

    def __add__(self, other):
        """Moments of the pairs of both, which are left as they are."""
        total = PairMoments(self.dtype)
        for moments in (self, other):
            if moments.n_pairs:
                total._merge(moments.n_pairs, moments._means, moments._scatters)
        return total

    @property
    def _means(self):
        return self.image_mean, self.text_mean

    @property
    def _scatters(self):
        return self.image_scatter, self.text_scatter, self.cross_scatter

    def _merge(self, n_pairs, means, scatters):
        if self.n_pairs == 0:
            self.n_pairs = n_pairs
            self.image_mean, self.text_mean = (mean.copy() for mean in means)
            self.image_scatter, self.text_scatter, self.cross_scatter = (
                scatter.copy() for scatter in scatters
            )
            return self
        total = self.n_pairs + n_pairs
        image_step, text_step = (
            new - old for new, old in zip(means, self._means, strict=True)
        )
        weight = self.n_pairs * n_pairs / total
        _add_outer(self._scatters, image_step, text_step, weight)
        for scatter, added in zip(self._scatters, scatters, strict=True):
            scatter += added
        self.image_mean = self.image_mean + image_step * (n_pairs / total)
        self.text_mean = self.text_mean + text_step * (n_pairs / total)
        self.n_pairs = total
        return self

    def __repr__(self):
        return f"PairMoments({self.n_pairs} pairs)"


def _chunk_moments(images, texts, rows, dtype):
    """Number, means and scatters of the pairs of one chunk."""
    shifts = _Shift(images), _Shift(texts)
    widths = images.shape[1], texts.shape[1]
    sums = [np.zeros(width) for width in widths]
    shapes = [(widths[0], widths[0]), (widths[1], widths[1]), widths]
    scatters = [np.zeros(shape) for shape in shapes]
    for block in rows.blocks(_block_rows(sum(widths), dtype)):
        left = block.weigh(shifts[0].apply(images, block.images, dtype))
        right = shifts[1].apply(texts, block.texts, dtype)
        sums[0] += block.sum_images(left)
        sums[1] += right.sum(axis=0)
        factors = (left, left), (right, right), (left, block.join(right))
        for scatter, (one, other) in zip(scatters, factors, strict=True):
            scatter += one.T @ other
    _add_outer(scatters, *sums, -1 / rows.n_pairs)
    for scatter, (one, other) in zip(scatters, ((0, 0), (1, 1), (0, 1)), strict=True):
        shifts[one].restore_units(scatter.T)
        shifts[other].restore_units(scatter)
    means = [shifts[view].mean(sums[view] / rows.n_pairs) for view in range(2)]
    return rows.n_pairs, means, scatters


def _block_rows(n_features, dtype):
    fitting = _BLOCK_BYTES // (np.dtype(dtype).itemsize * n_features)
    return min(max(fitting, 256), _BLOCK_ROWS)


class _Shift:
    """The shift of a view by a pilot mean, and of extreme columns to unit size.

    The pilot is a mean of rows from all over the view, in the precision of the view.
    It lies between their extremes, so that constant columns become exactly zero.
    """

    def __init__(self, view):
        sample = dense_rows(view, slice(None, None, -(-view.shape[0] // _PILOT_ROWS)))
        low, high = sample.min(axis=0), sample.max(axis=0)
        mean = sample.mean(axis=0, dtype=np.float64).astype(sample.dtype)
        self.pilot = np.clip(mean, low, high)
        _, exponents = np.frexp(high - low)
        # Squares of other columns stay within single precision as they are.
        exponents[np.abs(exponents) < _EXTREME] = 0
        # Powers of two round nothing.
        factors = np.ldexp(sample.dtype.type(1), -exponents)
        self._factors = factors if exponents.any() else None

    def apply(self, view, rows, dtype):
        """Some rows of the view, shifted, in that precision."""
        rows = dense_rows(view, rows)
        shifted = np.empty(rows.shape, dtype)
        if self._factors is None:
            return np.subtract(rows, self.pilot, out=shifted, casting="same_kind")
        difference = rows - self.pilot
        return np.multiply(difference, self._factors, out=shifted, casting="same_kind")

    def restore_units(self, columns):
        """Undo the factors in place, where there are any."""
        if self._factors is not None:
            columns /= self._factors

    def mean(self, step):
        """The mean of the view from the mean of shifted rows."""
        self.restore_units(step)
        return self.pilot + step


def _add_outer(scatters, image_step, text_step, weight):
    """Add to the scatters what a difference of means contributes."""
    steps = (image_step, image_step), (text_step, text_step), (image_step, text_step)
    for scatter, (one, other) in zip(scatters, steps, strict=True):
        scatter += np.outer(weight * one, other)
