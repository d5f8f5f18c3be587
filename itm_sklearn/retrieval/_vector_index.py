"""The contract of every index: what goes in, what comes out, what is refused.

`_row_index.py` adds what indexes in memory share. A new index writes the methods
below that raise NotImplementedError.
"""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from itm_sklearn._batching import batch_slices
from itm_sklearn.retrieval._columns import read_columns
from itm_sklearn.retrieval._filter import Filter

# Half precision is widened where it is used, so that it can stay on disk.
_FLOATS = (np.float32, np.float16)
# Rows on disk that are looked at together.
_ROWS = 4096


class VectorIndex(BaseEstimator):
    """Finds the vectors that point most nearly the way of a query.

    Vectors get the ids 0, 1, 2 ... in the order in which they come, by `fit` and then
    by `add`, and keep them for good: an id that was removed is not given again.
    """

    def fit(self, X, y=None, *, metadata=None):
        """Take a gallery in, in place of what was there.

        Parameters
        ----------
        X : array-like of shape (n_vectors, n_features)
            The vectors; their lengths make no difference.
        y : None
            Ignored.
        metadata : DataFrame or dict of array-like, default=None
            Columns of text, numbers or truth values with a row for each vector, for
            the conditions of `kneighbors`.

        Returns
        -------
        self : VectorIndex
            The index, ready for `kneighbors`.
        """
        vectors = self._check(X, reset=True)
        self._start(vectors, read_columns(metadata, len(vectors)))
        return self

    def add(self, X, *, metadata=None):
        """Take more vectors in.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            The vectors.
        metadata : DataFrame or dict of array-like, default=None
            The columns that `fit` was given, with a row for each new vector.

        Returns
        -------
        ids : ndarray of int64 of shape (n_new,)
            The ids that they got.
        """
        check_is_fitted(self)
        vectors = self._check(X)
        return self._append(vectors, read_columns(metadata, len(vectors)))

    def remove(self, ids):
        """Take vectors out; the others keep their ids.

        Parameters
        ----------
        ids : array-like of int
            What to remove.

        Raises
        ------
        ValueError
            If the index does not hold one of the ids; then nothing is removed.
        """
        check_is_fitted(self)
        ids = np.atleast_1d(np.asarray(ids))
        if ids.size and ids.dtype.kind not in "iu":
            raise TypeError(f"ids of type {ids.dtype} are no ids: give whole numbers.")
        ids = np.unique(ids.astype(np.int64))
        absent = ids[~self._holds(ids)]
        if absent.size:
            raise ValueError(
                f"The index does not hold {absent.size} of the {ids.size} ids, such as "
                f"{absent[0]}. Remove what `fit` and `add` numbered, and once."
            )
        self._delete(ids)

    def kneighbors(self, X, n_neighbors=5, *, where=None, group_by=None):
        """Find the nearest vectors of each query, the nearest first.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            The queries.
        n_neighbors : int, default=5
            How many vectors each query gets.
        where : str, default=None
            A condition on the metadata, such as ``"label == 'dog' and year > 2020"``.
            Only vectors that meet it are searched.
        group_by : str, default=None
            A column of the metadata, such as the image that a vector is a part of.
            Of each group only the nearest vector counts.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            One minus the cosine: 0 for the same direction, 2 for the opposite one.
            Under `where` and `group_by` there are fewer columns if there are fewer
            vectors or groups.
        ids : ndarray of int64 of shape (n_queries, n_neighbors)
            Ids of the vectors. Of vectors at one distance, `ExactIndex` gives the first
            first.

        Raises
        ------
        ValueError
            If the index holds fewer vectors than are asked for, or has no such
            column.
        """
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        queries = self._check(X)
        n_vectors = self.n_vectors_
        if not 1 <= n_neighbors <= n_vectors:
            raise ValueError(
                f"n_neighbors={n_neighbors}, but the index holds {n_vectors} vectors: "
                f"ask for 1 to {n_vectors}."
            )
        condition = None if where is None else Filter(where)
        if group_by is None:
            similarity, ids = self._search(queries, n_neighbors, condition)
        else:
            similarity, ids = self._search_groups(
                queries, n_neighbors, condition, group_by
            )
        # A vector is not less than nothing away from itself, whatever rounding says.
        return np.maximum(1 - similarity, 0), ids

    def _check(self, X, reset=False):
        """The vectors as `_FLOATS`; those on disk stay there."""
        if not reset and self._is_sound(X):
            return X
        if not (isinstance(X, np.memmap) and X.ndim == 2 and X.dtype in _FLOATS):
            return validate_data(self, X, dtype=_FLOATS, reset=reset)
        validate_data(self, X[:1], dtype=_FLOATS, reset=reset)
        for block in batch_slices(len(X), _ROWS):
            check_array(X[block], dtype=_FLOATS)
        return X

    def _is_sound(self, X):
        """Whether all the checks would find nothing: they cost more than a search."""
        return (
            type(X) is np.ndarray
            and X.dtype in _FLOATS
            and X.ndim == 2
            and len(X) > 0
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X).all())
        )

    def _search_groups(self, queries, n_neighbors, condition, column):
        """Look at ever more vectors, until they are of enough groups."""
        n_looked_at = 2 * n_neighbors
        while True:
            similarity, ids = self._search(queries, n_looked_at, condition)
            groups = self._cells(column, ids)
            firsts = [_firsts(row)[:n_neighbors] for row in groups]
            n_found = min(map(len, firsts))
            # Fewer than asked for are all that there are.
            if n_found == n_neighbors or ids.shape[1] < n_looked_at:
                break
            n_looked_at *= 4
        chosen = np.array([first[:n_found] for first in firsts], dtype=int)
        return tuple(
            np.take_along_axis(part, chosen, axis=1) for part in (similarity, ids)
        )

    @property
    def n_vectors_(self):
        """The number of vectors that are in the index."""
        raise NotImplementedError

    def _start(self, vectors, columns):
        """Hold these vectors of `_FLOATS` and nothing else."""
        raise NotImplementedError

    def _append(self, vectors, columns):
        """Hold these as well; returns their ids."""
        raise NotImplementedError

    def _holds(self, ids):
        """Which of the ids are in the index, as a mask."""
        raise NotImplementedError

    def _delete(self, ids):
        """Hold these no longer."""
        raise NotImplementedError

    def _search(self, queries, n_neighbors, condition):
        """Cosines and ids of the nearest vectors that meet the condition, or of all.

        There are fewer columns than neighbours asked for if fewer vectors are there.
        """
        raise NotImplementedError

    def _cells(self, column, ids):
        """What the column of that name holds for an array of ids."""
        raise NotImplementedError


def _firsts(groups):
    """Where each group comes for the first time, in order."""
    return np.sort(np.unique(groups, return_index=True)[1])
