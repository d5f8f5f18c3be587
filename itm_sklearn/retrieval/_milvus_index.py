"""A gallery in the vector database Milvus: in a file here, or on a cluster elsewhere.

Vectors and metadata live in the database, not in the index, which is a view of them:
that is the road past the memory of one machine.
"""

from pathlib import Path
from uuid import uuid4

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import batch_slices
from itm_sklearn._directory import SavedDirectory, write_directory
from itm_sklearn.retrieval._milvus_collection import MilvusCollection
from itm_sklearn.retrieval._segment import unit_vectors
from itm_sklearn.retrieval._vector_index import VectorIndex

# Vectors that are sent, and queries that are asked, at once.
_ROWS = 1000
_QUERIES = 128


class MilvusIndex(VectorIndex):
    """Find the vectors that point most nearly the way of a query, in a database.

    What `fit`, `add` and `remove` do is done in the database, and is there after
    the process has ended: `connect` finds it again. One process at a time writes.

    Parameters
    ----------
    uri : str
        A file that ends in ``.db``, in which the database runs embedded
        (``pip install itm-sklearn[milvus]``), or the address of a server, such as
        ``"http://milvus.example:19530"``.
    collection : str, default=None
        What the gallery is called in the database. None makes up a name that no
        other gallery has.
    overwrite : bool, default=False
        Whether `fit` may replace a collection of that name that it did not make.
    kind : {"flat", "hnsw", "auto"}, default="flat"
        How it is searched: exhaustively, by a graph, or as the server likes best.
    token : str, default=None
        What a server asks for; it is never saved.

    Attributes
    ----------
    collection_ : str
        What the gallery is called in the database.
    n_vectors_ : int
        The number of vectors in the database.

    Examples
    --------
    >>> import tempfile
    >>> from itm_sklearn.retrieval import MilvusIndex
    >>> def search_twice(path):  # doctest: +SKIP
    ...     gallery = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    ...     labels = {"label": ["dog", "cat", "dog"]}
    ...     MilvusIndex(path, collection="three").fit(gallery, metadata=labels)
    ...     again = MilvusIndex(path, collection="three").connect()
    ...     return again.kneighbors([[0.0, 2.0]], 1, where="label == 'dog'")[1]
    >>> search_twice("gallery.db")  # doctest: +SKIP
    array([[2]])
    """

    _parameter_constraints = {
        "uri": [str, Path],
        "collection": [str, None],
        "overwrite": ["boolean"],
        "kind": [StrOptions({"flat", "hnsw", "auto"})],
        "token": [str, None],
    }

    def __init__(
        self, uri, *, collection=None, overwrite=False, kind="flat", token=None
    ):
        self.uri = uri
        self.collection = collection
        self.overwrite = overwrite
        self.kind = kind
        self.token = token

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, metadata=None):
        """Make a collection of a gallery, in place of the one it made before.

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
        self : MilvusIndex
            The index, ready for `kneighbors`.

        Raises
        ------
        ValueError
            If there is a collection of that name, unless `overwrite` is set.
        """
        return super().fit(X, y, metadata=metadata)

    def connect(self):
        """Take the collection that is in the database for the gallery.

        Returns
        -------
        self : MilvusIndex
            The index, ready for `kneighbors`, as if it had been fitted.

        Raises
        ------
        ValueError
            If the database has no such collection.
        """
        self._connect(self.collection)
        return self

    def _connect(self, name):
        self._stored, self.collection_ = self._open(name), name
        self.n_features_in_ = self._stored.n_features()

    def save(self, path):
        """Write down, in a directory, where the gallery is; it stays there.

        Parameters
        ----------
        path : str or Path
            The directory.

        Returns
        -------
        path : Path
            Where it was written.
        """
        with write_directory(path, type(self).__name__) as directory:
            self.write_parts(directory)
        return directory.path

    @classmethod
    def load(cls, path, *, token=None):
        """Connect to the gallery that `save` wrote down.

        Parameters
        ----------
        path : str or Path
            The directory.
        token : str, default=None
            What a server asks for.

        Returns
        -------
        index : MilvusIndex
            The index, ready for `kneighbors`.

        Raises
        ------
        ValueError
            If the directory is damaged, or the database has no such collection.
        """
        return cls.read_parts(SavedDirectory(path, kind=cls.__name__), token=token)

    def write_parts(self, directory, prefix=""):
        """Put the index into a directory that is being written, under a prefix."""
        check_is_fitted(self)
        parameters = self.get_params()
        del parameters["token"]
        if not self._is_server():
            parameters["uri"] = str(Path(self.uri).resolve())
        facts = {"parameters": parameters, "collection": self.collection_}
        directory.facts[f"{prefix}index"] = facts

    @classmethod
    def read_parts(cls, directory, prefix="", *, mmap=False, token=None):
        """The index that `write_parts` put into a saved directory."""
        facts = directory.facts[f"{prefix}index"]
        index = cls(**facts["parameters"], token=token)
        index._connect(facts["collection"])
        return index

    @property
    def n_vectors_(self):
        """The number of vectors in the database."""
        return self._stored.count()

    def _is_server(self):
        return "://" in str(self.uri)

    def _open(self, name):
        if not (self._is_server() or str(self.uri).endswith(".db")):
            raise ValueError(
                f"uri={str(self.uri)!r} is neither the address of a server, such as "
                "'http://localhost:19530', nor a file that ends in '.db'."
            )
        return MilvusCollection(str(self.uri), name, self.token)

    def _start(self, vectors, columns):
        made = getattr(self, "collection_", None)
        name = self.collection or made or f"itm_sklearn_{uuid4().hex}"
        stored = self._open(name)
        overwrite = self.overwrite or name == made
        stored.create(vectors.shape[1], columns, self.kind, overwrite=overwrite)
        self._stored, self.collection_ = stored, name
        self._send(vectors, columns)

    def _append(self, vectors, columns):
        self._stored.check_columns(columns)
        return self._send(vectors, columns)

    def _send(self, vectors, columns):
        ids = self._stored.reserve_ids(len(vectors))
        for block in batch_slices(len(vectors), _ROWS):
            cells = {name: values[block] for name, values in columns.items()}
            self._stored.insert(ids[block], unit_vectors(vectors[block]), cells)
        return ids

    def _holds(self, ids):
        return np.isin(ids, list(self._stored.cells("id", ids)))

    def _delete(self, ids):
        self._stored.delete(ids)

    def _search(self, queries, n_neighbors, condition):
        if condition is not None:
            self._stored.check_names(condition.names)
        queries = unit_vectors(queries)
        parts = [
            self._stored.search(queries[block], n_neighbors, condition)
            for block in batch_slices(len(queries), _QUERIES)
        ]
        found = [row for part in parts for row in part]
        # By a condition all queries find as many, or nearly: a graph may miss some.
        width = min(map(len, found))
        similarity = [[hit["distance"] for hit in row[:width]] for row in found]
        ids = [[hit["id"] for hit in row[:width]] for row in found]
        shape = len(found), width
        return (
            np.array(similarity, np.float32).reshape(shape),
            np.array(ids, np.int64).reshape(shape),
        )

    def _cells(self, column, ids):
        self._stored.check_names([column])
        cells = self._stored.cells(column, np.unique(ids))
        return np.array([cells[id_] for id_ in ids.ravel().tolist()]).reshape(ids.shape)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_stored")
