"""Questions about images from files, and from the package easy-vqa."""

import csv
import json
import os
from io import StringIO
from pathlib import Path
from unicodedata import normalize

import numpy as np
from sklearn.utils import Bunch

from itm_sklearn._optional import require
from itm_sklearn.datasets._caption_files import read_text
from itm_sklearn.datasets._readable import check_on_error, readable_rows
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["load_easy_vqa", "load_questions"]

# What the columns may be called.
_NAMES = {
    "image": ("image", "file_name", "filename", "image_name"),
    "question": ("question", "text"),
    "answer": ("answer", "answers", "multiple_choice_answer"),
}


def load_questions(path, image_dir=None, *, on_error="raise", encoding="utf-8"):
    r"""Questions, their answers and the files of the images that they are about.

    Read are tables (CSV, or TSV by the name of the file) whose first line names the
    columns ``image``, ``question`` and ``answer``, and JSON: a list of objects with
    these names, or an object a line. In JSON the answer may be a list of strings, or
    of objects with the name ``answer``, as people gave them.

    Parameters
    ----------
    path : str or path-like
        The file of questions.
    image_dir : str or path-like, default=None
        The folder that the names of the images start from; None means the folder of
        the file of questions.
    on_error : {"raise", "warn", "skip"}, default="raise"
        What to do when images can't be read: "raise" stops if a file is not there;
        "warn" and "skip" decode each image, as in `load_pairs`, and leave out the
        questions about those that can't be.
    encoding : str, default="utf-8"
        How the file is encoded.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        pairs : ImageTextPairs
            Paths of the images, each once, and the questions as texts.
        answers : ndarray of str, or list of lists of str
            The answer to each question; lists where the file has lists.

    Raises
    ------
    FileNotFoundError
        If an image is missing.
    ValueError
        If a column is missing, or a question or answer is blank: the row is named.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from itm_sklearn.datasets import load_questions
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "kitchen.jpg").touch()
    ...     table = Path(folder, "questions.csv")
    ...     _ = table.write_text(
    ...         "image,question,answer\nkitchen.jpg,how many cups are there,3\n"
    ...     )
    ...     data = load_questions(table)
    >>> data.pairs.texts, data.answers.tolist()
    (['how many cups are there'], ['3'])
    """
    check_on_error(on_error)
    rows = _read_rows(Path(path), encoding)
    if not rows:
        raise ValueError(f"{path} has no questions.")
    images, questions, answers = (
        [_field(row, part, number, path) for number, row in enumerate(rows, start=1)]
        for part in _NAMES
    )
    folder = Path(path).parent if image_dir is None else Path(image_dir)
    numbers = {}
    index = [numbers.setdefault(name, len(numbers)) for name in images]
    paths = [os.path.join(folder, name) for name in numbers]
    pairs = ImageTextPairs(paths, questions, index)
    if on_error == "raise":
        _check_files(paths)
    else:
        kept = np.flatnonzero(readable_rows(pairs, on_error))
        pairs, answers = pairs[kept], [answers[row] for row in kept]
    lists = any(isinstance(answer, list) for answer in answers)
    return Bunch(pairs=pairs, answers=answers if lists else np.array(answers))


def _read_rows(path, encoding):
    """A dict for each question."""
    text = read_text(path, encoding)
    if path.suffix.lower() in (".csv", ".tsv"):
        delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
        reader = csv.DictReader(StringIO(text), delimiter=delimiter, strict=True)
        try:
            return list(reader)
        except csv.Error as error:
            place = f"{path}, line {reader.reader.line_num}"
            raise ValueError(f"{place} is no row of a table: {error}.") from error
    try:
        if text.lstrip().startswith("["):
            return json.loads(text)
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    # Of numbers with too many digits and of nesting that is too deep, too.
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is neither a .csv or .tsv nor JSON: {error}. JSON is a list of "
            "objects, or an object a line."
        ) from error


def _field(row, part, number, path):
    """The image, question or answer of a row; an answer may be a list."""
    if not isinstance(row, dict):
        raise ValueError(f"{path}, row {number} is {row!r}, and no object with names.")
    names = [name for name in _NAMES[part] if row.get(name) is not None]
    if not names:
        raise ValueError(
            f"{path}, row {number} has no {part}: one of its names must be among "
            f"{', '.join(_NAMES[part])}, not only {', '.join(map(str, row))}."
        )
    value = row[names[0]]
    if part == "answer" and isinstance(value, list):
        given = (one.get("answer") if isinstance(one, dict) else one for one in value)
        return [_clean(one or "", part, number, path) for one in given]
    return _clean(value, part, number, path)


def _clean(value, part, number, path):
    text = normalize("NFC", str(value).strip())
    if not text:
        raise ValueError(f"{path}, row {number}: the {part} is blank. Fill it in.")
    return text


def _check_files(paths):
    missing = [path for path in paths if not os.path.isfile(path)]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(paths)} images are not there, such as "
            f"{missing[0]}. Correct image_dir, or leave them out with on_error='warn'."
        )


def load_easy_vqa(subset="train"):
    """Small drawings of one shape with questions [1]_, from the package easy-vqa.

    5,000 pictures of 64 x 64 pixels have 48,248 questions with 13 answers. The
    question alone answers two thirds of them.

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        Which of the two.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        As from `load_questions`: ``pairs`` of paths and questions, and ``answers``.

    Raises
    ------
    ImportError
        If the package is not installed; the error says how to get it.

    References
    ----------
    .. [1] V. Zhou, "easy-VQA", 2019, https://github.com/vzhou842/easy-VQA.
    """
    if subset not in ("train", "test"):
        raise ValueError(f"subset={subset!r} must be 'train' or 'test'.")
    package = require("easy_vqa", extra="questions", caller="load_easy_vqa")
    questions, answers, numbers = getattr(package, f"get_{subset}_questions")()
    paths = getattr(package, f"get_{subset}_image_paths")()
    shown = sorted(set(numbers))
    row_of = {number: row for row, number in enumerate(shown)}
    pairs = ImageTextPairs(
        [paths[number] for number in shown],
        list(questions),
        [row_of[number] for number in numbers],
    )
    return Bunch(pairs=pairs, answers=np.array(answers))
