"""Batches, threads, clusters and progress: the one place that cuts up work."""

import numpy as np
from joblib import Parallel, delayed
from joblib.parallel import (
    LokyBackend,
    MultiprocessingBackend,
    SequentialBackend,
    ThreadingBackend,
    get_active_backend,
)

__all__ = [
    "LazyRows",
    "batch_slices",
    "map_threads",
    "progress",
    "row_numbers",
    "spread",
    "take_rows",
]

# Backends of joblib that stay on this machine.
_LOCAL = {LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend}
# Items go to other processes in multiples of this, so that networks see the batches
# that they would see in one process.
_GRAIN = 32
# Chunks for each worker: who is done early takes another one.
_SHARES = 2


def batch_slices(n_items, batch_size):
    """Slices that cover ``range(n_items)`` in order, `batch_size` items each.

    Examples
    --------
    >>> list(batch_slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, n_items, batch_size):
        yield slice(start, min(start + batch_size, n_items))


def row_numbers(rows, n_rows):
    """Whole numbers for any way to name rows: slice, mask, list, one integer.

    Examples
    --------
    >>> row_numbers([True, False, True], 3)
    array([0, 2])
    >>> row_numbers(slice(1, None), 3)
    array([1, 2])
    """
    rows = np.asarray(rows) if isinstance(rows, list) else rows
    # An empty list is an array of floats to numpy.
    if isinstance(rows, np.ndarray) and rows.size == 0:
        rows = rows.astype(np.intp)
    return np.arange(n_rows)[rows]


def take_rows(items, rows):
    """The items of the given row numbers, from a list or anything like an array."""
    return items[rows] if hasattr(items, "shape") else [items[row] for row in rows]


def progress(iterable, *, total=None, desc=None, verbose=0):
    """The iterable, with a progress bar on stderr if `verbose` is not 0."""
    if not verbose:
        return iterable
    from tqdm.auto import tqdm

    return tqdm(iterable, total=total, desc=desc)


def map_threads(function, items, n_jobs=None):
    """Results of `function` in the order of `items`, worked out by threads."""
    return Parallel(n_jobs=n_jobs, require="sharedmem")(
        delayed(function)(item) for item in items
    )


def spread(function, items):
    """Results of `function` for chunks of the items, on a cluster if one is in use.

    Under ``joblib.parallel_config(backend="dask")`` the chunks go to its workers, which
    get a pickled function. Otherwise all items are one chunk, and stay here.

    Examples
    --------
    >>> spread(sum, [1, 2, 3])
    [6]
    """
    backend, n_workers = get_active_backend()
    # What a worker is asked for it does itself.
    if type(backend) in _LOCAL or backend.nesting_level:
        return [function(items)]
    n_chunks = _SHARES * backend.effective_n_jobs(n_workers or -1)
    size = -(-len(items) // (n_chunks * _GRAIN)) * _GRAIN
    chunks = [items[rows] for rows in batch_slices(len(items), size)]
    return Parallel()(delayed(function)(chunk) for chunk in chunks)


class LazyRows:
    """Rows that are computed when they are asked for, a batch at a time.

    Local descriptors of 100,000 photos do not fit into memory. A step that makes
    them returns this instead; the next step walks through `batches`.

    Parameters
    ----------
    items : list or array
        What the rows are computed from.
    compute : callable
        From a list or array of items to one batch: anything with a length, where
        ``batch[i]`` belongs to item ``i``.
    batch_size : int, default=64
        How many items go into one call of `compute`.

    Examples
    --------
    >>> rows = LazyRows([1, 2, 3], lambda items: [10 * item for item in items],
    ...                 batch_size=2)
    >>> list(rows.batches())
    [[10, 20], [30]]
    >>> rows[[2, 0]][0]
    30
    """

    def __init__(self, items, compute, *, batch_size=64):
        self.items = items
        self.compute = compute
        self.batch_size = batch_size

    def __len__(self):
        return len(self.items)

    @property
    def shape(self):
        """The number of rows, in a tuple as arrays have it."""
        return (len(self),)

    def __getitem__(self, rows):
        """The row of one integer, or the lazy rows of many."""
        if isinstance(rows, int | np.integer):
            return self.compute(take_rows(self.items, [rows]))[0]
        items = take_rows(self.items, row_numbers(rows, len(self)))
        return LazyRows(items, self.compute, batch_size=self.batch_size)

    def batches(self):
        """Computed batches, in the order of the rows."""
        for batch in batch_slices(len(self), self.batch_size):
            yield self.compute(self.items[batch])

    def __repr__(self):
        return f"LazyRows({len(self)} rows, {self.batch_size} a batch)"
