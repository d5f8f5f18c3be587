"""What the image encoders that learn nothing share: images in, rows out.

A subclass of `LocalDescriptorEncoder` writes `_describe`, from pixels to the
keypoints of one image; a subclass of `ImageVectorizer` writes `_describe`, from
pixels to one row.
"""

from contextlib import contextmanager
from numbers import Integral

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from sklearn.utils._param_validation import Interval

from itm_sklearn._batching import LazyRows, map_threads
from itm_sklearn._frozen import FrozenEncoderMixin
from itm_sklearn._load_image import image_content, load_image
from itm_sklearn.image._local_descriptors import LocalDescriptors

AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


class _FrozenImageEncoder(
    ClassNamePrefixFeaturesOutMixin, FrozenEncoderMixin, BaseEstimator
):
    """Loads images in threads and describes each."""

    _mode = "L"
    _parameter_constraints: dict = {
        "batch_size": [AT_LEAST_ONE],
        "n_jobs": [Integral, None],
    }

    def _describe_item(self, item):
        return self._describe(load_image(item, mode=self._mode, **self._sizes()))

    def _sizes(self):
        return {"max_size": self.max_size}

    def _describe_all(self, items):
        if self.n_jobs in (None, 1):
            return [self._describe_item(item) for item in items]
        # Threads inside threads are slower than one thread for each image.
        with _opencv_threads(1):
            return map_threads(self._describe_item, items, self.n_jobs)

    def _item_content(self, item):
        return image_content(item)

    def _lazy_rows(self, X):
        self._validate_params()
        items = check_images(X)
        return LazyRows(items, self._cached_encode, batch_size=self.batch_size)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


class LocalDescriptorEncoder(_FrozenImageEncoder, auto_wrap_output_keys=None):
    """Base of the descriptors of keypoints.

    Examples
    --------
    >>> class BrightestPixel(LocalDescriptorEncoder):
    ...     _n_features_out, _dtype = 1, np.float32
    ...     min_size = max_size = n_jobs = None
    ...     batch_size = 64
    ...     def _describe(self, pixels):
    ...         return pixels.max().reshape(1, 1).astype(self._dtype), np.zeros((1, 4))
    >>> BrightestPixel().transform([np.array([[1, 9]], dtype=np.uint8)])[0].descriptors
    array([[9.]], dtype=float32)
    """

    _parameter_constraints: dict = {
        **_FrozenImageEncoder._parameter_constraints,
        "min_size": [AT_LEAST_ONE, None],
        "max_size": [AT_LEAST_ONE, None],
    }

    def transform(self, X):
        """Describe the keypoints of each image, when they are asked for.

        Parameters
        ----------
        X : sequence of n_images images
            Paths, bytes, images of Pillow or arrays.

        Returns
        -------
        rows : LazyRows of length n_images
            Nothing is computed yet. ``rows.batches()`` gives one
            `LocalDescriptors` after the other, ``rows[[0, 3]]`` lazy rows again.
        """
        return self._lazy_rows(X)

    def set_output(self, *, transform=None):
        """Change nothing: rows of different lengths fit into no table.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Ignored.

        Returns
        -------
        self : object
            The same encoder.
        """
        return self

    def _sizes(self):
        return {"min_size": self.min_size, "max_size": self.max_size}

    def _encode(self, items):
        return self._join(self._describe_all(items))

    @staticmethod
    def _split(batch):
        images = [batch[row] for row in range(len(batch))]
        return [(image.descriptors, image.positions) for image in images]

    def _join(self, parts):
        if not parts:
            parts = [self._no_keypoints()]
            return LocalDescriptors(parts[0][0], [], parts[0][1])
        descriptors, positions = zip(*parts, strict=True)
        counts = [len(part) for part in descriptors]
        return LocalDescriptors(
            np.concatenate(descriptors), counts, np.concatenate(positions)
        )

    def _no_keypoints(self):
        descriptors = np.empty((0, self._n_features_out), dtype=self._dtype)
        return descriptors, np.empty((0, 4), dtype=np.float32)


class ImageVectorizer(_FrozenImageEncoder):
    """Base of the encoders that make one row of each image.

    Examples
    --------
    >>> class MeanGray(ImageVectorizer):
    ...     _n_features_out = 1
    ...     max_size = n_jobs = None
    ...     batch_size = 64
    ...     def _describe(self, pixels):
    ...         return pixels.mean(keepdims=True)[0]
    >>> MeanGray().transform([np.array([[1, 9]], dtype=np.uint8)])
    array([[5.]], dtype=float32)
    """

    def transform(self, X):
        """Encode each image.

        Parameters
        ----------
        X : sequence of n_images images
            Paths, bytes, images of Pillow or arrays.

        Returns
        -------
        features : ndarray of shape (n_images, n_features), dtype float32
            One row an image.
        """
        rows = self._lazy_rows(X)
        features = np.empty((len(rows), self._n_features_out), dtype=np.float32)
        start = 0
        for batch in rows.batches():
            features[start : start + len(batch)] = batch
            start += len(batch)
        return features

    def _encode(self, items):
        return np.stack(self._describe_all(items))


def check_images(X):
    """Images as a list, or as an array with an image in each row.

    Examples
    --------
    >>> import numpy as np
    >>> check_images(("a.jpg", "b.jpg"))
    ['a.jpg', 'b.jpg']
    >>> check_images(np.zeros((5, 32, 32, 3))).shape
    (5, 32, 32, 3)
    """
    if isinstance(X, str | bytes | dict | Image.Image) or not hasattr(X, "__len__"):
        raise TypeError(
            f"Expected a sequence of images, got {type(X).__name__}. For a single "
            "image write [image]."
        )
    if not isinstance(X, np.ndarray) or X.ndim == 1:
        return list(X)
    if X.ndim < 3 or (X.ndim == 3 and X.shape[2] <= 4):
        raise TypeError(
            f"An array of shape {X.shape} is no sequence of images. For a single image "
            "write [image]; many have the shape (n_images, height, width, 3)."
        )
    return X


@contextmanager
def _opencv_threads(number):
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(number)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
