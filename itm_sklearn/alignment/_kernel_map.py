"""A view in the space that some of its rows span under a kernel.

With landmarks `L` and a whitening `W` of their kernel matrix, rows `X` have the
coordinates ``k(X, L) W``, which `_kernel_cca.py` correlates. With all rows as landmarks
nothing is lost, so that the exact solution is a case of Nyström's approximation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import pairwise_kernels

from itm_sklearn._batching import batch_slices
from itm_sklearn.alignment._whitening import Penalty, whitening

__all__ = ["Kernel", "KernelMap", "default_gamma", "draw_landmarks"]

_BATCH_ROWS = 2048


@dataclass(frozen=True)
class Kernel:
    """Similarities of rows, by name or by a function of two matrices."""

    function: str | Callable
    # Those that the kernel of that name knows are used.
    parameters: dict = field(default_factory=dict)

    def __call__(self, rows, landmarks):
        """Similarity of each row to each landmark, in double precision."""
        rows, landmarks = rows.astype(np.float64), landmarks.astype(np.float64)
        if callable(self.function):
            return np.asarray(self.function(rows, landmarks), dtype=np.float64)
        return pairwise_kernels(
            rows, landmarks, metric=self.function, filter_params=True, **self.parameters
        )

    def weighted(self, rows, landmarks, weights):
        """Weighted sums of the similarities of each row, a batch at a time."""
        batches = batch_slices(rows.shape[0], _BATCH_ROWS)
        return np.concatenate(
            [self(rows[batch], landmarks) @ weights for batch in batches]
        )


class KernelMap:
    """Coordinates of the rows of a view, worked out when they are asked for.

    It has the shape, the type and the indexing by rows of an array.
    """

    dtype = np.float64

    def __init__(self, view, landmarks, kernel):
        self._view = view
        self._landmarks = landmarks
        self._kernel = kernel
        gram = kernel(landmarks, landmarks)
        self._whitening = whitening(gram, np.diag(gram) > 0, Penalty(0.0))
        self.landmark_coordinates = self._whitening.whiten(gram).T
        self.shape = view.shape[0], self._whitening.width

    def __getitem__(self, rows):
        """Coordinates of some rows, of which there are as many as axes."""
        similarities = self._kernel(self._view[rows], self._landmarks)
        return self._whitening.whiten(similarities.T).T

    def landmark_weights(self, directions):
        """Weights of the landmarks for directions in these coordinates."""
        return self._whitening.unwhiten(directions)

    def penalty(self, strength):
        """A ridge that is a share of the sum of the variances of all coordinates."""
        return Penalty(strength, scale=False, axes_per_column=self.shape[1])


def draw_landmarks(view, n_landmarks, random_state):
    """Some rows of a view; all of them if there are not more, or for None."""
    n_rows = view.shape[0]
    if n_landmarks is None or n_landmarks >= n_rows:
        return view
    return view[np.sort(random_state.permutation(n_rows)[:n_landmarks])]


def default_gamma(view, counts):
    """One over the number of features times the variance of all numbers in a view.

    Each row counts so many times.
    """
    n_features = view.shape[1]
    size = counts.sum() * n_features
    mean = float((counts @ view).sum() / size)
    if sparse.issparse(view):
        variance = (counts @ view.power(2)).sum() / size - mean**2
    else:
        variance = (counts @ np.square(view - mean)).sum() / size
    return 1 / (n_features * variance) if variance > 0 else 1.0
