"""Exact nearest neighbours by cosine, in blocks of bounded memory.

Up to about 100,000 vectors this is faster than building any approximate index.
"""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from itm_sklearn._batching import batch_slices

# Queries and vectors that are compared at once: enough for the matrix product to
# run at full speed, few enough for the scores to stay in the processor's cache.
_N_QUERIES = 256
_N_VECTORS = 4096
_FLOATS = (np.float64, np.float32)


class ExactIndex(BaseEstimator):
    """Find the vectors that point most nearly the way of a query.

    The contract is that of `sklearn.neighbors.NearestNeighbors`, which can take
    the place of this index with ``metric="cosine"``. Scores are worked out block
    by block, and of each block only those are looked at that beat the worst
    neighbour found so far, so no matrix of all scores is ever held.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_vectors, n_features)
        The gallery, scaled to length one.

    Examples
    --------
    >>> from itm_sklearn.retrieval import ExactIndex
    >>> index = ExactIndex().fit([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> distances, neighbors = index.kneighbors([[2.0, 0.0]], n_neighbors=2)
    >>> neighbors
    array([[0, 2]])
    >>> distances.round(2)
    array([[0.  , 0.29]])
    """

    def fit(self, X, y=None):
        """Take the gallery in.

        Parameters
        ----------
        X : array-like of shape (n_vectors, n_features)
            One vector for each item; float32 is kept as it is.
        y : None
            Ignored.

        Returns
        -------
        self : ExactIndex
            The index, ready for `kneighbors`.
        """
        self.vectors_ = normalize(validate_data(self, X, dtype=_FLOATS))
        return self

    def kneighbors(self, X, n_neighbors=5):
        """Find the nearest vectors of each query, the nearest first.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            The queries.
        n_neighbors : int, default=5
            How many vectors each query gets.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            One minus the cosine: 0 for the same direction, 2 for the opposite one.
        neighbors : ndarray of int of shape (n_queries, n_neighbors)
            Rows of the gallery. Of vectors at one distance the first row comes
            first.

        Raises
        ------
        ValueError
            If the gallery holds fewer vectors than are asked for.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=_FLOATS, reset=False)
        n_vectors = len(self.vectors_)
        if not 1 <= n_neighbors <= n_vectors:
            raise ValueError(
                f"n_neighbors={n_neighbors}, but the index holds {n_vectors} vectors: "
                f"ask for 1 to {n_vectors}."
            )
        queries = normalize(check_array(X, dtype=self.vectors_.dtype))
        parts = [
            self._search(queries[batch], n_neighbors)
            for batch in batch_slices(len(queries), _N_QUERIES)
        ]
        scores, neighbors = (np.concatenate(part) for part in zip(*parts, strict=True))
        # A vector is not less than nothing away from itself, whatever rounding says.
        return np.maximum(1 - scores, 0), neighbors

    def _search(self, queries, n_neighbors):
        """Scores and rows of the best vectors for one batch of queries."""
        best = _Best(len(queries), n_neighbors, queries.dtype)
        for block in batch_slices(len(self.vectors_), _N_VECTORS):
            best.update(queries @ self.vectors_[block].T, block.start)
        return best.scores, best.rows


class _Best:
    """The highest scores of each query so far, in falling order."""

    def __init__(self, n_queries, n_neighbors, dtype):
        self.scores = np.full((n_queries, n_neighbors), -np.inf, dtype)
        self.rows = np.full((n_queries, n_neighbors), -1)

    def update(self, block, start):
        """Let the scores of a block of vectors in that beat what is there."""
        n_queries, n_neighbors = self.scores.shape
        bar = self.scores[:, -1]
        if np.isinf(bar).any() and block.shape[1] >= n_neighbors:
            # Before anything is known, the block's own k-th best is the bar.
            bar = np.partition(block, -n_neighbors, axis=1)[:, -n_neighbors]
            bar = np.nextafter(bar, -np.inf, dtype=bar.dtype)
        queries, rows = np.nonzero(block > bar[:, None])
        if not len(queries):
            return
        known = np.repeat(np.arange(n_queries), n_neighbors)
        all_queries = np.concatenate([known, queries])
        all_scores = np.concatenate([self.scores.ravel(), block[queries, rows]])
        all_rows = np.concatenate([self.rows.ravel(), start + rows])
        order = np.lexsort((all_rows, -all_scores, all_queries))
        first = np.searchsorted(all_queries[order], np.arange(n_queries))
        chosen = order[first[:, None] + np.arange(n_neighbors)]
        self.scores, self.rows = all_scores[chosen], all_rows[chosen]
