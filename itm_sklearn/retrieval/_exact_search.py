"""The nearest rows of segments, block by block, proved to be the nearest.

The cosines of a block are worked out fast: of packed rows, or in half precision. How
far they can be from the true ones, the slack, is known. So only rows that come within
the slack of the worst neighbour found so far are looked at again, in full precision;
there are few of them. No matrix of all cosines is held, and equal rows get equal
cosines, whatever their places in their blocks.
"""

import numpy as np

from itm_sklearn._batching import batch_slices

# Rows and queries that are multiplied at once: enough for full speed, few enough
# for the cosines to stay in the processor's cache.
_ROWS = 4096
_QUERIES = 1024
# Pairs of a query and a row that are looked at again at once.
_PAIRS = 2048
# The nearest rows of so many groups tell how near is near; more neighbours need more.
_GROUPS = 128
_GROUPS_PER_NEIGHBOR = 8


def search_segments(queries, segments, n_neighbors, wanted, products):
    """Cosines and row numbers of the nearest rows of each query.

    Parameters
    ----------
    queries : ndarray of float32 of shape (n_queries, n_features)
        Of length one.
    segments : list of Segment
        Their rows are numbered through.
    n_neighbors : int
        At most the number of wanted rows.
    wanted : ndarray of bool of shape (n_rows,) or None
        The rows that may be found; None is all.
    products : NumpyProducts or TorchProducts
        Works out the cosines of a block.

    Returns
    -------
    cosines : ndarray of float32 of shape (n_queries, n_neighbors)
        Falling; of equal ones the first row comes first.
    rows : ndarray of int64 of shape (n_queries, n_neighbors)
        Where they are.
    """
    parts = [
        (_Nearest(queries[batch], n_neighbors), products.prepare(queries[batch]))
        for batch in batch_slices(len(queries), _QUERIES)
    ]
    for segment, first_row, rows in _blocks(segments, wanted, products.n_rows):
        block = products.prepare_rows(segment, rows)
        slack = products.slack + segment.slack
        for nearest, prepared in parts:
            cosines = products.multiply(prepared, block)
            bars = nearest.bars(products, cosines, slack) - slack
            which, places = products.reach(cosines, bars)
            nearest.look_at(which, segment, np.r_[rows][places], first_row)
    return (
        np.concatenate([nearest.cosines for nearest, _ in parts]),
        np.concatenate([nearest.rows for nearest, _ in parts]),
    )


def _blocks(segments, wanted, n_rows):
    """Each segment, its first row, and which of its rows are to be looked at."""
    first_row = 0
    for segment in segments:
        if wanted is None:
            for rows in batch_slices(len(segment), n_rows):
                yield segment, first_row, rows
        else:
            rows = np.flatnonzero(wanted[first_row : first_row + len(segment)])
            for part in batch_slices(len(rows), n_rows):
                yield segment, first_row, rows[part]
        first_row += len(segment)


class NumpyProducts:
    """Cosines in single precision on the processor.

    Parameters
    ----------
    n_features : int
        Length of the vectors.

    Attributes
    ----------
    n_rows : int
        How many rows are best multiplied at once.
    slack : float
        How far a cosine can be from the true one.
    """

    def __init__(self, n_features):
        self.n_rows = _ROWS
        # The products of n numbers and the lengths of the vectors are rounded.
        self.slack = (n_features + 4) * float(np.finfo(np.float32).eps)
        self._buffer = np.empty(0, np.float32)

    def prepare(self, queries):
        """The queries, as `multiply` takes them."""
        return queries

    def prepare_rows(self, segment, rows):
        """The rows of that number, as `multiply` takes them."""
        return segment.fast(rows)

    def multiply(self, queries, block):
        """The cosines of all queries and rows; the next call overwrites them."""
        vectors, scale = block
        shape = len(queries), len(vectors)
        if self._buffer.size < shape[0] * shape[1]:
            self._buffer = np.empty(shape[0] * shape[1], np.float32)
        cosines = self._buffer[: shape[0] * shape[1]].reshape(shape)
        np.matmul(queries, vectors.T, out=cosines)
        if scale is not None:
            cosines *= scale
        return cosines

    def largest(self, cosines, n_groups):
        """The largest cosine of each of so many groups of rows."""
        size = cosines.shape[1] // n_groups
        groups = cosines[:, : size * n_groups].reshape(-1, size, n_groups)
        return groups.max(axis=1)

    def reach(self, cosines, bars):
        """Queries and rows whose cosine comes up to the bar of the query."""
        found = np.flatnonzero(cosines >= bars[:, np.newaxis])
        return np.divmod(found, cosines.shape[1])


class _Nearest:
    """The nearest rows that some queries have found so far."""

    def __init__(self, queries, n_neighbors):
        self._queries = queries
        self.cosines = np.full((len(queries), n_neighbors), -np.inf, np.float32)
        self.rows = np.full((len(queries), n_neighbors), -1)

    def bars(self, products, cosines, slack):
        """What the worst neighbour of each query is sure to reach."""
        n_neighbors = self.cosines.shape[1]
        bars = self.cosines[:, -1]
        if np.isfinite(bars).all() or cosines.shape[1] < n_neighbors:
            return bars
        # Before enough is known: as many rows as are wanted reach the least of the
        # best of as many groups. More groups than that raise the bar.
        n_groups = max(_GROUPS, _GROUPS_PER_NEIGHBOR * n_neighbors)
        best = products.largest(cosines, min(n_groups, cosines.shape[1]))
        return np.maximum(
            bars, np.partition(best, -n_neighbors)[:, -n_neighbors] - slack
        )

    def look_at(self, which, segment, rows, first_row):
        """Let rows in, each for a query, where they beat what is there."""
        cosines = np.empty(len(which), np.float32)
        for pairs in batch_slices(len(which), _PAIRS):
            vectors = segment.take(rows[pairs])
            queries = self._queries[which[pairs]]
            cosines[pairs] = np.einsum("ij,ij->i", queries, vectors)
        better = cosines > self.cosines[which, -1]
        if better.any():
            self._put(which[better], first_row + rows[better], cosines[better])

    def _put(self, which, rows, cosines):
        changed, which = np.unique(which, return_inverse=True)
        n_neighbors = self.cosines.shape[1]
        known = np.repeat(np.arange(len(changed)), n_neighbors)
        all_which = np.concatenate([known, which])
        all_rows = np.concatenate([self.rows[changed].ravel(), rows])
        all_cosines = np.concatenate([self.cosines[changed].ravel(), cosines])
        order = np.lexsort((all_rows, -all_cosines, all_which))
        first = np.searchsorted(all_which[order], np.arange(len(changed)))
        chosen = order[first[:, np.newaxis] + np.arange(n_neighbors)]
        self.cosines[changed], self.rows[changed] = (
            all_cosines[chosen],
            all_rows[chosen],
        )
