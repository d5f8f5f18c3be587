"""Cut a picture into segments, and cover those that are to be hidden.

`_match_game.py` hides segments of a picture and words of a text together.
"""

from numbers import Integral

import numpy as np

from itm_sklearn._optional import require

__all__ = ["IMAGE_FILLS", "cover_picture", "cut_picture"]

IMAGE_FILLS = ("median", "blur", "mean")
# The blur's width as a share of the longest side: no shape survives it.
_BLUR = 0.12


def cut_picture(pixels, segments):
    """The number of the segment that each pixel lies in.

    Parameters
    ----------
    pixels : ndarray of uint8 of shape (height, width, 3)
        The picture.
    segments : str or array-like of int of shape (height, width)
        "grid:4" cuts it into 4 x 4 rectangles; "slic:30" into about 30 pieces of
        one colour each, by scikit-image. Of an array each value is a segment.

    Returns
    -------
    labels : ndarray of int of shape (height, width)
        From 0 to n_segments - 1, each of which occurs.

    Raises
    ------
    ValueError
        If `segments` is none of these, or does not fit the picture.

    Examples
    --------
    >>> cut_picture(np.zeros((2, 4, 3), np.uint8), "grid:2")
    array([[0, 0, 1, 1],
           [2, 2, 3, 3]])
    >>> cut_picture(np.zeros((1, 3, 3), np.uint8), [[7, 9, 7]])
    array([[0, 1, 0]])
    """
    if not isinstance(segments, str):
        return _check_labels(segments, pixels.shape[:2])
    kind, _, number = segments.partition(":")
    if kind not in ("grid", "slic") or not number.isdigit() or int(number) < 1:
        raise ValueError(
            f"segments={segments!r} is unknown. Write 'grid:4' for 4 x 4 rectangles, "
            "'slic:30' for about 30 pieces, or give an array with a number a pixel."
        )
    return (_cut_grid if kind == "grid" else _cut_slic)(pixels, int(number))


def _check_labels(labels, shape):
    labels = np.asarray(labels)
    if labels.shape != shape or labels.dtype.kind not in "iub":
        raise ValueError(
            f"segments of {labels.dtype} and shape {labels.shape} do not fit a picture "
            f"of shape {shape}. Give a whole number for each pixel."
        )
    return np.unique(labels, return_inverse=True)[1].reshape(shape)


def _cut_grid(pixels, side):
    height, width = pixels.shape[:2]
    if side > min(height, width):
        raise ValueError(
            f"segments='grid:{side}' needs more pixels than the {height} x {width} "
            "there are. Take fewer rectangles."
        )
    rows, columns = (np.arange(n) * side // n for n in (height, width))
    return rows[:, None] * side + columns


def _cut_slic(pixels, number):
    segmentation = require(
        "skimage.segmentation", extra="explain", caller=f"segments='slic:{number}'"
    )
    # Unsmoothed, noise makes pieces so ragged that most of them are merged again.
    labels = segmentation.slic(pixels, number, compactness=20, sigma=1, start_label=0)
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def cover_picture(pixels, labels, fill):
    """The picture with all of its segments hidden.

    Parameters
    ----------
    pixels : ndarray of uint8 of shape (height, width, 3)
        The picture.
    labels : ndarray of int of shape (height, width)
        As from `cut_picture`.
    fill : {"median", "blur", "mean"} or array-like of three int
        The median colour of the picture; the picture out of focus; the mean colour
        of each segment; or one colour.

    Returns
    -------
    cover : ndarray of uint8 of shape (height, width, 3)
        What is seen in the place of a segment that is hidden.

    Examples
    --------
    >>> pixels = np.array([[[0, 0, 0], [9, 9, 9], [6, 6, 6]]], np.uint8)
    >>> cover_picture(pixels, np.array([[0, 0, 1]]), "median")[0, 0]
    array([6, 6, 6], dtype=uint8)
    >>> cover_picture(pixels, np.array([[0, 0, 1]]), "mean")[0, :, 0]
    array([4, 4, 6], dtype=uint8)
    """
    if not isinstance(fill, str):
        return np.broadcast_to(_check_colour(fill), pixels.shape)
    if fill == "median":
        colour = np.median(pixels.reshape(-1, 3), axis=0)
        return np.broadcast_to(np.rint(colour).astype(np.uint8), pixels.shape)
    if fill == "mean":
        counts = np.bincount(labels.ravel())
        channels = pixels.reshape(-1, 3).T
        sums = [np.bincount(labels.ravel(), channel) for channel in channels]
        return np.rint(np.stack(sums, 1) / counts[:, None]).astype(np.uint8)[labels]
    if fill == "blur":
        import cv2

        return cv2.GaussianBlur(pixels, (0, 0), _BLUR * max(pixels.shape))
    raise ValueError(
        f"image_fill={fill!r} is unknown. Choose one of {', '.join(IMAGE_FILLS)}, or "
        "give a colour such as (128, 128, 128)."
    )


def _check_colour(colour):
    values = list(colour)
    whole = all(isinstance(value, Integral) for value in values)
    if len(values) != 3 or not whole or min(values) < 0 or max(values) > 255:
        raise ValueError(
            f"image_fill={colour!r} is no colour. Give three whole numbers from 0 to "
            "255, for red, green and blue."
        )
    return np.array(values, np.uint8)
