"""Tables of pairs: the columns of a data frame or dataset, of whatever make.

`ImageTextPairs.from_frame` in `pairs.py` puts them together.
"""

__all__ = ["read_table"]

_TEXT_COLUMNS = ("text", "caption")


def read_table(frame):
    """The images, texts and image ids of a table, as lists; None where absent.

    Without a column ``image_id``, the images themselves are the ids.
    """
    names = list(getattr(frame, "column_names", None) or frame.columns)
    images = _column(frame, "image") if "image" in names else None
    text = next((name for name in _TEXT_COLUMNS if name in names), None)
    texts = _column(frame, text) if text else None
    if images is None and texts is None:
        raise ValueError(
            f"The table has the columns {names}, but neither 'image' nor 'text'. "
            "Rename the columns that hold the images and the texts."
        )
    ids = _column(frame, "image_id") if "image_id" in names else images
    return images, texts, ids


def _column(frame, name):
    """One column as a list without empty cells."""
    values = frame[name]
    for method in ("to_list", "to_pylist"):
        if hasattr(values, method):
            values = getattr(values, method)()
    values = list(values)
    for row, value in enumerate(values):
        # A missing cell is None, or a NaN: the only value unlike itself.
        if value is None or (isinstance(value, float) and value != value):
            raise ValueError(
                f"Row {row} of column {name!r} is empty. Drop such rows first."
            )
    return values
