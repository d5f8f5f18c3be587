"""Galleries of one size: random parts of the images, each with all its captions."""

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["draw_galleries"]


def draw_galleries(pairs, gallery_size, random_state):
    """Image numbers of each gallery; no image is in two, and a rest is left out.

    Examples
    --------
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(texts=["a", "b", "c"], image_index=[0, 1, 2])
    >>> draw_galleries(pairs, 2, random_state=0)
    [array([2, 1])]
    """
    images = np.unique(pairs.image_index)
    n_galleries = len(images) // gallery_size
    if n_galleries == 0:
        raise ValueError(
            f"gallery_size={gallery_size} is more than the {len(images)} images to "
            "score. Lower it, or score more images at a time (fewer folds)."
        )
    order = check_random_state(random_state).permutation(images)
    return np.split(order[: n_galleries * gallery_size], n_galleries)
