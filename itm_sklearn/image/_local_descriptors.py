"""Local descriptors of many images as one ragged batch.

`SIFT`, `ORB`, `SURF` and `DenseSIFT` make these batches, lazily; `BagOfVisualWords`,
`VLAD` and `FisherVector` turn them into one row an image.
"""

import numpy as np

from itm_sklearn._batching import batch_slices, row_numbers


class LocalDescriptors:
    """Descriptors of the keypoints of several images, stacked image after image.

    Parameters
    ----------
    descriptors : ndarray of shape (n_keypoints, descriptor_size)
        Floats, or bytes (uint8) that hold bits.
    counts : array-like of int of shape (n_images,)
        How many of the rows belong to each image, in order; 0 is allowed.
    positions : ndarray of shape (n_keypoints, 4), default=None
        For each keypoint x and y, from 0 (left, top) to 1 (right, bottom); its
        diameter as a share of the image's longest side; its angle in degrees.

    Attributes
    ----------
    offsets : ndarray of int of shape (n_images + 1,)
        Image ``i`` has the rows from ``offsets[i]`` to ``offsets[i + 1]``.

    Examples
    --------
    >>> import numpy as np
    >>> batch = LocalDescriptors(np.arange(6.0).reshape(3, 2), [2, 0, 1])
    >>> batch
    LocalDescriptors(3 keypoints of 2 float64 in 3 images)
    >>> batch[0].descriptors
    array([[0., 1.],
           [2., 3.]])
    >>> batch[[2, 1]].counts
    array([1, 0])
    """

    batch_size = 64

    def __init__(self, descriptors, counts, positions=None):
        self.descriptors = descriptors
        self.counts = np.asarray(counts, dtype=np.intp)
        self.positions = positions
        self.offsets = np.concatenate([[0], np.cumsum(self.counts)])
        self._check()

    def _check(self):
        shape = np.shape(self.descriptors)
        if len(shape) != 2 or shape[0] != self.offsets[-1]:
            raise ValueError(
                f"descriptors of shape {shape} do not fit counts that add up to "
                f"{self.offsets[-1]}. Give one row for each keypoint."
            )
        if self.positions is not None and np.shape(self.positions) != (shape[0], 4):
            raise ValueError(
                f"positions of shape {np.shape(self.positions)} do not fit {shape[0]} "
                "keypoints. Give x, y, size and angle for each, or None."
            )

    @classmethod
    def from_images(cls, arrays):
        """One batch from the descriptors of each image.

        Parameters
        ----------
        arrays : sequence of array-like or of LocalDescriptors
            One item an image. An array has a row for each keypoint.

        Returns
        -------
        batch : LocalDescriptors
            Images in the given order.
        """
        items = [item if isinstance(item, cls) else _single(item) for item in arrays]
        if not items:
            return cls(np.empty((0, 0), dtype=np.float32), [])
        places = [item.positions for item in items]
        known = all(place is not None for place in places)
        return cls(
            np.concatenate([item.descriptors for item in items]),
            np.concatenate([item.counts for item in items]),
            np.concatenate(places) if known else None,
        )

    def __len__(self):
        return len(self.counts)

    @property
    def shape(self):
        """The number of images, in a tuple as arrays have it."""
        return (len(self),)

    def __getitem__(self, rows):
        """The descriptors of some images; a single integer gives one image."""
        images = np.atleast_1d(row_numbers(rows, len(self)))
        counts = self.counts[images]
        # Row numbers of the wanted keypoints: runs that begin at offsets[images].
        first = np.cumsum(counts) - counts
        keypoints = np.repeat(self.offsets[images] - first, counts)
        keypoints += np.arange(len(keypoints))
        places = None if self.positions is None else self.positions[keypoints]
        return LocalDescriptors(self.descriptors[keypoints], counts, places)

    def batches(self):
        """The same images as batches, as lazy rows give them."""
        for images in batch_slices(len(self), self.batch_size):
            yield self[images]

    def image_index(self):
        """For each keypoint the number of its image.

        Returns
        -------
        image_index : ndarray of int of shape (n_keypoints,)
            In rising order.
        """
        return np.repeat(np.arange(len(self)), self.counts)

    def places(self):
        """For each keypoint x and y as shares of the image.

        Returns
        -------
        places : ndarray of shape (n_keypoints, 2)
            From 0 to 1.
        """
        if self.positions is None:
            raise ValueError(
                f"{self!r} has no positions, so it is not known where in the image "
                "they lie. Give `positions`, or leave the pyramid out with levels=1."
            )
        return self.positions[:, :2]

    def check_like(self, words):
        """Refuse descriptors of another kind than the words.

        Parameters
        ----------
        words : ndarray of shape (n_words, descriptor_size)
            What a vocabulary was fitted to.
        """
        same_kind = (self.descriptors.dtype == np.uint8) == (words.dtype == np.uint8)
        if len(self.descriptors) and (
            self.descriptors.shape[1] != words.shape[1] or not same_kind
        ):
            raise ValueError(
                f"{self!r} does not fit words of {words.shape[1]} {words.dtype}. "
                "Describe images in the same way as for fit."
            )

    def __repr__(self):
        count, size = self.descriptors.shape
        return (
            f"LocalDescriptors({count} keypoints of {size} {self.descriptors.dtype} "
            f"in {len(self)} images)"
        )


def _single(array):
    array = np.asarray(array)
    batch = LocalDescriptors(array, [len(array)])
    if not np.isfinite(array).all():
        raise ValueError(
            f"{np.count_nonzero(~np.isfinite(array))} of {array.size} values of an "
            "image's descriptors are NaN or infinite. Leave these keypoints out."
        )
    return batch


def as_descriptor_rows(X):
    """Rows with `batches`, from what local descriptors come as.

    Parameters
    ----------
    X : LazyRows, LocalDescriptors, or sequence of arrays
        As `SIFT` and its like return it, or the descriptors of each image.

    Returns
    -------
    rows : LazyRows or LocalDescriptors
        With a length, indexing by rows, and `batches`.

    Examples
    --------
    >>> import numpy as np
    >>> as_descriptor_rows([np.zeros((2, 8)), np.zeros((0, 8))]).counts
    array([2, 0])
    """
    if hasattr(X, "batches"):
        return X
    try:
        return LocalDescriptors.from_images(X)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"Expected local descriptors, got {type(X).__name__}: {error} "
            "Put SIFT() or another descriptor before this step, or give a list with an "
            "array of shape (n_keypoints, descriptor_size) for each image."
        ) from error
