"""A run of rows of a gallery, in memory or on disk, in few or many bytes each.

A row is stored as any numbers that point its way, and a factor that gives them length
one: floats as they lie on disk, or whole numbers from -127 to 127. Rows in few bytes
may have their originals on disk; then cosines can be off by the slack, the largest
distance between an original and what is stored, and exact vectors come from disk.
"""

import numpy as np

from itm_sklearn._batching import batch_slices

_ROWS = 4096


class Segment:
    """Rows, and the factors that bring them to length one.

    Parameters
    ----------
    stored : ndarray of shape (n_rows, n_features)
        The rows, of any type of number.
    original : Segment, default=None
        The rows as they were, on disk. None takes what is stored for the truth.

    Attributes
    ----------
    slack : float
        The largest distance between a stored row and its original.
    """

    def __init__(self, stored, original=None):
        self.stored, self.original = stored, original
        self.scale = _scale_rows(stored)
        self._has_ones = np.abs(self.scale - 1).max() <= np.finfo(np.float32).eps
        self.slack = 0.0 if original is None else self._largest_error()

    @classmethod
    def pack(cls, vectors, storage):
        """A segment of the vectors, stored in memory as numbers of that type.

        Vectors on disk stay there, unless the type is smaller than theirs; even
        then they are kept as the originals.
        """
        on_disk = isinstance(vectors, np.memmap)
        if on_disk and vectors.itemsize <= np.dtype(storage).itemsize:
            return cls(vectors)
        stored = np.empty(vectors.shape, storage)
        for block in batch_slices(len(vectors), _ROWS):
            stored[block] = _pack(vectors[block], storage)
        return cls(stored, cls(vectors) if on_disk else None)

    def __len__(self):
        return len(self.stored)

    @property
    def on_disk(self):
        """Whether any of the rows lie on disk."""
        return self.original is not None or isinstance(self.stored, np.memmap)

    def take(self, rows):
        """The true rows of these numbers, as float32 vectors of length one."""
        return (self if self.original is None else self.original)._unit(rows)

    def fast(self, rows):
        """What is stored of these rows as float32, and the factors, None for ones."""
        vectors = self.stored[rows].astype(np.float32, copy=False)
        return vectors, None if self._has_ones else self.scale[rows]

    def write(self, directory, name):
        """Put the rows into a directory that is being written; returns the name."""
        for segment, suffix in ((self, "npy"), (self.original, "original.npy")):
            if segment is not None:
                with directory.open(f"{name}.{suffix}") as file:
                    np.save(file, segment.stored, allow_pickle=False)
        return name

    @classmethod
    def read(cls, directory, name, *, mmap):
        """The segment that `write` put into a saved directory."""
        original = None
        if f"{name}.original.npy" in directory:
            original = cls(np.load(directory[f"{name}.original.npy"], mmap_mode="r"))
        mode = "r" if mmap and original is None else None
        return cls(np.load(directory[f"{name}.npy"], mmap_mode=mode), original)

    def keep(self, wanted):
        """A segment of the rows of a mask."""
        if self.original is None:
            return Segment(self.stored[wanted])
        return Segment(self.stored[wanted], Segment(self.original.stored[wanted]))

    def _unit(self, rows):
        vectors, scale = self.fast(rows)
        return vectors if scale is None else vectors * scale[:, np.newaxis]

    def _largest_error(self):
        largest = 0.0
        for block in batch_slices(len(self), _ROWS):
            error = self._unit(block) - self.original._unit(block)
            largest = max(largest, np.einsum("ij,ij->i", error, error).max())
        # Rounding in single precision may have hidden a part of it.
        return float(np.sqrt(largest)) * 1.001


def unit_vectors(vectors):
    """The vectors as float32, brought to length one."""
    scaled = vectors * _scale_rows(vectors)[:, np.newaxis]
    return scaled.astype(np.float32, copy=False)


def join(segments):
    """One segment of the rows of all, which are in memory."""
    return Segment(np.concatenate([segment.stored for segment in segments]))


def _pack(vectors, storage):
    """The directions of vectors in numbers of the type."""
    if storage != "int8":
        return vectors * _scale_rows(vectors)[:, np.newaxis]
    largest = np.abs(vectors).max(axis=1, keepdims=True).astype(np.float64)
    return np.rint(vectors * (127 / np.where(largest > 0, largest, 1)))


def _scale_rows(vectors):
    """What each row is to be multiplied by to have length one; zeros stay zeros."""
    # A query alone waits for every call.
    if len(vectors) <= _ROWS:
        squares = _squared_lengths(vectors)
    else:
        blocks = (vectors[rows] for rows in batch_slices(len(vectors), _ROWS))
        squares = np.concatenate([_squared_lengths(block) for block in blocks])
    squares[squares == 0] = 1
    return (1 / np.sqrt(squares)).astype(np.float32)


def _squared_lengths(vectors):
    return np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
