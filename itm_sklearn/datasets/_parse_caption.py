"""Sentences into facts.

Reads all that `_describe.py` writes. Only the core of a phrase counts ("top left"),
because words that carry no fact ("in the ... corner") are left out first; this also
reads sentences of a captioning model that mix the forms.
"""

import re

from itm_sklearn.datasets._describe import COUNT_WORDS, PLURALS, SIZE_WORDS
from itm_sklearn.datasets._facts import COLOURS, PLACES, SHAPES, Facts, ObjectFacts

__all__ = ["parse_caption"]

_RELATION_WORDS = {
    "above": ("above", "over", "on top of", "higher than"),
    "below": ("below", "under", "underneath", "beneath", "lower than"),
    "left of": ("left of",),
    "right of": ("right of",),
}
_FILLERS = frozenset(
    [
        *("a", "an", "the", "one", "there", "is", "are", "sits", "lies", "can", "be"),
        *("seen", "in", "on", "at", "near", "along", "to", "of", "picture", "image"),
        *("group", "exactly", "corner", "side", "edge"),
    ]
)


def _place_words(place):
    """American spelling and synonyms too, which `describe` does not use."""
    if place == "centre":
        return ("centre", "center", "middle")
    return (place, place.replace("top", "upper").replace("bottom", "lower"))


def _lexicon():
    """Every phrase that carries a fact, as words, with its part of speech."""
    parts = {
        "size": SIZE_WORDS,
        "colour": {colour: (colour,) for colour in COLOURS},
        "shape": {shape: (shape,) for shape in SHAPES},
        "shapes": {shape: (plural,) for shape, plural in PLURALS.items()},
        "count": {n: (*words, str(n)) for n, words in COUNT_WORDS.items()},
        "place": {place: _place_words(place) for place in PLACES},
        "relation": _RELATION_WORDS,
        "with": {None: ("with",)},
        "it": {None: ("it",)},
    }
    return {
        tuple(phrase.split()): (part, meaning)
        for part, meanings in parts.items()
        for meaning, phrases in meanings.items()
        for phrase in phrases
    }


_LEXICON = _lexicon()
_LONGEST = max(map(len, _LEXICON))


def parse_caption(caption):
    """The facts that a sentence about a scene states.

    Every sentence of `describe` and `make_scenes` can be read, and many more made of
    the same words: colours, sizes and places may be left out, and the objects of a
    relation may come in either order.

    Parameters
    ----------
    caption : str
        One sentence. Case and punctuation do not matter.

    Returns
    -------
    facts : Facts
        With None where the sentence leaves something open.

    Raises
    ------
    ValueError
        If a word is not known, or the sentence has none of the known forms.

    Examples
    --------
    >>> from itm_sklearn.datasets import parse_caption
    >>> parse_caption("Two tiny red stars can be seen.")
    Facts(objects=(ObjectFacts(shape='star', colour='red', size='small'),),
          place=None, relation=None, count=2)
    >>> one = parse_caption("a red circle above a blue square")
    >>> one == parse_caption("a blue square with a red circle over it")
    True
    >>> one == parse_caption("a red circle below a blue square")
    False
    """
    if not isinstance(caption, str):
        raise TypeError(
            f"caption must be a string, got {caption!r} of type "
            f"{type(caption).__name__}."
        )
    phrases = _read_nouns(_read_phrases(caption), caption)
    form = " ".join(part for part, _ in phrases)
    if form not in _FORMS:
        raise ValueError(
            f"Cannot read {caption!r}: its parts are '{form}', and the known orders "
            f"are: {'; '.join(_FORMS)}."
        )
    return _FORMS[form](*(meaning for _, meaning in phrases))


def _read_phrases(caption):
    """The phrases that carry a fact, with their parts of speech, in order."""
    words = re.findall(r"[^\W_]+", caption.lower())
    phrases = []
    while words:
        length = _first_phrase(words)
        if length:
            phrases.append(_LEXICON[tuple(words[:length])])
        elif words[0] not in _FILLERS:
            raise ValueError(
                f"Cannot read {caption!r}: the word {words[0]!r} is not among those "
                "that describe a scene."
            )
        words = words[max(length, 1) :]
    return phrases


def _first_phrase(words):
    """How many words the longest known phrase at the beginning has, or 0."""
    for length in range(_LONGEST, 0, -1):
        if tuple(words[:length]) in _LEXICON:
            return length
    return 0


def _read_nouns(phrases, caption):
    """The same phrases with adjectives and nouns joined into objects."""
    joined = []
    said = {}
    for part, meaning in phrases:
        if part in said:
            raise ValueError(f"Cannot read {caption!r}: it names a {part} twice.")
        if part in ("size", "colour"):
            said[part] = meaning
        elif part in ("shape", "shapes"):
            joined.append((f"object{part[5:]}", ObjectFacts(meaning, **said)))
            said = {}
        else:
            joined.append((part, meaning))
    if said:
        raise ValueError(
            f"Cannot read {caption!r}: {' and '.join(said.values())} of what? Add a "
            f"shape, one of {', '.join(SHAPES)}."
        )
    return joined


def _related(first, relation, second):
    return Facts((first, second), relation=relation)


# What may follow on what, and the facts it makes.
_FORMS = {
    "object": lambda thing: Facts((thing,)),
    "object place": lambda thing, place: Facts((thing,), place=place),
    "place object": lambda place, thing: Facts((thing,), place=place),
    "object relation object": _related,
    "relation object object": lambda relation, far, near: _related(near, relation, far),
    "object with object relation it": (
        lambda far, _with, near, relation, _it: _related(near, relation, far)
    ),
    "count objects": lambda count, thing: Facts((thing,), count=count),
}
