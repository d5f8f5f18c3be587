"""What to do with images and texts that can't be read: stop, or leave them out.

`load_pairs` and `load_questions` ask here, and so does `itm index`. Pairs are left
out where pairs are made and nowhere else: an encoder that dropped an image would give
its row to the next one, so encoders stop and name it.
"""

import os
import sys
import warnings

import numpy as np

from itm_sklearn._load_image import unreadable_images
from itm_sklearn.pairs import as_pairs

__all__ = ["check_on_error", "drop_unreadable", "readable_rows", "report"]

_N_SHOWN = 5
_CHOICES = ("raise", "warn", "skip")
_PACKAGE = os.path.dirname(os.path.dirname(__file__))


def drop_unreadable(pairs, *, on_error="warn"):
    """Pairs whose images can all be read, found out by decoding each of them.

    Parameters
    ----------
    pairs : ImageTextPairs or DataFrame
        Pairs with images: paths, bytes, images of Pillow or arrays.
    on_error : {"raise", "warn", "skip"}, default="warn"
        What to do when images can't be read: stop, or leave their pairs out, with a
        warning or without a word. Error and warning name the first few and say why.

    Returns
    -------
    pairs : ImageTextPairs
        Those that are left; all of them if nothing is wrong.

    Raises
    ------
    ValueError
        If images can't be read and ``on_error="raise"``, or if none can be read.

    See Also
    --------
    load_pairs : Does this by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.datasets import drop_unreadable
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs([np.zeros((8, 8)), b"no image"], ["black", "broken"])
    >>> drop_unreadable(pairs, on_error="skip").texts
    ['black']
    """
    check_on_error(on_error)
    pairs = as_pairs(pairs)
    rows = readable_rows(pairs, on_error)
    return pairs if rows.all() else pairs[rows]


def readable_rows(pairs, on_error):
    """A mask of the rows that are to be kept, after a report on the others."""
    if pairs.images is None:
        raise ValueError(f"{pairs!r} has no images that could be read.")
    problems = unreadable_images(list(pairs.images))
    readable = ~np.isin(pairs.image_index, list(problems))
    if not problems:
        return readable
    reasons = " ".join(list(problems.values())[:_N_SHOWN])
    problem = f"{len(problems)} of {pairs.n_images} images can't be read. {reasons}"
    report(ValueError, problem.rstrip("."), "Replace them", on_error)
    if not readable.any():
        raise ValueError(f"{problem} No pair is left.")
    return readable


def check_on_error(on_error):
    """Refuse a choice that there is not."""
    if on_error not in _CHOICES:
        raise ValueError(
            f"on_error={on_error!r} must be 'raise', 'warn' (leave out with a "
            "warning) or 'skip' (leave out)."
        )


def report(kind, problem, cure, on_error):
    """Stop, warn in the line of the caller of this package, or say nothing."""
    if on_error == "raise":
        raise kind(f"{problem}. {cure}, or leave them out with on_error='warn'.")
    if on_error == "warn":
        warnings.warn(
            f"{problem}. They are left out.",
            UserWarning,
            stacklevel=_level_of_caller(),
        )


def _level_of_caller():
    """How many calls up the first line stands that is not of this package."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
