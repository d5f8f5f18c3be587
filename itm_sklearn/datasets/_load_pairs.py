"""Pairs from a file of captions and a folder of images.

The formats are read in `_caption_files.py`; here rows are chosen, and images that
are not there are found before a long run instead of in the middle of it.
"""

import os
import warnings
from os import PathLike
from pathlib import Path
from unicodedata import normalize

from itm_sklearn.datasets._caption_files import read_captions, read_text
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["load_pairs"]

_N_SHOWN = 5


def load_pairs(
    captions,
    image_dir=None,
    *,
    images=None,
    split=None,
    on_missing="raise",
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
    on_missing : {"raise", "drop"}, default="raise"
        What to do when images are not there, captions are blank, or `images` names
        some that have no caption: stop, or leave them out with a warning. Either
        names the first few.
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
    if on_missing not in ("raise", "drop"):
        raise ValueError(f"on_missing={on_missing!r} must be 'raise' or 'drop'.")
    rows = read_captions(captions, format, encoding)
    drop = on_missing == "drop"
    rows = _keep_split(rows, split)
    rows = _keep_images(rows, images, encoding, drop)
    rows = _drop_blank(rows, drop)
    folder = Path(captions).parent if image_dir is None else image_dir
    paths = {row.image: os.path.join(folder, row.image) for row in rows}
    rows = _drop_missing(rows, paths, drop)
    if not rows:
        raise ValueError(f"{captions} leaves no pair of an image and a caption.")
    return _as_pairs(rows, paths)


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


def _keep_images(rows, images, encoding, drop):
    if images is None:
        return rows
    if isinstance(images, str | PathLike):
        lines = (line.strip() for line in read_text(images, encoding).split("\n"))
        images = [line for line in lines if line]
    wanted, known = dict.fromkeys(images), {row.image for row in rows}
    without = [name for name in wanted if name not in known]
    if without:
        _report(
            ValueError,
            f"{len(without)} of the {len(wanted)} names in images= have no caption: "
            f"{_some(without)}",
            "Write them as the file of captions does",
            drop,
        )
    return [row for row in rows if row.image in wanted]


def _drop_blank(rows, drop):
    blank = [f"{row.image} ({row.where})" for row in rows if not row.text.strip()]
    if blank:
        problem = f"{len(blank)} of {len(rows)} captions are blank: {_some(blank)}"
        _report(ValueError, problem, "Fill them in", drop)
    return [row for row in rows if row.text.strip()]


def _drop_missing(rows, paths, drop):
    missing = [name for name, path in paths.items() if not os.path.isfile(path)]
    if missing:
        folder = os.path.dirname(paths[missing[0]]) or os.curdir
        _report(
            FileNotFoundError,
            f"{len(missing)} of {len(paths)} images are not there: {_some(missing)}. "
            f"The first was looked for in {folder}",
            "Correct image_dir",
            drop,
        )
    absent = set(missing)
    return [row for row in rows if row.image not in absent]


def _some(names):
    """The first names, and how many more there are."""
    more = f" and {len(names) - _N_SHOWN} more" if len(names) > _N_SHOWN else ""
    return ", ".join(names[:_N_SHOWN]) + more


def _report(kind, problem, cure, drop):
    if not drop:
        raise kind(f"{problem}. {cure}, or leave them out with on_missing='drop'.")
    # The level of the line that called load_pairs.
    warnings.warn(f"{problem}. They are left out.", UserWarning, stacklevel=4)
