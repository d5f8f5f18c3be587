"""Histograms of oriented gradients: the rough shape of the whole image."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval

from itm_sklearn.image._encoders import AT_LEAST_ONE, ImageVectorizer
from itm_sklearn.image._gradients import cell_weights, direction_planes, sum_cells

# Dalal and Triggs' L2-Hys: no value above this after the first normalisation.
_LARGEST_SHARE = 0.2


class HOG(ImageVectorizer):
    """Directions of the edges in each cell of the image.

    The image is resized to a square, whatever its shape, so that all rows are of
    one length. Each 2 x 2 neighbouring cells are normalised together [1]_.

    Parameters
    ----------
    image_size : int, default=128
        Side of the square, in pixels.
    cell_size : int, default=32
        Side of a cell, in pixels; at least two cells must fit into the square.
    n_directions : int, default=9
        Directions that half a circle is cut into.
    batch_size : int, default=64
        Images encoded at once.
    n_jobs : int, default=None
        Threads.

    See Also
    --------
    DenseSIFT : Such histograms as local descriptors, for bags of words.
    ColorHistogram : Colours in place of shapes.

    References
    ----------
    .. [1] N. Dalal and B. Triggs, "Histograms of oriented gradients for human
       detection", CVPR 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import HOG
    >>> noise = np.random.default_rng(0).integers(0, 256, (2, 40, 60), dtype=np.uint8)
    >>> HOG(image_size=64).fit_transform(noise).shape
    (2, 36)
    """

    _parameter_constraints: dict = {
        **ImageVectorizer._parameter_constraints,
        "image_size": [AT_LEAST_ONE],
        "cell_size": [AT_LEAST_ONE],
        "n_directions": [Interval(Integral, 2, None, closed="left")],
    }

    def __init__(
        self,
        image_size=128,
        *,
        cell_size=32,
        n_directions=9,
        batch_size=64,
        n_jobs=None,
    ):
        self.image_size = image_size
        self.cell_size = cell_size
        self.n_directions = n_directions
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def _sizes(self):
        # Large files are decoded to no more than is needed.
        return {"max_size": 2 * self.image_size}

    def _describe(self, pixels):
        import cv2

        square = (self.image_size, self.image_size)
        shrinks = max(pixels.shape) > self.image_size
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, square, interpolation=interpolation)
        # The square root evens out light and shadow.
        planes = direction_planes(
            np.sqrt(pixels, dtype=np.float32), self.n_directions, signed=False
        )
        centres = (np.arange(self._n_cells()) + 0.5) * self.cell_size - 0.5
        weights = cell_weights(self.image_size, centres, self.cell_size)
        cells = sum_cells(planes, weights, weights) / self.cell_size**2
        blocks = [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]]
        return _normalise_blocks(np.concatenate(blocks, axis=2)).ravel()

    def _n_cells(self):
        count = self.image_size // self.cell_size
        if count < 2:
            raise ValueError(
                f"cell_size={self.cell_size} leaves {count} cells along a side of "
                f"image_size={self.image_size}. Lower it, so that two fit."
            )
        return count

    @property
    def _n_features_out(self):
        return 4 * self.n_directions * (self._n_cells() - 1) ** 2


def _normalise_blocks(blocks):
    # The constant keeps the noise of flat blocks small.
    blocks = blocks / np.sqrt((blocks**2).sum(axis=2, keepdims=True) + 1e-3)
    blocks = np.minimum(blocks, _LARGEST_SHARE)
    return blocks / np.sqrt((blocks**2).sum(axis=2, keepdims=True) + 1e-3)
