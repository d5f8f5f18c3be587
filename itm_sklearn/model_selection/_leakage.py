"""What a test set has in common with the training set, and should not have."""

import hashlib
import os
import re
import unicodedata
import warnings
from dataclasses import dataclass

import numpy as np

from itm_sklearn._batching import take_rows
from itm_sklearn._cache import digest
from itm_sklearn._views import count
from itm_sklearn.pairs import as_pairs

__all__ = ["LeakageReport", "check_leakage"]

_ACTIONS = ("report", "warn", "raise")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, repr=False)
class LeakageReport:
    """Test images and texts that are in the training pairs, too.

    Each list holds pairs of numbers: of the test item and of the first such
    training item.

    Attributes
    ----------
    images_by_name : list of (int, int)
        Numbers of images that are the same file.
    images_by_content : list of (int, int)
        Numbers of other images with the same bytes or pixels: copies.
    texts : list of (int, int)
        Rows whose texts are the same, letter by letter.
    similar_texts : list of (int, int)
        Rows whose other texts have the same words, in any order, case or number.
    unread : list of str
        Files that can't be opened, and were compared by name alone.
    n_images, n_texts : int
        How many images and texts there are to test on.

    Examples
    --------
    >>> from itm_sklearn.model_selection import check_leakage
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> train = ImageTextPairs(texts=["a dog", "the cat sleeps"])
    >>> test = ImageTextPairs(texts=["A dog!", "a bird"])
    >>> check_leakage(train, test).similar_texts
    [(0, 0)]
    """

    images_by_name: list
    images_by_content: list
    texts: list
    similar_texts: list
    unread: list
    n_images: int
    n_texts: int

    @property
    def n_leaked_images(self):
        """How many images to test on were there in training."""
        return len(self.images_by_name) + len(self.images_by_content)

    def __repr__(self):
        unread = f"; {count(len(self.unread), 'file')} not read" if self.unread else ""
        return (
            f"LeakageReport({self.n_leaked_images} of "
            f"{count(self.n_images, 'test image')} in training, "
            f"{len(self.images_by_name)} by name and {len(self.images_by_content)} by "
            f"content; {len(self.texts)} of {count(self.n_texts, 'test text')} in "
            f"training, {len(self.similar_texts)} more with the same words{unread})"
        )


def check_leakage(train, test, *, on_leak="report"):
    """Find test images and texts that the training pairs hold, too.

    Parameters
    ----------
    train, test : ImageTextPairs, DataFrame or Hugging Face dataset
        Pairs to fit on and pairs to evaluate on; a view may be missing.
    on_leak : {"report", "warn", "raise"}, default="report"
        What to do if an image is on both sides. Texts never warn or raise, for
        people often say the same of different images.

    Returns
    -------
    report : LeakageReport
        What was found.

    Raises
    ------
    ValueError
        If an image is on both sides and `on_leak` is "raise".

    Warns
    -----
    UserWarning
        If an image is on both sides and `on_leak` is "warn".

    See Also
    --------
    train_test_split_pairs : A split that keeps the captions of an image together.

    Notes
    -----
    Files are the same if their paths lead to the same place. Otherwise bytes are
    compared, of files only where the sizes are equal; arrays and Pillow images are
    compared by their pixels. A picture that was saved anew, in another size say, is
    not recognised. Vectors in place of texts are not compared.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.model_selection import check_leakage
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> train = ImageTextPairs(np.eye(3), ["a dog", "a cat", "a bird"])
    >>> test = ImageTextPairs(np.eye(3)[1:2], ["a cat"])
    >>> check_leakage(train, test)
    LeakageReport(1 of 1 test image in training, 0 by name and 1 by content; 1 of 1 test
        text in training, 0 more with the same words)
    """
    if on_leak not in _ACTIONS:
        raise ValueError(f"on_leak={on_leak!r} is none of {', '.join(_ACTIONS)}.")
    train, test = as_pairs(train), as_pairs(test)
    by_name, by_content, unread = _shared_images(train, test)
    same, similar = _shared_texts(train, test)
    n_texts = 0 if test.texts is None else len(test)
    report = LeakageReport(
        by_name, by_content, same, similar, unread, test.n_images, n_texts
    )
    if report.n_leaked_images and on_leak != "report":
        _complain(report, on_leak)
    return report


def _complain(report, on_leak):
    number, other = (report.images_by_name + report.images_by_content)[0]
    message = (
        f"{report.n_leaked_images} of {count(report.n_images, 'test image')} are among "
        f"the training images, the first is image {number}, image {other} in "
        "training. Scores on images seen in training mislead: take them out."
    )
    if on_leak == "raise":
        raise ValueError(message)
    warnings.warn(message, UserWarning, stacklevel=3)


def _shared_images(train, test):
    if train.images is None or test.images is None:
        return [], [], []
    sides = [_images(train), _images(test)]
    by_name = _matches(*([_place(item) for item in side] for side in sides))
    sizes, unread = zip(*map(_file_sizes, sides), strict=True)
    shared = set(sizes[0]) & set(sizes[1])
    keys = [
        [_content_key(item, size, shared) for item, size in zip(*side, strict=True)]
        for side in zip(sides, sizes, strict=True)
    ]
    known = {number for number, _ in by_name}
    copies = [match for match in _matches(*keys) if match[0] not in known]
    return by_name, copies, sorted({*unread[0], *unread[1]})


def _images(pairs):
    """Each image by itself; an undecoded one as its bytes or its path."""
    items = (take_rows(pairs.images, [number])[0] for number in range(pairs.n_images))
    return [
        (item.get("bytes") or item.get("path")) if isinstance(item, dict) else item
        for item in items
    ]


def _place(item):
    return os.path.realpath(item) if isinstance(item, str | os.PathLike) else None


def _file_sizes(items):
    """The size of each file, None for what is no file, and what can't be opened."""
    sizes, unread = [], []
    for item in items:
        size = len(item) if isinstance(item, bytes) else None
        if isinstance(item, str | os.PathLike):
            try:
                size = os.path.getsize(item)
            except OSError:
                unread.append(str(item))
        sizes.append(size)
    return sizes, unread


def _content_key(item, size, shared_sizes):
    """Equal for equal content; None if nothing can be equal to it."""
    if isinstance(item, bytes):
        return hashlib.blake2b(item, digest_size=16).digest()
    if isinstance(item, str | os.PathLike):
        if size is None or size not in shared_sizes:
            return None
        with open(item, "rb") as file:
            made = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
        return made.digest()
    pixels = np.ascontiguousarray(item.toarray() if hasattr(item, "toarray") else item)
    return digest(str((pixels.dtype, pixels.shape)).encode(), pixels.tobytes())


def _shared_texts(train, test):
    if not (isinstance(train.texts, list) and isinstance(test.texts, list)):
        return [], []
    same = _matches(train.texts, test.texts)
    known = {row for row, _ in same}
    words = ([_words(text) for text in pairs.texts] for pairs in (train, test))
    return same, [match for match in _matches(*words) if match[0] not in known]


def _words(text):
    """The distinct words in order, whatever their case; None if there are none."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return tuple(sorted(set(_WORD.findall(text)))) or None


def _matches(train_keys, test_keys):
    """For each test item whose key is in training, its number and the first there."""
    first = {}
    for number, key in enumerate(train_keys):
        first.setdefault(key, number)
    return [
        (number, first[key])
        for number, key in enumerate(test_keys)
        if key is not None and key in first
    ]
