"""A sample of local descriptors that fits into memory, for fitting vocabularies."""

import warnings

import numpy as np
from sklearn.utils import check_random_state

from itm_sklearn._batching import progress
from itm_sklearn.image._local_descriptors import as_descriptor_rows

# Descriptors of one image resemble each other: better some of many images.
_MOST_PER_IMAGE = 100
# Of fewer images, or a smaller share of them, nobody has to hear.
_FEW_IMAGES, _MANY_EMPTY = 10, 1 / 4


def sample_descriptors(X, n_samples, *, random_state=None, verbose=0):
    """About `n_samples` descriptors, drawn image by image.

    Images are visited in random order until there are enough, so that neither time
    nor memory grows with their number. Each gives at most 100 descriptors, or more
    if there are too few images.

    Parameters
    ----------
    X : LazyRows, LocalDescriptors or sequence of arrays
        As `itm_sklearn.image.SIFT` returns it.
    n_samples : int
        How many are wanted; one more image may be begun.
    random_state : int, RandomState or None, default=None
        For the choice.
    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    sample : ndarray of shape (n_sampled, descriptor_size)
        Fewer than `n_samples` if there are no more.

    Raises
    ------
    ValueError
        If no image has a keypoint.

    Warns
    -----
    UserWarning
        If more than a quarter of ten images or more have none.

    Examples
    --------
    >>> import numpy as np
    >>> sample_descriptors([np.zeros((3, 8)), np.zeros((0, 8))], 10).shape
    (3, 8)
    """
    random = check_random_state(random_state)
    rows = as_descriptor_rows(X)
    most = max(_MOST_PER_IMAGE, -(-n_samples // max(1, len(rows))))
    shuffled = rows[random.permutation(len(rows))]
    parts, counts, found = [], [], 0
    for batch in descriptor_batches(shuffled, "Sampling descriptors", verbose):
        parts.append(batch.descriptors[_drawn(batch.counts, most, random)])
        counts.extend(batch.counts)
        found += len(parts[-1])
        if found >= n_samples:
            break
    if not found:
        raise ValueError(
            f"None of the {len(rows)} images has a keypoint, so there is nothing to "
            "learn from. Lower the thresholds of the descriptor, or use DenseSIFT."
        )
    _warn_of_empty_images(counts)
    return np.concatenate(parts)[:n_samples]


def _warn_of_empty_images(counts):
    """Say how many images nothing is known of, if that is a large share."""
    empty = counts.count(0)
    if len(counts) >= _FEW_IMAGES and empty > _MANY_EMPTY * len(counts):
        warnings.warn(
            f"{empty} of {len(counts)} images have no keypoint. They all get the same "
            "row and can't be told apart. Lower the thresholds of the descriptor, as "
            "in SIFT(contrast_threshold=0.02), or use DenseSIFT.",
            UserWarning,
            stacklevel=2,
        )


def descriptor_batches(rows, desc, verbose):
    """Computed batches of the rows, under a progress bar."""
    total = -(-len(rows) // rows.batch_size)
    return progress(rows.batches(), total=total, desc=desc, verbose=verbose)


def _drawn(counts, most, random):
    """Rows of at most `most` keypoints of each image."""
    starts = np.cumsum(counts) - counts
    drawn = [
        start + random.permutation(count)[:most]
        for start, count in zip(starts, counts, strict=True)
    ]
    return np.concatenate(drawn)
