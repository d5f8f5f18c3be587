"""Mismatches for matchers to learn from: texts beside images they do not fit."""

import numpy as np
from sklearn.utils import check_random_state

# Draws for one text before it counts as fitting every image there is.
_MAX_DRAWS = 100


def sample_mismatches(pairs, n_negatives=1, *, random_state=None):
    """Draw images that do not match the text of a row.

    The other captions of an image and texts that recur under other images are
    true matches, so they are never drawn.

    Parameters
    ----------
    pairs : ImageTextPairs
        Pairs with both views.
    n_negatives : int, default=1
        How many images are drawn for each row.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same draws in every call.

    Returns
    -------
    rows : ndarray of int of shape (n_mismatches,)
        The rows whose text is taken. A text that fits all images has none.
    images : ndarray of int of shape (n_mismatches,)
        The image that is put beside it.

    Examples
    --------
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(["dog.jpg", "cat.jpg"], ["a dog", "a cat"])
    >>> rows, images = sample_mismatches(pairs)
    >>> rows.tolist(), images.tolist()
    ([0, 1], [1, 0])
    """
    random_state = check_random_state(random_state)
    relevance = pairs.relevance()
    rows = np.repeat(np.arange(len(pairs)), n_negatives)
    images = random_state.randint(pairs.n_images, size=len(rows))
    for _ in range(_MAX_DRAWS):
        wrong = _is_match(relevance, rows, images)
        if not wrong.any():
            break
        images[wrong] = random_state.randint(pairs.n_images, size=wrong.sum())
    mismatched = ~_is_match(relevance, rows, images)
    return rows[mismatched], images[mismatched]


def _is_match(relevance, rows, images):
    return np.asarray(relevance[rows, images], dtype=bool).ravel()
