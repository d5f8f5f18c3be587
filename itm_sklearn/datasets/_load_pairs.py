"""Pairs from a file of captions and a folder of images.

The formats are read in `_caption_files.py`; here rows are chosen, and what can't be
used is found before a long run instead of in the middle of it.
"""

import os
from os import PathLike
from pathlib import Path
from unicodedata import normalize

from itm_sklearn.datasets._caption_files import read_captions, read_text
from itm_sklearn.datasets._readable import check_on_error, drop_unreadable, report
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["load_pairs"]

_N_SHOWN = 5


def load_pairs(
    captions,
    image_dir=None,
    *,
    images=None,
    split=None,
    on_error="raise",
    format=None,
    encoding="utf-8",
):
    r"""Pairs of image files and captions, from the usual files of captions.

    Read are

    - tables (CSV, TSV) whose first line names the columns: ``image`` (or
      ``file_name``, ``filename``) and ``text`` (or ``caption``), perhaps ``split``,
      while other columns are passed over;
    - Flickr token files: ``name.jpg#0``, a tab and the caption;
    - COCO captions: JSON with ``images`` and ``annotations``;
    - Karpathy's splits: JSON with ``images`` that hold ``sentences``;
    - JSON lines: an object a line with the names that tables have; a list of
      captions gives a row for each.

    Parameters
    ----------
    captions : str or path-like
        The file of captions.
    image_dir : str or path-like, default=None
        The folder that the names of the images start from; None means the folder of
        the file of captions.
    images : str, path-like or sequence of str, default=None
        Names of the images to keep, written as in the file of captions: a sequence,
        or a file with one name a line such as ``Flickr_8k.devImages.txt``. None
        keeps all.
    split : str or sequence of str, default=None
        The split or splits to keep, where the file has them: "train", say, or
        ("train", "restval"). None keeps all.
    on_error : {"raise", "warn", "skip"}, default="raise"
        What to do when images can't be read, captions are blank, or `images` names
        some that have no caption. "raise" stops if a file is not there; whether it
        holds an image is found out by the encoder that opens it. "warn" and "skip"
        decode each image and leave out the pairs of those that can't be, with a
        warning or without a word. Errors and warnings name the first few and say why.
    format : {"csv", "tsv", "flickr", "coco", "karpathy", "jsonl"}, default=None
        The format of the file; None finds it out from the name and the content.
    encoding : str, default="utf-8"
        How the file is encoded. A byte order mark does no harm.

    Returns
    -------
    pairs : ImageTextPairs
        The images are paths, each once, in the order of the file. Captions are
        stripped of white space around them and brought to Unicode form NFC, so that
        two ways to encode "é" are the same word.

    Raises
    ------
    FileNotFoundError
        If images are missing.
    ValueError
        If a line cannot be read (it is named), a caption is blank, or no row is left.

    See Also
    --------
    drop_unreadable : The same for pairs that come from elsewhere.
    itm_sklearn.pairs.as_pairs : Pairs from a data frame.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from itm_sklearn.datasets import load_pairs
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("dog.jpg", "cat.jpg"):
    ...         Path(folder, name).touch()
    ...     captions = Path(folder, "captions.csv")
    ...     _ = captions.write_text(
    ...         "image,caption\ndog.jpg,a dog runs\ndog.jpg,a brown dog\n"
    ...         "cat.jpg,a cat sleeps\n"
    ...     )
    ...     pairs = load_pairs(captions)
    >>> pairs
    ImageTextPairs(3 pairs; 2 images of str; 3 texts of str)
    >>> pairs.texts[2]
    'a cat sleeps'
    """
    check_on_error(on_error)
    rows = read_captions(captions, format, encoding)
    rows = _keep_split(rows, split)
    rows = _keep_images(rows, images, encoding, on_error)
    rows = _drop_blank(rows, on_error)
    folder = Path(captions).parent if image_dir is None else image_dir
    paths = {row.image: os.path.join(folder, row.image) for row in rows}
    if not rows:
        raise ValueError(f"{captions} leaves no pair of an image and a caption.")
    pairs = _as_pairs(rows, paths)
    if on_error == "raise":
        _require_files(paths)
        return pairs
    return drop_unreadable(pairs, on_error=on_error)


def _as_pairs(rows, paths):
    numbers = {}
    index = [numbers.setdefault(row.image, len(numbers)) for row in rows]
    texts = [normalize("NFC", row.text.strip()) for row in rows]
    return ImageTextPairs([paths[name] for name in numbers], texts, index)


def _keep_split(rows, split):
    if split is None:
        return rows
    wanted = {split} if isinstance(split, str) else set(split)
    known = {row.split for row in rows}
    if not wanted <= known:
        found = ", ".join(sorted(known - {None})) or "none"
        raise ValueError(f"split={split!r}, but the splits of the file are: {found}.")
    return [row for row in rows if row.split in wanted]


def _keep_images(rows, images, encoding, on_error):
    if images is None:
        return rows
    if isinstance(images, str | PathLike):
        lines = (line.strip() for line in read_text(images, encoding).split("\n"))
        images = [line for line in lines if line]
    wanted, known = dict.fromkeys(images), {row.image for row in rows}
    without = [name for name in wanted if name not in known]
    if without:
        report(
            ValueError,
            f"{len(without)} of the {len(wanted)} names in images= have no caption: "
            f"{_some(without)}",
            "Write them as the file of captions does",
            on_error,
        )
    return [row for row in rows if row.image in wanted]


def _drop_blank(rows, on_error):
    blank = [f"{row.image} ({row.where})" for row in rows if not row.text.strip()]
    if blank:
        problem = f"{len(blank)} of {len(rows)} captions are blank: {_some(blank)}"
        report(ValueError, problem, "Fill them in", on_error)
    return [row for row in rows if row.text.strip()]


def _require_files(paths):
    missing = [name for name, path in paths.items() if not os.path.isfile(path)]
    if missing:
        folder = os.path.dirname(paths[missing[0]]) or os.curdir
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} images are not there: {_some(missing)}. "
            f"The first was looked for in the folder '{folder}'. Correct image_dir "
            "(--images), or leave them out with on_error='warn' (--on-error warn)."
        )


def _some(names):
    """The first names, and how many more there are."""
    more = f" and {len(names) - _N_SHOWN} more" if len(names) > _N_SHOWN else ""
    return ", ".join(names[:_N_SHOWN]) + more
