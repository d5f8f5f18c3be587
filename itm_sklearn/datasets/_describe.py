"""Facts into sentences.

`_parse_caption.py` goes the other way, by the words listed here.
"""

from collections.abc import Sequence
from math import prod

from sklearn.utils import check_random_state

from itm_sklearn.datasets._facts import RELATIONS, SHAPES

__all__ = ["COUNT_WORDS", "PLURALS", "SIZE_WORDS", "Paraphrases", "describe"]

SIZE_WORDS = {"small": ("small", "little", "tiny"), "large": ("large", "big", "huge")}
_PLACE_WORDS = {
    "top left": ("in the top left corner", "at the top left", "in the upper left"),
    "top": ("at the top", "near the top edge", "along the top"),
    "top right": ("in the top right corner", "at the top right", "in the upper right"),
    "left": ("on the left", "near the left edge", "at the left side"),
    "centre": ("in the centre", "in the middle", "at the centre"),
    "right": ("on the right", "near the right edge", "at the right side"),
    "bottom left": (
        "in the bottom left corner",
        "at the bottom left",
        "in the lower left",
    ),
    "bottom": ("at the bottom", "near the bottom edge", "along the bottom"),
    "bottom right": (
        "in the bottom right corner",
        "at the bottom right",
        "in the lower right",
    ),
}
_RELATION_WORDS = {
    "above": ("above", "over", "higher than"),
    "below": ("below", "under", "lower than"),
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
}
# No digits: the default tokens of scikit-learn's vectorizers have two letters or more.
COUNT_WORDS = {2: ("two",), 3: ("three",), 4: ("four",)}
PLURALS = {shape: f"{shape}s" for shape in SHAPES} | {"cross": "crosses"}

_PLACE_TEMPLATES = (
    "a {0} {at}",
    "there is a {0} {at}",
    "{at} there is a {0}",
    "{at} sits a {0}",
    "a picture of a {0} {at}",
    "the {0} is {at}",
)
_RELATION_TEMPLATES = (
    "a {0} {at} a {1}",
    "there is a {0} {at} a {1}",
    "a {0} sits {at} a {1}",
    "{at} a {1} there is a {0}",
    "a {1} with a {0} {at} it",
    "the {0} is {at} the {1}",
)
_COUNT_TEMPLATES = (
    "{at} {0}",
    "there are {at} {0}",
    "a picture of {at} {0}",
    "a group of {at} {0}",
    "exactly {at} {0}",
    "{at} {0} can be seen",
)


class Paraphrases(Sequence):
    """Every sentence that states these facts, made when it is asked for.

    Parameters
    ----------
    facts : Facts
        With nothing left open.

    Examples
    --------
    >>> from itm_sklearn.datasets._facts import Facts, ObjectFacts
    >>> ways = Paraphrases(Facts((ObjectFacts("star", "red", "small"),), place="top"))
    >>> len(ways)
    54
    >>> ways[0], ways[53]
    ('a small red star at the top', 'the tiny red star is along the top')
    """

    def __init__(self, facts):
        _check_complete(facts)
        self._facts = facts
        self._templates, self._wordings = _forms(facts)
        self._sizes = [SIZE_WORDS[thing.size] for thing in facts.objects]

    def _lengths(self):
        return [len(choices) for choices in (self._templates, self._wordings)] + [
            len(words) for words in self._sizes
        ]

    def __len__(self):
        return prod(self._lengths())

    def __getitem__(self, number):
        if not 0 <= number < len(self):
            raise IndexError(f"number={number}, but there are {len(self)} sentences.")
        number, template = divmod(number, len(self._templates))
        number, wording = divmod(number, len(self._wordings))
        things = []
        for thing, words in zip(self._facts.objects, self._sizes, strict=True):
            number, word = divmod(number, len(words))
            things.append(f"{words[word]} {thing.colour} {self._noun(thing)}")
        at, exchanged = self._wordings[wording]
        if exchanged:
            things.reverse()
        return self._templates[template].format(*things, at=at)

    def _noun(self, thing):
        return PLURALS[thing.shape] if self._facts.count > 1 else thing.shape


def _forms(facts):
    """Templates, and words for `at`, with whether these exchange the objects."""
    if facts.kind == "place":
        return _PLACE_TEMPLATES, [(words, False) for words in _PLACE_WORDS[facts.place]]
    if facts.kind == "count":
        return _COUNT_TEMPLATES, [(words, False) for words in COUNT_WORDS[facts.count]]
    opposite = RELATIONS[facts.relation]
    wordings = [(words, False) for words in _RELATION_WORDS[facts.relation]]
    wordings += [(words, True) for words in _RELATION_WORDS[opposite]]
    return _RELATION_TEMPLATES, wordings


def _check_complete(facts):
    unknown = [thing for thing in facts.objects if None in (thing.colour, thing.size)]
    if unknown or (facts.kind == "place" and facts.place is None):
        raise ValueError(
            f"{facts} leaves something open. Only facts with the colour and size of "
            "every object, and a place, a relation or a count, can be described."
        )


def describe(facts, n_captions=1, random_state=None):
    """Sentences that all state the same facts, no two alike.

    Parameters
    ----------
    facts : Facts
        With nothing left open, as those of a `Scene` are.
    n_captions : int, default=1
        How many sentences to make.
    random_state : int, RandomState instance or None, default=None
        Draws the words and the form of each sentence.

    Returns
    -------
    captions : list of str
        In lower case and without a full stop.

    Raises
    ------
    ValueError
        If something is left open, or there are not as many ways to say it.

    See Also
    --------
    parse_caption : The way back.

    Examples
    --------
    >>> from itm_sklearn.datasets import Facts, ObjectFacts, describe
    >>> star = ObjectFacts("star", "red", "small")
    >>> for caption in describe(Facts((star,), place="top"), 2, random_state=0):
    ...     print(caption)
    the tiny red star is along the top
    along the top sits a little red star
    """
    paraphrases = Paraphrases(facts)
    if n_captions > len(paraphrases):
        raise ValueError(
            f"n_captions={n_captions} is more than the {len(paraphrases)} ways there "
            f"are to describe a scene of kind {facts.kind!r}. Ask for fewer."
        )
    order = check_random_state(random_state).permutation(len(paraphrases))
    return [paraphrases[int(number)] for number in order[:n_captions]]
