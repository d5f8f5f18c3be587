"""From the local descriptors of each image to one row: what all poolings share.

A subclass writes `_learn`, from a sample of descriptors to what `fit` keeps, and
`_pool_batch`, from the descriptors of some images to their rows.
"""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.image._encoders import AT_LEAST_ONE
from itm_sklearn.image._local_descriptors import as_descriptor_rows
from itm_sklearn.image._sampling import descriptor_batches, sample_descriptors


class DescriptorPooling(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Learns from a sample of descriptors and pools batch after batch.

    Examples
    --------
    >>> class Mean(DescriptorPooling):
    ...     n_samples, max_iter, random_state, verbose = 100, 1, None, 0
    ...     def _learn(self, sample, random):
    ...         self.mean_ = sample.mean(axis=0)
    ...         self._n_features_out = len(self.mean_)
    ...     def _pool_batch(self, batch):
    ...         return [image.mean(axis=0) for image in
    ...                 np.split(batch.descriptors - self.mean_, batch.offsets[1:-1])]
    >>> Mean().fit_transform([np.array([[0.0], [2.0]]), np.array([[4.0]])])
    array([[-1.],
           [ 2.]], dtype=float32)
    """

    _parameter_constraints: dict = {
        "n_samples": [AT_LEAST_ONE],
        "max_iter": [AT_LEAST_ONE],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn from a sample of the descriptors.

        Parameters
        ----------
        X : LazyRows, LocalDescriptors or list of arrays
            Local descriptors of each image, as `SIFT` and its like return them, or
            an array of shape (n_keypoints, descriptor_size) for each image.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        rows = as_descriptor_rows(X)
        random = check_random_state(self.random_state)
        sample = sample_descriptors(
            rows, self.n_samples, random_state=random, verbose=self.verbose
        )
        self._learn(sample, random)
        return self

    def transform(self, X):
        """Pool the descriptors of each image.

        Parameters
        ----------
        X : LazyRows, LocalDescriptors or list of arrays
            As for `fit`.

        Returns
        -------
        pooled : ndarray or sparse array of shape (n_images, n_features), float32
            One row an image; zeros for an image without keypoints.
        """
        check_is_fitted(self)
        return self._pool(as_descriptor_rows(X))

    def _pool(self, rows):
        pooled = np.zeros((len(rows), self._n_features_out), dtype=np.float32)
        start = 0
        for batch in self._batches(rows):
            pooled[start : start + len(batch)] = self._pool_batch(batch)
            start += len(batch)
        return pooled

    def _batches(self, rows):
        return descriptor_batches(rows, type(self).__name__, self.verbose)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def check_enough(sample, name, number):
    """Refuse to learn more words than there are descriptors."""
    if len(sample) < number:
        raise ValueError(
            f"{name}={number} is more than the {len(sample)} descriptors of the "
            f"sample. Lower {name}, or raise n_samples if that is what bounds it."
        )


def signed_power(values, power):
    """Each value raised to the power, under its own sign.

    Examples
    --------
    >>> signed_power(np.array([-4.0, 9.0]), 0.5)
    array([-2.,  3.])
    """
    return np.sign(values) * np.abs(values) ** power
