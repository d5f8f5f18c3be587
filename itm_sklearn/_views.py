"""A single view: a list of items, or anything that is indexed by rows like an array.

`pairs.py` joins two of them.
"""

from collections.abc import Hashable
from contextlib import contextmanager

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_array

__all__ = [
    "apply_to_view",
    "as_view",
    "check_characters",
    "check_numbers",
    "check_vectors",
    "count",
    "describe",
    "first_rows",
    "identify_texts",
    "length",
    "naming_rows",
]

# Sums of squares of larger numbers are infinite in single precision.
_LARGEST = 1e18
# Rows that an error lists, and characters of a text that it shows.
_N_NAMED = 5
_N_SHOWN = 60
# Sparse formats that can't be indexed by rows; `scipy.sparse.hstack` gives the first.
_WITHOUT_ROWS = {"coo", "dia", "bsr"}
_ANY = {"ensure_2d": False, "allow_nd": True, "ensure_min_samples": 0}


def as_view(view, name):
    """The view as a list or as something that numpy-like row indexing works on."""
    view = _with_rows(view)
    if isinstance(view, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, of which the mask would be lost. Fill in what "
            "is masked with its filled(value)."
        )
    if hasattr(view, "shape") and hasattr(view, "__getitem__"):
        # Columns of paths or strings come as one-dimensional arrays of objects.
        if getattr(view, "dtype", None) is not None and _holds_strings(view):
            view = view.tolist()
    elif view is None:
        return None
    elif isinstance(view, list | tuple):
        view = list(view)
    else:
        raise TypeError(
            f"{name} must be a list or an array of items, got {type(view).__name__}. "
            f"For a single item write {name}=[item]."
        )
    if name == "texts" and isinstance(view, list):
        _check_strings(view)
    return view


def _with_rows(view):
    """Columns of tables, and sparse formats that are no rows, as what has rows."""
    if hasattr(view, "to_numpy"):
        return view.to_numpy()
    if issparse(view) and view.format in _WITHOUT_ROWS:
        return view.tocsr()
    return view


def _holds_strings(view):
    return len(view.shape) == 1 and getattr(view.dtype, "kind", "") in "OUT"


def _check_strings(texts):
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"texts[{row}] is {repr(text)[:_N_SHOWN]}, a {type(text).__name__} and "
                "not a string. Vectors go into an array, not into a list."
            )
        check_characters(text, f"texts[{row}]")


def check_characters(text, name):
    """Refuse halves of characters, which come from wrong decoding and fit no file.

    Examples
    --------
    >>> check_characters("a dog 🐶", "texts[0]")
    """
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} holds {text[error.start]!r}, which is no character. Decode the "
            "bytes that it came from with their own encoding, or errors='replace'."
        ) from None


def length(view):
    """How many items the view has."""
    return view.shape[0] if hasattr(view, "shape") else len(view)


def apply_to_view(function, view, name):
    """What the function makes of the view, if both are there: as many items."""
    if function is None or view is None:
        return view
    result = as_view(function(view), f"The result of {name}=")
    if length(result) != length(view):
        raise ValueError(
            f"{name}= turned {length(view)} items into {length(result)}. It must "
            "give one item for each that it gets."
        )
    return result


def identify_texts(texts):
    """Numbers that are equal where two strings are; all different for vectors."""
    if not isinstance(texts, list):
        return np.arange(length(texts))
    return first_rows(texts)[1]


def first_rows(values):
    """First row of each distinct value, and the number of the value of each row."""
    numbers = {}
    index = np.empty(len(values), dtype=np.intp)
    rows = []
    for row, value in enumerate(values):
        key = value if isinstance(value, Hashable) else id(value)
        if key not in numbers:
            numbers[key] = len(numbers)
            rows.append(row)
        index[row] = numbers[key]
    return rows, index


def describe(view, noun):
    """How many items of what kind, in a few words."""
    if view is None:
        return f"no {noun}s"
    number = count(length(view), noun)
    if len(getattr(view, "shape", ())) > 1:
        return f"{number} of {view.dtype} × {' × '.join(map(str, view.shape[1:]))}"
    return f"{number} of {type(view[0]).__name__}" if length(view) else number


def count(number, noun):
    """The number with its noun, in the plural if need be."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def check_numbers(view, name):
    """A view as an array of finite numbers of any shape.

    Examples
    --------
    >>> check_numbers(np.ones((2, 7, 3), np.float16), "texts").dtype
    dtype('float16')
    """
    # Half precision stays half as large.
    kinds = {"dtype": (np.float64, np.float32, np.float16)}
    view = check_vectors(view, name, ensure_2d=False, allow_nd=True, **kinds)
    if not view.size:
        raise ValueError(f"The {name} of shape {view.shape} hold no number.")
    return view


def check_vectors(view, name, *, dtype=(np.float64, np.float32), **kinds):
    """A view as a matrix of finite numbers whose squares are finite, too.

    Examples
    --------
    >>> check_vectors([[1, 2]], "texts")
    array([[1., 2.]])
    """
    with naming_rows(view, name):
        view = check_array(view, dtype=dtype, input_name=name, **kinds)
    values = view.data if issparse(view) else view
    # A float of Python, since half precision can't be compared with the limit.
    largest = float(max(values.max(initial=0), -values.min(initial=0)))
    if largest > _LARGEST:
        raise ValueError(
            f"The {name} hold {largest:.3g}, and lengths of vectors with such numbers "
            "overflow. Scale the features, with StandardScaler for example."
        )
    return view


@contextmanager
def naming_rows(view, name):
    """Errors that say which rows lack a number, or which step has been left out.

    Examples
    --------
    >>> with naming_rows([[1, 2]], "texts"):
    ...     check_array([[1, 2]])
    array([[1, 2]])
    """
    if hasattr(view, "batches"):
        raise TypeError(
            f"The {name} are local descriptors, some for each item, and vectors are "
            "needed here. Put BagOfVisualWords() or another step that counts or sums "
            "them before."
        )
    try:
        yield
    except (TypeError, ValueError) as error:
        rows = _rows_not_finite(view)
        if not len(rows):
            _name_the_step(view, name, error)
            raise
        named = ", ".join(map(str, rows[:_N_NAMED]))
        more = f" and {len(rows) - _N_NAMED} more" if len(rows) > _N_NAMED else ""
        raise ValueError(
            f"The {name} hold NaN or infinity in row {named}{more}. Leave out the "
            "pairs of these rows, or fill in the numbers with SimpleImputer."
        ) from None


def _name_the_step(view, name, error):
    """Say which step makes vectors of what is none, if it is clear what it is."""
    if issparse(view) and isinstance(error, TypeError):
        raise TypeError(
            f"The {name} are sparse, and dense vectors are needed here. Put an aligner "
            "such as CCA() before, or TruncatedSVD() behind what encodes them."
        ) from error
    is_array = isinstance(view, np.ndarray) and view.ndim
    first = next(iter(view), None) if is_array or isinstance(view, list) else None
    if isinstance(first, str):
        found = f"strings such as {first[:_N_SHOWN]!r}"
    elif not isinstance(first, list) and len(np.shape(first)) > 1:
        found = f"of the shape {np.shape(first)} each"
    else:
        return
    raise ValueError(
        f"The {name} are {found}, and vectors are needed here. Put a step before that "
        "makes vectors of them, such as itm_sklearn.compose.DualEncoder."
    ) from error


def _rows_not_finite(view):
    """Numbers of the rows that hold NaN or infinity, if these are numbers at all."""
    try:
        if issparse(view):
            entries = view.tocoo()
            return np.unique(entries.row[~np.isfinite(entries.data)])
        finite = np.isfinite(check_array(view, ensure_all_finite=False, **_ANY))
    except (TypeError, ValueError):
        return np.empty(0, dtype=int)
    return np.flatnonzero(~finite.all(axis=tuple(range(1, finite.ndim))))
