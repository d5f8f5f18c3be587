"""What indexes in memory share: ids, metadata, removed rows and saving.

Such an index has a row for each vector that ever came. `remove` only marks a row, and
a search looks at rows that are neither marked nor excluded by a condition. When most
rows are marked, the index is made anew of the others.
"""

import numpy as np

from itm_sklearn._directory import SavedDirectory, write_directory
from itm_sklearn.retrieval._columns import append_columns
from itm_sklearn.retrieval._vector_index import VectorIndex


class RowIndex(VectorIndex):
    """A `VectorIndex` of rows; subclasses write how rows are kept and searched."""

    def save(self, path):
        """Write the index into a directory, whole or not at all.

        Parameters
        ----------
        path : str or Path
            The directory. An index that was saved there is replaced once this one
            is on disk, and is intact until then.

        Returns
        -------
        path : Path
            Where it was written.
        """
        with write_directory(path, type(self).__name__) as directory:
            self.write_parts(directory)
        return directory.path

    @classmethod
    def load(cls, path, *, mmap=False):
        """Read an index that `save` wrote, after a check of every byte.

        Parameters
        ----------
        path : str or Path
            The directory.
        mmap : bool, default=False
            Whether vectors are read from disk when they are needed, and never are
            in memory all at once.

        Returns
        -------
        index : VectorIndex
            As it was when saved.

        Raises
        ------
        ValueError
            If the directory is damaged or holds something else.
        """
        return cls.read_parts(SavedDirectory(path, kind=cls.__name__), mmap=mmap)

    def write_parts(self, directory, prefix=""):
        """Put the index into a directory that is being written, under a prefix."""
        self._compact()
        columns = {f"column_{name}": cells for name, cells in self._columns.items()}
        with directory.open(f"{prefix}rows.npz") as file:
            np.savez(file, ids=self._row_ids, **columns)
        directory.facts[f"{prefix}index"] = {
            "parameters": self.get_params(deep=False),
            "n_features": self.n_features_in_,
            "n_given": self._n_given,
            **self._write_vectors(directory, prefix),
        }

    @classmethod
    def read_parts(cls, directory, prefix="", *, mmap=False):
        """The index that `write_parts` put into a saved directory."""
        facts = directory.facts[f"{prefix}index"]
        index = cls(**facts["parameters"])
        index.n_features_in_ = facts["n_features"]
        index._n_given = facts["n_given"]
        with np.load(directory[f"{prefix}rows.npz"], allow_pickle=False) as rows:
            index._row_ids = rows["ids"]
            index._columns = {
                name.removeprefix("column_"): rows[name]
                for name in rows.files
                if name.startswith("column_")
            }
        index._revive()
        index._read_vectors(directory, prefix, facts, mmap)
        return index

    @property
    def n_vectors_(self):
        """The number of vectors that are in the index."""
        return len(self._alive) - self._n_removed

    @property
    def ids_(self):
        """The ids of the vectors that are in the index, rising."""
        return self._row_ids[self._alive]

    def _start(self, vectors, columns):
        self._n_given = len(vectors)
        self._row_ids = np.arange(len(vectors))
        self._revive()
        self._columns = columns
        self._clear_vectors()
        self._append_vectors(vectors)

    def _append(self, vectors, columns):
        columns = append_columns(self._columns, columns)
        self._append_vectors(vectors)
        ids = self._n_given + np.arange(len(vectors))
        self._n_given += len(vectors)
        self._row_ids = np.concatenate([self._row_ids, ids])
        self._alive = np.concatenate([self._alive, np.ones(len(ids), bool)])
        self._columns = columns
        return ids

    def _holds(self, ids):
        return np.isin(ids, self.ids_)

    def _delete(self, ids):
        self._alive[np.searchsorted(self._row_ids, ids)] = False
        self._n_removed += len(ids)
        if 2 * self.n_vectors_ < len(self._alive):
            self._compact()

    def _compact(self):
        """Forget the removed rows."""
        alive = self._alive
        if alive.all():
            return
        self._keep_vectors(alive)
        self._row_ids = self._row_ids[alive]
        self._columns = {name: cells[alive] for name, cells in self._columns.items()}
        self._revive()

    def _revive(self):
        """Take all rows for wanted."""
        self._alive = np.ones(len(self._row_ids), bool)
        # Counted along, so that no search has to count.
        self._n_removed = 0

    def _search(self, queries, n_neighbors, condition):
        wanted, n_wanted = self._alive, self.n_vectors_
        if condition is not None:
            wanted = wanted & condition.matches(self._columns)
            n_wanted = int(np.count_nonzero(wanted))
        n_neighbors = min(n_neighbors, n_wanted)
        if not n_neighbors:
            empty = np.empty((len(queries), 0))
            return empty.astype(np.float32), empty.astype(np.int64)
        wanted = None if n_wanted == len(wanted) else wanted
        similarity, rows = self._search_rows(queries, n_neighbors, wanted)
        return similarity, self._row_ids[rows]

    def _cells(self, column, ids):
        if column not in self._columns:
            known = ", ".join(sorted(self._columns)) or "none"
            raise ValueError(
                f"group_by={column!r} is no column of the metadata; known are: {known}."
            )
        return self._columns[column][np.searchsorted(self._row_ids, ids)]

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_row_ids")

    def _clear_vectors(self):
        """Hold no rows."""
        raise NotImplementedError

    def _append_vectors(self, vectors):
        """Hold these rows below the others."""
        raise NotImplementedError

    def _keep_vectors(self, alive):
        """Hold only the rows of this mask."""
        raise NotImplementedError

    def _search_rows(self, queries, n_neighbors, wanted):
        """Cosines and rows of the nearest of the wanted rows; None wants all."""
        raise NotImplementedError

    def _write_vectors(self, directory, prefix):
        """Write parts; returns facts."""
        raise NotImplementedError

    def _read_vectors(self, directory, prefix, facts, mmap):
        """Hold the rows of a saved directory."""
        raise NotImplementedError
