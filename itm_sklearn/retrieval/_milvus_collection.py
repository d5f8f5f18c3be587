"""One collection of a Milvus database: all that is said to the database is here."""

import numpy as np

from itm_sklearn._batching import batch_slices
from itm_sklearn._optional import require

_KEY, _VECTOR = "id", "vector"
# The next id is kept with the collection, so that none is ever given twice.
_NEXT_ID = "itm_sklearn.next_id"
# A server answers with no more rows than this.
_MOST = 16_384
# The embedded server hangs up on an idle client that asks whether it is alive.
_WITHOUT_PINGS = {"grpc.keepalive_time_ms": 2**31 - 1}
_LONGEST_TEXT = 65_535
_TYPES = {"b": "BOOL", "i": "INT64", "f": "DOUBLE", "U": "VARCHAR"}
_INDEXES = {
    "flat": ("FLAT", {}),
    "hnsw": ("HNSW", {"M": 32, "efConstruction": 200}),
    "auto": ("AUTOINDEX", {}),
}


class MilvusCollection:
    """Vectors of length one, and metadata, by id.

    Parameters
    ----------
    uri, name : str
        The database, and the collection in it.
    token : str or None
        What a server asks for.
    """

    def __init__(self, uri, name, token):
        self.uri, self.name, self.token = uri, name, token
        self._connection = None

    @property
    def _client(self):
        """The connection, made when it is first needed and never pickled."""
        if self._connection is None:
            milvus = require("pymilvus", extra="milvus", caller="MilvusIndex")
            settings = {"token": self.token or ""}
            if self.uri.endswith(".db"):
                require("milvus_lite", extra="milvus", caller="MilvusIndex in a file")
                settings["grpc_options"] = _WITHOUT_PINGS
            self._connection = milvus.MilvusClient(self.uri, **settings)
        return self._connection

    def __getstate__(self):
        return {**vars(self), "_connection": None}

    def create(self, n_features, columns, kind, *, overwrite):
        """Make the collection, in place of one of that name if that is allowed."""
        if not overwrite and self._client.has_collection(self.name):
            raise ValueError(
                f"{self.uri} has a collection {self.name!r} already. Name another one, "
                "or set overwrite=True to lose what is in it."
            )
        taken = sorted(columns.keys() & {_KEY, _VECTOR})
        if taken:
            raise ValueError(
                f"A column of the metadata is called {taken[0]!r}, as the database "
                "calls its own. Rename it."
            )
        index = self._client.prepare_index_params()
        index_type, params = _INDEXES[kind]
        index.add_index(_VECTOR, index_type=index_type, metric_type="IP", params=params)
        self._client.drop_collection(self.name)
        self._client.create_collection(
            self.name,
            schema=self._schema(n_features, columns),
            index_params=index,
            consistency_level="Strong",
            properties={_NEXT_ID: "0"},
        )

    def _schema(self, n_features, columns):
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(_KEY, DataType.INT64, is_primary=True)
        schema.add_field(_VECTOR, DataType.FLOAT_VECTOR, dim=n_features)
        for name, cells in columns.items():
            # Every type of cell but text ignores the length.
            field_type = DataType[_TYPES[cells.dtype.kind]]
            schema.add_field(name, field_type, max_length=_LONGEST_TEXT)
        return schema

    def n_features(self):
        """The length of the vectors of a collection that is there; it is loaded."""
        if not self._client.has_collection(self.name):
            names = self._client.list_collections()
            raise ValueError(
                f"{self.uri} has no collection {self.name!r}, but {names}. Fit the "
                "index, or name another collection."
            )
        self._client.load_collection(self.name)
        return self._fields()[_VECTOR]["params"]["dim"]

    def reserve_ids(self, n_ids):
        """Ids that no other vector has, had or will have."""
        properties = self._client.describe_collection(self.name)["properties"]
        first = int(properties[_NEXT_ID])
        self._client.alter_collection_properties(
            self.name, properties={_NEXT_ID: str(first + n_ids)}
        )
        return first + np.arange(n_ids)

    def insert(self, ids, vectors, columns):
        """Put vectors and their metadata in."""
        names = [_KEY, _VECTOR, *columns]
        cells = [ids.tolist(), vectors, *(part.tolist() for part in columns.values())]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]
        self._client.insert(self.name, rows)

    def delete(self, ids):
        """Take vectors out."""
        for part in batch_slices(len(ids), _MOST):
            self._client.delete(self.name, ids=ids[part].tolist())

    def count(self):
        """The number of vectors."""
        rows = self._client.query(self.name, filter="", output_fields=["count(*)"])
        return rows[0]["count(*)"]

    def search(self, queries, n_neighbors, condition):
        """Lists of hits, each with an id and a distance, which is the cosine."""
        if n_neighbors > _MOST:
            raise ValueError(
                f"The search looks at {n_neighbors} neighbours, and Milvus gives no "
                f"more than {_MOST:,}. Ask for fewer."
            )
        return self._client.search(
            self.name,
            data=list(queries),
            limit=n_neighbors,
            filter="" if condition is None else str(condition),
            output_fields=[_KEY],
        )

    def cells(self, column, ids):
        """What the column holds, as a dict from the ids that are there."""
        cells = {}
        for part in batch_slices(len(ids), _MOST):
            rows = self._client.get(
                self.name, ids=ids[part].tolist(), output_fields=[_KEY, column]
            )
            cells |= {row[_KEY]: row[column] for row in rows}
        return cells

    def check_columns(self, columns):
        """Refuse columns that are not those of the collection."""
        expected = {
            name: field["type"].name
            for name, field in self._fields().items()
            if name not in (_KEY, _VECTOR)
        }
        given = {name: _TYPES[cells.dtype.kind] for name, cells in columns.items()}
        if given != expected:
            raise ValueError(
                f"The collection has the columns {expected}, and {given} are added. "
                "Give the same columns."
            )

    def check_names(self, names):
        """Refuse names that are no columns of the metadata."""
        known = sorted(self._fields().keys() - {_KEY, _VECTOR})
        absent = sorted(set(names) - set(known))
        if absent:
            raise ValueError(
                f"The collection has no column {absent[0]!r}; known are: "
                f"{', '.join(known) or 'none'}."
            )

    def _fields(self):
        description = self._client.describe_collection(self.name)
        return {field["name"]: field for field in description["fields"]}
