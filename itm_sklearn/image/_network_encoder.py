"""Images through a network: opened by threads, while it works on those before."""

import os
from itertools import islice
from numbers import Integral

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin

from itm_sklearn._batching import batch_slices, progress
from itm_sklearn._load_image import image_content, load_image
from itm_sklearn._torch._encoder import NetworkEncoderMixin
from itm_sklearn.base import FrozenEncoderMixin
from itm_sklearn.image._encoders import check_images

# Images between two writes to the cache: what a killed run may lose.
_CHUNK = 2048


class NetworkImageEncoder(
    ClassNamePrefixFeaturesOutMixin,
    NetworkEncoderMixin,
    FrozenEncoderMixin,
    BaseEstimator,
):
    """Base of the encoders of images that run a network."""

    _parameter_constraints: dict = {
        **NetworkEncoderMixin._parameter_constraints,
        "n_jobs": [Integral, None],
    }

    def transform(self, X):
        """Encode each image.

        Parameters
        ----------
        X : sequence of n_images images
            Paths, bytes, images of Pillow or arrays.

        Returns
        -------
        features : ndarray of shape (n_images, ...), dtype float32
            A row for each image: a vector, or a map (height, width, channels).
        """
        self._validate_params()
        items = check_images(X)
        if not len(items):
            return self._encode(items)
        chunks = [
            self._cached_encode(items[rows])
            for rows in batch_slices(len(items), _CHUNK)
        ]
        return np.concatenate(chunks)

    @property
    def _n_features_out(self):
        return self._network().shape[-1]

    def _encode(self, items):
        network = self._network()
        from itm_sklearn._torch._run import prepare_ahead, run_batches

        if not len(items):
            return np.empty((0, *network.shape), np.float32)
        size = network.batch_size if self.batch_size == "auto" else self.batch_size
        pixels = prepare_ahead(
            lambda item: _open(item, network.spec),
            progress(items, desc=type(self).__name__, verbose=self.verbose),
            n_threads=_n_threads(self.n_jobs),
            n_ahead=2 * size,
        )
        return np.concatenate(list(run_batches(network, _stacks(pixels, size))))

    def _item_content(self, item):
        return image_content(item)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _open(item, spec):
    return spec.fit(load_image(item, max_size=spec.enough))


def _stacks(pixels, size):
    """Arrays of `size` pictures, the last one smaller."""
    while batch := list(islice(pixels, size)):
        yield np.stack(batch)


def _n_threads(n_jobs):
    return (os.cpu_count() or 1) if n_jobs is None else effective_n_jobs(n_jobs)
