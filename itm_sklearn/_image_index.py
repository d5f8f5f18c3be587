"""Which image each pair uses: the numbers that join the two views of `pairs.py`."""

import numpy as np

__all__ = ["check_image_index"]


def check_image_index(image_index, n_images, n_texts):
    """The image of each pair as an array of integers.

    Parameters
    ----------
    image_index : array-like of int of shape (n_pairs,) or None
        None pairs row ``i`` with image ``i``.
    n_images, n_texts : int or None
        How many items the views have; None for a view that is missing.

    Returns
    -------
    image_index : ndarray of int of shape (n_pairs,)
        Numbers from 0 to ``n_images - 1``.

    Raises
    ------
    TypeError
        If they are no integers in one row.
    ValueError
        If they do not go with the number of images or of texts.

    Examples
    --------
    >>> check_image_index([0, 0, 1], 2, 3)
    array([0, 0, 1])
    """
    if image_index is None:
        return _matching_order(n_images, n_texts)
    image_index = np.asarray(image_index)
    if image_index.size == 0:
        image_index = image_index.astype(np.intp)
    if image_index.ndim != 1 or not np.issubdtype(image_index.dtype, np.integer):
        raise TypeError(
            "image_index must be a one-dimensional array of integers, got "
            f"{image_index.dtype} of shape {image_index.shape}."
        )
    if n_texts is not None and len(image_index) != n_texts:
        raise ValueError(
            f"image_index has {len(image_index)} rows for {n_texts} texts: "
            "give one image for each text."
        )
    if n_images is not None:
        _check_range(image_index, n_images)
    return image_index.astype(np.intp, copy=False)


def _matching_order(n_images, n_texts):
    if n_images is not None and n_texts is not None and n_images != n_texts:
        raise ValueError(
            f"{n_images} images and {n_texts} texts: pass image_index to say "
            "which image each text belongs to."
        )
    return np.arange(n_images if n_texts is None else n_texts)


def _check_range(image_index, n_images):
    if not len(image_index):
        return
    low, high = image_index.min(), image_index.max()
    if low < 0 or high >= n_images:
        raise ValueError(
            f"image_index runs from {low} to {high}, but the {n_images} "
            f"images are numbered from 0 to {n_images - 1}."
        )
