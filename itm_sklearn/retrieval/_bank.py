"""The bank of training queries that tells which items are near to everything."""

import numpy as np
from scipy.special import logsumexp
from sklearn.base import _fit_context
from sklearn.preprocessing import normalize

from itm_sklearn._batching import batch_slices
from itm_sklearn._views import check_vectors
from itm_sklearn.base import RetrievalScoreMixin, matching_rows
from itm_sklearn.pairs import as_pairs

__all__ = [
    "QueryBankMixin",
    "log_mean_exp",
    "mean_of_nearest",
    "reduce_cosines",
    "take_bank",
    "unit",
]

# Vectors compared with the whole bank at once: 256 against 30,000 take 30 MB.
_N_ROWS = 256


def unit(vectors, name, n_features=None):
    """The vectors, checked and scaled to length one."""
    vectors = check_vectors(vectors, name)
    if n_features is not None and vectors.shape[1] != n_features:
        raise ValueError(
            f"The {name} have {vectors.shape[1]} features, but the training queries "
            f"have {n_features}."
        )
    return normalize(vectors)


def take_bank(X, y):
    """Images and texts of the matching pairs, as vectors of length one."""
    pairs = matching_rows(as_pairs(X), y)
    pairs.require_both_views()
    images, texts = unit(pairs.images, "images"), unit(pairs.texts, "texts")
    if images.shape[1] != texts.shape[1]:
        raise ValueError(
            f"The images have {images.shape[1]} features and the texts "
            f"{texts.shape[1]}: they are not in one space. Put an aligner such as CCA "
            "before."
        )
    return images, texts


class QueryBankMixin(RetrievalScoreMixin):
    """Mixin for corrections that are learned by keeping the training pairs."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Take the training pairs as the bank of queries of either view.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of both views in one space.
        y : array-like of shape (n_pairs,), default=None
            Rows labelled 0 are left out.

        Returns
        -------
        self : estimator
            Ready to correct.
        """
        self.image_bank_, self.text_bank_ = take_bank(X, y)
        self.n_features_in_ = self.image_bank_.shape[1]
        return self


def reduce_cosines(function, vectors, bank):
    """A number for each vector, from its cosines with the whole bank."""
    numbers = [
        function(vectors[rows] @ bank.T) for rows in batch_slices(len(vectors), _N_ROWS)
    ]
    return np.concatenate([np.empty(0, vectors.dtype), *numbers])


def mean_of_nearest(scores, n_neighbors, axis=1):
    """Mean of the highest scores along an axis; of all if there are fewer.

    Examples
    --------
    >>> mean_of_nearest(np.array([[0.0, 1.0, 0.5]]), 2)
    array([0.75])
    """
    n_first = max(scores.shape[axis] - n_neighbors, 0)
    ordered = np.partition(scores, min(n_first, scores.shape[axis] - 1), axis=axis)
    return np.split(ordered, [n_first], axis=axis)[1].mean(axis=axis)


def log_mean_exp(scores, temperature, axis=1):
    """A mean between the mean and, as the temperature falls, the maximum.

    Examples
    --------
    >>> log_mean_exp(np.array([[0.0, 1.0]]), 0.01).round(2)
    array([0.99])
    """
    n_scores = scores.shape[axis]
    total = logsumexp(scores / temperature, axis=axis)
    return temperature * (total - np.log(n_scores)).astype(scores.dtype)
