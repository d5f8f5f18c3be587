"""Read files of captions: rows of an image's name and a caption, in file order.

One reader for each format; `_load_pairs.py` decides which rows to keep and makes
pairs of them. Errors name the file and the line.
"""

import csv
import json
import re
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import NamedTuple

__all__ = ["FORMATS", "CaptionRow", "read_captions", "read_text"]

_IMAGE_NAMES = ("image", "file_name", "filename", "image_name", "path")
_TEXT_NAMES = ("text", "caption", "captions", "comment")
_FLICKR_LINE = re.compile(r"([^\t]+)#\d+\t(.*)")


class CaptionRow(NamedTuple):
    """One caption as a file has it."""

    image: str
    text: str
    split: str | None
    where: str


class _Source:
    """A decoded file, and how to say where in it something is wrong."""

    def __init__(self, name, text):
        self.name = name
        self.text = text

    @cached_property
    def content(self):
        """What the text says as JSON; large files are read only once."""
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}"
            raise self.error(place, f"no JSON: {error.msg}.") from error

    def error(self, where, problem):
        return ValueError(f"{self.name}, {where}: {problem}")

    def lines(self):
        """Numbers and lines that are not blank."""
        # Not splitlines: it also ends lines at characters that captions may hold.
        for number, line in enumerate(re.split("\r\n|\n|\r", self.text), start=1):
            if line.strip():
                yield number, line


def read_text(path, encoding="utf-8"):
    """The text of a file without its byte order mark, or an error with the line."""
    if Path(path).is_dir():
        raise IsADirectoryError(
            f"{path} is a folder, and a file of text is needed here. The folder of "
            "the images is image_dir (--images)."
        )
    content = Path(path).read_bytes()
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{path}, line {line}: the bytes {content[error.start : error.end]!r} are "
            f"not {encoding}. Pass the encoding of the file, such as "
            "encoding='latin-1' or 'utf-16'."
        ) from error


def read_captions(path, format=None, encoding="utf-8"):
    r"""All rows of a file of captions.

    Parameters
    ----------
    path : str or path-like
        The file.
    format : str, default=None
        One of `FORMATS`; None to find it out.
    encoding : str, default="utf-8"
        How the text is encoded.

    Returns
    -------
    rows : list of CaptionRow
        In the order of the file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "captions.csv")
    ...     _ = path.write_text("image,caption\ndog.jpg,a dog runs\n")
    ...     read_captions(path)
    [CaptionRow(image='dog.jpg', text='a dog runs', split=None, where='line 2')]
    """
    if format is not None and format not in FORMATS:
        raise ValueError(f"format={format!r} must be None or one of {list(FORMATS)}.")
    source = _Source(str(path), read_text(path, encoding))
    if format is None:
        format = _find_format(source)
    return list(FORMATS[format](source))


def _find_format(source):
    suffix = Path(source.name).suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    first = next((line for _, line in source.lines()), None)
    if first is None:
        raise ValueError(f"{source.name} is empty.")
    if suffix == ".json" or first.lstrip().startswith("{"):
        return _find_json_format(source)
    if _FLICKR_LINE.fullmatch(first):
        return "flickr"
    return "tsv" if "\t" in first else "csv"


def _find_json_format(source):
    try:
        content = source.content
    except ValueError as error:
        # One object is read, and a second one follows.
        if "Extra data" in str(error):
            return "jsonl"
        raise
    if isinstance(content, dict):
        if "images" in content:
            return "coco" if "annotations" in content else "karpathy"
        if _find_name(content, _IMAGE_NAMES):
            return "jsonl"
    raise ValueError(
        f"{source.name}: this JSON has neither the 'images' and 'annotations' of COCO "
        "nor the 'images' with 'sentences' of Karpathy's files."
    )


def _find_name(names, known):
    """The first known name that is there, or None."""
    return next((name for name in known if name in names), None)


def _read_flickr(source):
    for number, line in source.lines():
        match = _FLICKR_LINE.fullmatch(line)
        if match is None:
            raise source.error(
                f"line {number}",
                f"{line!r} is not of the form 'name.jpg#0', a tab and the caption.",
            )
        yield _checked_row(source, f"line {number}", match[1], match[2], None)


def _read_csv(source):
    first = next((line for _, line in source.lines()), "")
    # Of the delimiters in use, that which separates the most columns.
    return _read_table(source, max(",;|", key=first.count))


def _read_tsv(source):
    return _read_table(source, "\t")


def _read_table(source, delimiter):
    records = _read_records(source, delimiter)
    header_line, header = next(records, (1, []))
    header = [name.strip().lower() for name in header]
    image, text = _find_name(header, _IMAGE_NAMES), _find_name(header, _TEXT_NAMES)
    if image is None or text is None:
        raise source.error(
            f"line {header_line}",
            f"the columns {header} hold no {'captions' if image else 'images'}. The "
            "first line must name the columns: 'image' and 'text', or 'caption'.",
        )
    for number, cells in records:
        if len(cells) != len(header):
            raise source.error(
                f"line {number}",
                f"{len(cells)} fields, but the {len(header)} columns {header}. Put "
                f'captions with {delimiter!r} in them into "quotes".',
            )
        record = dict(zip(header, cells, strict=True))
        parts = record[image], record[text], record.get("split")
        yield _checked_row(source, f"line {number}", *parts)


def _read_records(source, delimiter):
    """Line numbers and cells; a quoted cell may go on over several lines."""
    reader = csv.reader(
        StringIO(source.text, newline=""),
        delimiter=delimiter,
        skipinitialspace=True,
        strict=True,
    )
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise source.error(
            f"line {start}",
            f'{error}. A field that begins with " ends at the next "; a " inside is '
            "written twice.",
        ) from error


def _read_jsonl(source):
    for number, line in source.lines():
        where = f"line {number}"
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise source.error(where, f"no JSON: {error.msg}.") from error
        names = record if isinstance(record, dict) else {}
        image, text = _find_name(names, _IMAGE_NAMES), _find_name(names, _TEXT_NAMES)
        if image is None or text is None:
            raise source.error(
                where, f"{line!r} is no object with an 'image' and a 'text'."
            )
        texts = record[text] if isinstance(record[text], list) else [record[text]]
        for caption in texts:
            yield _checked_row(
                source, where, record[image], caption, record.get("split")
            )


def _read_coco(source):
    names = {}
    for where, image in _entries(source, "", source.content, "images"):
        image_id = _part(source, where, image, "id", int | str)
        names[image_id] = _part(source, where, image, "file_name", str)
    for where, note in _entries(source, "", source.content, "annotations"):
        image_id = _part(source, where, note, "image_id", int | str)
        if image_id not in names:
            raise source.error(where, f"image_id={image_id!r} is not under 'images'.")
        caption = _part(source, where, note, "caption", str)
        yield _checked_row(source, where, names[image_id], caption, None)


def _read_karpathy(source):
    for where, image in _entries(source, "", source.content, "images"):
        name = _part(source, where, image, "filename", str)
        if image.get("filepath"):
            name = f"{image['filepath']}/{name}"
        for inside, sentence in _entries(source, where, image, "sentences"):
            caption = _part(source, inside, sentence, "raw", str)
            yield _checked_row(source, inside, name, caption, image.get("split"))


def _entries(source, where, mapping, key):
    """Where each entry of a list stands, such as "images[3]", and the entry."""
    path = f"{where}.{key}".lstrip(".")
    entries = _part(source, where or "the whole file", mapping, key, list)
    return ((f"{path}[{number}]", entry) for number, entry in enumerate(entries))


def _part(source, where, mapping, key, kind):
    """A part of some JSON, which must be there and of the right kind."""
    if not isinstance(mapping, dict) or key not in mapping:
        shown = sorted(mapping) if isinstance(mapping, dict) else repr(mapping)
        raise source.error(where, f"no {key!r} in {shown}.")
    if not isinstance(mapping[key], kind):
        raise source.error(
            where, f"{key!r} is of the wrong type {type(mapping[key]).__name__}."
        )
    return mapping[key]


def _checked_row(source, where, name, caption, split):
    """A row, if name and caption are strings and the name is not blank."""
    for value in (name, caption):
        if not isinstance(value, str):
            raise source.error(where, f"{value!r} should be a string.")
    if not name.strip():
        raise source.error(where, f"the caption {caption!r} has no name of an image.")
    split = None if split is None else str(split).strip()
    return CaptionRow(name.strip(), caption, split, where)


FORMATS = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "flickr": _read_flickr,
    "coco": _read_coco,
    "karpathy": _read_karpathy,
    "jsonl": _read_jsonl,
}
