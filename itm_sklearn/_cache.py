"""A cache of encoded items on disk, one entry an item.

`compose.DualEncoder(memory=...)` opens it for the time of a `fit` or `transform`;
frozen encoders look into it through `FrozenEncoderMixin` in `base.py`.
"""

import hashlib
import io
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from contextvars import ContextVar
from numbers import Integral
from pathlib import Path
from warnings import warn

import numpy as np

from itm_sklearn._batching import batch_slices

__all__ = ["FeatureCache", "active_cache", "digest", "read_size", "use_cache"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    age INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB UNIQUE NOT NULL,
    value BLOB NOT NULL,
    checksum BLOB NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sizes ON items (age, size);
"""
_DROP_OLDEST = """
DELETE FROM items WHERE age <= (
    SELECT MAX(age) FROM (
        SELECT age, SUM(size) OVER (ORDER BY age DESC) AS newer_bytes FROM items
    ) WHERE newer_bytes > ?
)
"""
# SQLite takes this many parameters in one statement.
_KEYS_AT_ONCE = 500
# Each stands for 1,000 times the one before, or 1,024 times with an i behind it.
_PREFIXES = ("", "K", "M", "G", "T")
_ACTIVE = ContextVar("active_cache", default=None)


def digest(*parts):
    """A short fingerprint of bytes; different parts never run into each other.

    Examples
    --------
    >>> digest(b"ab", b"c") == digest(b"a", b"bc")
    False
    """
    fingerprint = hashlib.blake2b(digest_size=16)
    for part in parts:
        fingerprint.update(len(part).to_bytes(8, "little"))
        fingerprint.update(part)
    return fingerprint.digest()


class FeatureCache:
    """Arrays on disk by key, safe with several processes and after a killed run.

    The store is one SQLite file with a write-ahead log: an entry is there whole
    or not at all. An entry whose checksum does not fit is as good as absent. A file
    that can't be read or written, for want of room or of permission, costs a warning
    and the time to encode again, not the run.

    Parameters
    ----------
    directory : str or Path
        Made if it is not there.
    max_bytes : int
        When the entries outgrow this, the oldest are dropped. The file does not
        shrink: its empty pages are filled again.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     cache = FeatureCache(directory, max_bytes=10**6)
    ...     cache.put_many({b"key": (np.arange(3),)})
    ...     cache.get_many([b"key", b"other"])
    {b'key': (array([0, 1, 2]),)}
    """

    def __init__(self, directory, *, max_bytes):
        self.path = Path(directory) / "features.sqlite"
        self.max_bytes = max_bytes
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._run(lambda connection: connection.executescript(_SCHEMA))

    def _run(self, work):
        """Let a function work on a connection; a warning tells what fails there."""
        try:
            with closing(self._connect()) as connection, connection:
                work(connection)
        except sqlite3.Error as error:
            warn(
                f"The cache {self.path} can't be used ({error}). What it should hold "
                "is encoded again. Make room there, or pass another memory=.",
                stacklevel=4,
            )

    def _connect(self):
        if not os.access(self.path.parent, os.W_OK):
            # Nobody who is bound by it writes, and checksums find what others do.
            place = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
            return sqlite3.connect(place, uri=True)
        connection = sqlite3.connect(self.path, timeout=60)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def get_many(self, keys):
        """The entries that are there and whole, as a dict from key to arrays."""
        found = {}

        def look(connection):
            for batch in batch_slices(len(keys), _KEYS_AT_ONCE):
                marks = ",".join("?" * len(keys[batch]))
                query = f"SELECT key, value, checksum FROM items WHERE key IN ({marks})"
                for key, value, checksum in connection.execute(query, keys[batch]):
                    if digest(key, value) == checksum:
                        found[key] = _unpack(value)

        self._run(look)
        return found

    def put_many(self, entries):
        """Store a dict from key to a tuple of arrays, all of it or nothing."""
        rows = []
        for key, arrays in entries.items():
            value = _pack(arrays)
            rows.append((key, value, digest(key, value), len(value)))
        insert = (
            "INSERT OR REPLACE INTO items (key, value, checksum, size) "
            "VALUES (?, ?, ?, ?)"
        )

        def store(connection):
            connection.executemany(insert, rows)
            connection.execute(_DROP_OLDEST, (self.max_bytes,))

        self._run(store)


def _pack(arrays):
    buffer = io.BytesIO()
    for array in arrays:
        np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _unpack(value):
    buffer = io.BytesIO(value)
    arrays = []
    while buffer.tell() < len(value):
        arrays.append(np.load(buffer, allow_pickle=False))
    return tuple(arrays)


def read_size(size):
    """Bytes for a number of them or a text such as "500MB" or "8GiB".

    Examples
    --------
    >>> read_size("1.5 KiB"), read_size("2GB"), read_size(10)
    (1536, 2000000000, 10)
    """
    if isinstance(size, Integral) and size > 0:
        return int(size)
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?)(i?)B", str(size))
    if not found or not float(found[1]):
        raise ValueError(
            f"memory_size={size!r} is no size. Give a positive number of bytes, or a "
            'number with its unit, such as "500MB" or "8GiB".'
        )
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _PREFIXES.index(prefix))


def active_cache():
    """The cache that frozen encoders use at present, or None."""
    return _ACTIVE.get()


@contextmanager
def use_cache(directory, size):
    """Let frozen encoders look into the cache in `directory`; None changes nothing."""
    max_bytes = read_size(size)
    if directory is None:
        yield
        return
    token = _ACTIVE.set(FeatureCache(directory, max_bytes=max_bytes))
    try:
        yield
    finally:
        _ACTIVE.reset(token)
