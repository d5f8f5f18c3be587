"""Metadata of vectors: columns of one length, with a row for each vector."""

import numpy as np

_KINDS = {
    "b": np.bool_,
    "i": np.int64,
    "u": np.int64,
    "f": np.float64,
    "U": np.str_,
}


def read_columns(metadata, n_rows):
    """A dict of arrays of truth values, whole or real numbers, or text.

    Parameters
    ----------
    metadata : DataFrame, dict of array-like, or None
        None has no columns.
    n_rows : int
        How many rows there must be.

    Returns
    -------
    columns : dict of str to ndarray of shape (n_rows,)
        In the order of the metadata.

    Examples
    --------
    >>> read_columns({"label": ["dog", "cat"], "year": [2020, 2021]}, 2)["year"]
    array([2020, 2021])
    """
    names = [] if metadata is None else list(getattr(metadata, "columns", metadata))
    return {name: _read_column(name, metadata[name], n_rows) for name in names}


def _read_column(name, values, n_rows):
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(
            f"The column {name!r} can't be named in a condition. Rename it to letters, "
            "digits and underscores."
        )
    cells = list(values)
    values = np.asarray(cells)
    if values.shape != (n_rows,):
        raise ValueError(
            f"The column {name!r} has the shape {values.shape}, but there are "
            f"{n_rows} vectors: give one value for each."
        )
    kind = values.dtype.kind
    # numpy turns a number, or the NaN of an empty cell, among strings into text.
    if kind not in _KINDS or (kind == "U" and not all(map(_is_text, cells))):
        raise TypeError(
            f"The column {name!r} mixes kinds or holds {values.dtype}; it can hold "
            "text, numbers or truth values. Convert it, and fill empty cells."
        )
    return values.astype(_KINDS[kind], copy=False)


def _is_text(cell):
    return isinstance(cell, str)


def append_columns(columns, more):
    """The rows of one dict of columns and, below, those of another.

    Examples
    --------
    >>> append_columns({"label": np.array(["ox"])}, {"label": np.array(["zebra"])})
    {'label': array(['ox', 'zebra'], dtype='<U5')}
    """
    for name in columns.keys() | more.keys():
        kinds = [part[name].dtype.kind for part in (columns, more) if name in part]
        if len(kinds) < 2 or kinds[0] != kinds[1]:
            raise ValueError(
                f"The column {name!r} of the metadata is not the same kind of column, "
                f"or not there at all, in what the index holds ({sorted(columns)}) "
                f"and in what is added ({sorted(more)}). Give the same columns."
            )
    return {name: np.concatenate([columns[name], more[name]]) for name in columns}
