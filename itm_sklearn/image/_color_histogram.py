"""Histograms of colours: the cheapest encoder, and a baseline for all others."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn.image._encoders import AT_LEAST_ONE, ImageVectorizer

# For each space the name of OpenCV's conversion and the end of its ranges.
_SPACES = {
    "rgb": (None, (256, 256, 256)),
    "hsv": ("COLOR_RGB2HSV", (180, 256, 256)),
    "lab": ("COLOR_RGB2LAB", (256, 256, 256)),
}


class ColorHistogram(ImageVectorizer):
    """Share of each colour in the image, or in each cell of a pyramid.

    Parameters
    ----------
    bins : int or tuple of 3 int, default=(8, 4, 4)
        Into how many parts each channel is cut. All combinations are counted.
    color_space : {"hsv", "lab", "rgb"}, default="hsv"
        What the channels are: hue, saturation and value; lightness and two
        opponent colours; or red, green and blue.
    levels : int, default=1
        Levels of the spatial pyramid: level 1 is the whole image, and each further
        one cuts every cell into 2 x 2 with a histogram each.
    power : float, default=0.5
        Each share is raised to this power. 0.5 makes the dot product of rows the
        Hellinger kernel; 1 leaves shares that add up to 1 in each cell.
    max_size : int, default=320
        Images with a longer side are shrunk to this many pixels first. None leaves
        them as they are.
    batch_size : int, default=64
        Images encoded at once.
    n_jobs : int, default=None
        Threads.

    See Also
    --------
    HOG : Shapes in place of colours.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import ColorHistogram
    >>> red_and_black = np.zeros((2, 2, 3), dtype=np.uint8)
    >>> red_and_black[0, 0] = [255, 0, 0]
    >>> histogram = ColorHistogram(bins=2, color_space="rgb", power=1)
    >>> histogram.fit_transform([red_and_black])
    array([[0.75, 0.  , 0.  , 0.  , 0.25, 0.  , 0.  , 0.  ]], dtype=float32)
    """

    _mode = "RGB"
    _parameter_constraints: dict = {
        **ImageVectorizer._parameter_constraints,
        "bins": [AT_LEAST_ONE, tuple, list],
        "color_space": [StrOptions(set(_SPACES))],
        "levels": [Interval(Integral, 1, 8, closed="both")],
        "power": [Interval(Real, 0, None, closed="neither")],
        "max_size": [AT_LEAST_ONE, None],
    }

    def __init__(
        self,
        bins=(8, 4, 4),
        *,
        color_space="hsv",
        levels=1,
        power=0.5,
        max_size=320,
        batch_size=64,
        n_jobs=None,
    ):
        self.bins = bins
        self.color_space = color_space
        self.levels = levels
        self.power = power
        self.max_size = max_size
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def _describe(self, pixels):
        import cv2

        conversion, ends = _SPACES[self.color_space]
        if conversion is not None:
            pixels = cv2.cvtColor(pixels, getattr(cv2, conversion))
        ranges = [bound for end in ends for bound in (0, end)]
        cells = [
            cv2.calcHist([cell], [0, 1, 2], None, self._three_bins(), ranges).ravel()
            for level in range(self.levels)
            for cell in _cut(pixels, 2**level)
        ]
        counts = np.stack(cells)
        # A cell of a tiny image may have no pixel.
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return (shares**self.power).ravel()

    def _three_bins(self):
        bins = [self.bins] * 3 if isinstance(self.bins, Integral) else list(self.bins)
        if len(bins) != 3 or min(bins) < 1:
            raise ValueError(
                f"bins={self.bins!r} does not cut three channels. Give one number, or "
                "one of at least 1 for each channel."
            )
        return bins

    @property
    def _n_features_out(self):
        cells = sum(4**level for level in range(self.levels))
        return int(np.prod(self._three_bins())) * cells


def _cut(pixels, side):
    """Cells of the image, row by row, as contiguous as OpenCV wants them."""
    for row in np.array_split(pixels, side, axis=0):
        for cell in np.array_split(row, side, axis=1):
            yield np.ascontiguousarray(cell)
