"""What counts as a text, as an empty one and as a word, in any language."""

import re
import unicodedata
from functools import cache
from warnings import warn

from itm_sklearn._views import check_characters

# Scripts that are written without spaces: each character stands for itself.
_ALONE = ("CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "KATAKANA", "HANGUL JAMO")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def check_texts(X):
    r"""Texts as a list of strings, each in its composed spelling (NFC).

    Examples
    --------
    >>> check_texts(("a dog", "cafe\u0301"))
    ['a dog', 'café']
    """
    if isinstance(X, str | bytes) or not hasattr(X, "__len__"):
        raise TypeError(
            f"Expected a sequence of texts, got {type(X).__name__}. For a single text "
            "write [text]."
        )
    texts = list(X)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(
                f"Text {row} is {text!r} of type {type(text).__name__}, not a string. "
                "Put '' where a text is missing."
            )
        check_characters(text, f"Text {row}")
    return [unicodedata.normalize("NFC", text) for text in texts]


def empty_rows(texts):
    """Row numbers of texts without content; a warning says how many there are.

    Examples
    --------
    >>> empty_rows(["a dog"])
    []
    """
    rows = [row for row, text in enumerate(texts) if not text.strip()]
    if rows:
        warn(
            f"{len(rows)} of {len(texts)} texts are empty, the first in row {rows[0]}. "
            "They say nothing, so all their features are 0.",
            stacklevel=4,
        )
    return rows


def split_words(text):
    """Words of a text in lower case, with their marks; CJK signs one by one.

    Examples
    --------
    >>> split_words("Don't stop: Ünïcode, 2 犬 और हिन्दी!")
    ["don't", 'stop', 'ünïcode', '2', '犬', 'और', 'हिन्दी']
    """
    text = text.casefold()
    if text.isascii():
        return _ASCII_WORD.findall(text)
    text = unicodedata.normalize("NFC", text).replace("’", "'")
    spaced = "".join(map(_spaced, text))
    return [word.strip("'") for word in spaced.split() if word.strip("'")]


@cache
def _spaced(character):
    """The character, between spaces if it stands alone, or a space for a border."""
    if character == "'":
        return character
    # Letters, numbers and the marks on them, which `\\w` leaves out.
    if unicodedata.category(character)[0] not in "LMN":
        return " "
    if unicodedata.name(character, "").startswith(_ALONE):
        return f" {character} "
    return character
