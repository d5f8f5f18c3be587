"""Histograms of gradient directions on a grid; `DenseSIFT` and `HOG` are made of them.

Instead of a loop over patches, each direction is an image of its own, which two
sparse matrices sum up to cells: one for the rows, one for the columns.
"""

import numpy as np
from scipy import sparse


def direction_planes(pixels, n_directions, *, signed=True):
    """Gradient strength in each direction, shared between the two nearest ones.

    Parameters
    ----------
    pixels : ndarray of shape (height, width), dtype float32
        A gray image.
    n_directions : int
        Directions that the circle is cut into.
    signed : bool, default=True
        Whether dark to light differs from light to dark; otherwise half a circle
        is cut.

    Returns
    -------
    planes : ndarray of shape (n_directions, height, width), dtype float32
        Direction 0 points right; angles grow against the clock.

    Examples
    --------
    >>> ramp = np.tile(np.arange(4, dtype=np.float32), (3, 1))
    >>> direction_planes(ramp, 4)[:, 1, 1]
    array([2., 0., 0., 0.], dtype=float32)
    """
    import cv2

    right = cv2.Sobel(pixels, cv2.CV_32F, 1, 0, ksize=1)
    up = cv2.Sobel(pixels, cv2.CV_32F, 0, 1, ksize=1, scale=-1)
    strength, angle = cv2.cartToPolar(right, up)
    turns = 1 if signed else 2
    angle *= turns * n_directions / (2 * np.pi)
    if not signed:
        np.mod(angle, n_directions, out=angle)
    planes = np.empty((n_directions, *pixels.shape), dtype=np.float32)
    for direction, plane in enumerate(planes):
        np.abs(np.subtract(angle, direction, out=plane), out=plane)
        if direction == 0:
            np.minimum(plane, n_directions - plane, out=plane)
        np.maximum(np.subtract(1, plane, out=plane), 0, out=plane)
        plane *= strength
    return planes


def cell_weights(length, centres, cell_size):
    """How much each pixel of a line counts for cells: linearly less with distance.

    Parameters
    ----------
    length : int
        Pixels in the line.
    centres : ndarray of shape (n_cells,)
        Where the cells are, in pixels.
    cell_size : float
        Distance at which the weight has fallen to 0.

    Returns
    -------
    weights : sparse array of shape (n_cells, length), dtype float32
        At most two cell sizes of pixels in each row.

    Examples
    --------
    >>> cell_weights(4, np.array([1.0]), 2).toarray()
    array([[0.5, 1. , 0.5, 0. ]], dtype=float32)
    """
    span = np.arange(-int(np.ceil(cell_size)), int(np.ceil(cell_size)) + 2)
    pixels = np.floor(centres)[:, None].astype(int) + span
    weights = np.maximum(0, 1 - np.abs(pixels - centres[:, None]) / cell_size)
    weights[(pixels < 0) | (pixels >= length)] = 0
    cells, places = np.nonzero(weights)
    entries = weights[cells, places].astype(np.float32)
    shape = (len(centres), length)
    return sparse.csr_array((entries, (cells, pixels[cells, places])), shape=shape)


def sum_cells(planes, row_weights, column_weights):
    """Histograms of all cells.

    Parameters
    ----------
    planes : ndarray of shape (n_directions, height, width)
        From `direction_planes`.
    row_weights, column_weights : sparse arrays
        From `cell_weights`, for the two sides of the image.

    Returns
    -------
    cells : ndarray of shape (n_rows, n_columns, n_directions)
        Weighted sums of the gradient strengths.
    """
    import cv2

    rows = np.concatenate([row_weights @ plane for plane in planes])
    # Sparse times dense is fast where the dense matrix is contiguous, and OpenCV
    # transposes several times faster than numpy.
    cells = column_weights @ cv2.transpose(rows)
    return cells.reshape(len(cells), len(planes), -1).transpose(2, 0, 1)
