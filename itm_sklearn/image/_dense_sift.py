"""SIFT descriptors on a regular grid: no detection, so flat regions count too."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from itm_sklearn.image._encoders import AT_LEAST_ONE, LocalDescriptorEncoder
from itm_sklearn.image._gradients import cell_weights, direction_planes, sum_cells
from itm_sklearn.image._keypoints import relative_positions
from itm_sklearn.image._sift import root_sift

_CELLS, _DIRECTIONS = 4, 8
_SIZE = _CELLS * _CELLS * _DIRECTIONS
# Cells from the centre of a patch.
_OFFSETS = np.arange(_CELLS) - (_CELLS - 1) / 2
# Lowe's Gaussian window of half a patch, taken at the centres of the cells.
_GAUSSIAN = np.exp(-(_OFFSETS**2) / (2 * (_CELLS / 2) ** 2)).astype(np.float32)
_WINDOW = np.repeat(np.outer(_GAUSSIAN, _GAUSSIAN), _DIRECTIONS)
# From the blur of a camera, 0.5 pixels, to that of SIFT's first level, 1.6.
_BLUR = np.sqrt(1.6**2 - 0.5**2)
_LARGEST_SHARE = 0.2
_OPENCV_LENGTH = 512


class DenseSIFT(LocalDescriptorEncoder):
    """SIFT descriptors of upright patches on a regular grid.

    The usual companion of a spatial pyramid: every place of the image is described,
    not only its corners [1]_. One pass over the image serves all patches, which is
    twenty to eighty times faster than describing keypoint after keypoint.

    Parameters
    ----------
    step : int, default=8
        Pixels from one patch to the next.
    bin_size : int or tuple of int, default=8
        Pixels from one of the 4 x 4 cells of a patch to the next. Several sizes
        describe each place at several scales.
    min_size : int, default=192
        Images whose longest side is smaller are enlarged to it first, as hardly any
        patch fits into them. None leaves them as they are.
    max_size : int, default=640
        Images with a longer side are shrunk to this many pixels first. None leaves
        them as they are.
    min_contrast : float, default=0.5
        Patches with a smaller mean gradient, in gray levels from 0 to 255 a pixel,
        are left out: their directions are noise. 0 still leaves out flat ones.
    root : bool, default=True
        Whether to take the square root of the descriptors scaled to a sum of 1, as
        in `SIFT`. Otherwise they have a length of 512, as in OpenCV.
    batch_size : int, default=64
        Images described at once.
    n_jobs : int, default=None
        Threads.

    See Also
    --------
    SIFT : Finds keypoints with their own scale and rotation first.
    HOG : One long row of such histograms for the whole image.

    References
    ----------
    .. [1] S. Lazebnik, C. Schmid and J. Ponce, "Beyond bags of features: spatial
       pyramid matching for recognizing natural scene categories", CVPR 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import DenseSIFT
    >>> noise = np.random.default_rng(0).integers(0, 256, (2, 48, 64), dtype=np.uint8)
    >>> next(DenseSIFT(step=16).fit_transform([noise[0], noise[0] * 0]).batches())
    LocalDescriptors(108 keypoints of 128 float32 in 2 images)
    """

    _parameter_constraints: dict = {
        **LocalDescriptorEncoder._parameter_constraints,
        "step": [AT_LEAST_ONE],
        "bin_size": [AT_LEAST_ONE, tuple],
        "min_contrast": [Interval(Real, 0, None, closed="left")],
        "root": ["boolean"],
    }
    _n_features_out = _SIZE
    _dtype = np.float32

    def __init__(
        self,
        step=8,
        *,
        bin_size=8,
        min_size=192,
        max_size=640,
        min_contrast=0.5,
        root=True,
        batch_size=64,
        n_jobs=None,
    ):
        self.step = step
        self.bin_size = bin_size
        self.min_size = min_size
        self.max_size = max_size
        self.min_contrast = min_contrast
        self.root = root
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def _describe(self, pixels):
        import cv2

        grid = [grid_centres(side, self.step) for side in pixels.shape]
        if not all(map(len, grid)):
            return self._no_keypoints()
        smooth = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), _BLUR)
        planes = direction_planes(smooth, _DIRECTIONS)
        single = isinstance(self.bin_size, Integral)
        sizes = (self.bin_size,) if single else self.bin_size
        parts = [self._describe_scale(planes, grid, size) for size in sizes]
        descriptors, positions = map(np.concatenate, zip(*parts, strict=True))
        return descriptors, relative_positions(positions, pixels.shape)

    def _describe_scale(self, planes, grid, bin_size):
        """Patches of one size with enough contrast, and where they are."""
        patches = _gather_patches(planes, grid, bin_size)
        # Central differences span two pixels; the triangles of a cell add up to
        # the area of the cell.
        area = 2 * (_CELLS * bin_size) ** 2
        kept = patches.sum(axis=1) > max(self.min_contrast, 1e-6) * area
        rows, columns = np.meshgrid(*grid, indexing="ij")
        positions = np.zeros((kept.sum(), 4), dtype=np.float32)
        positions[:, 0] = columns.ravel()[kept]
        positions[:, 1] = rows.ravel()[kept]
        positions[:, 2] = _CELLS * bin_size
        descriptors = _normalise(patches[kept])
        if self.root:
            return root_sift(descriptors), positions
        return descriptors * np.float32(_OPENCV_LENGTH), positions


def grid_centres(side, step):
    """Centres of the patches along a side, as far from one end as from the other.

    Examples
    --------
    >>> grid_centres(20, 8)
    array([ 5.5, 13.5])
    """
    count = side // step
    return (side - 1) / 2 + (np.arange(count) - (count - 1) / 2) * step


def _gather_patches(planes, grid, bin_size):
    """Histograms of the 4 x 4 cells of each patch under the window."""
    places, weights = [], []
    for centres, side in zip(grid, planes.shape[1:], strict=True):
        cells = centres[:, None] + _OFFSETS * bin_size
        # Where the step divides the bin size, neighbouring patches share cells.
        distinct, place = np.unique(cells, return_inverse=True)
        places.append(place.reshape(cells.shape))
        weights.append(cell_weights(side, distinct, bin_size))
    cells = sum_cells(planes, *weights)
    rows, columns = places
    # One number for each cell: take is several times faster than two indices.
    numbers = rows[:, None, :, None] * cells.shape[1] + columns[None, :, None, :]
    patches = cells.reshape(-1, _DIRECTIONS).take(numbers, axis=0)
    patches = patches.reshape(-1, _SIZE)
    patches *= _WINDOW
    return patches


def _normalise(patches):
    """Unit length, no value above 0.2, unit length again: steady under glare."""
    patches /= np.sqrt(np.einsum("ij,ij->i", patches, patches))[:, None]
    np.minimum(patches, _LARGEST_SHARE, out=patches)
    patches /= np.sqrt(np.einsum("ij,ij->i", patches, patches))[:, None]
    return patches
