"""Questions about scenes, with answers that the facts of the scene decide.

`_make_questions.py` chooses among them, `_make_dialogues.py` strings them together.
Foils, the objects that questions ask for in vain, come from the combinations that
may occur: were others named, the answer would always be no.
"""

from dataclasses import dataclass
from itertools import combinations

from itm_sklearn.datasets._describe import PLURALS, SIZE_WORDS
from itm_sklearn.datasets._facts import RELATIONS, SIZES

__all__ = ["ASK", "QUESTION_TYPES", "Question", "ask_for", "phrase", "pick", "unique"]

QUESTION_TYPES = (
    *("exist", "verify", "count"),
    *("colour", "shape", "size", "relation", "place"),
)
_ATTRIBUTES = ("size", "colour", "shape")
_EXIST = ("is there a {0}?", "can a {0} be seen?", "does the picture show a {0}?")
_COUNT = ("how many {0} are there?", "what is the number of {0}?")
_ATTRIBUTE = {
    "colour": ("what colour {is} the {0}?", "which colour {is} the {0}?"),
    "shape": ("what shape {is} the {0}?", "which shape {is} the {0}?"),
    "size": ("how large {is} the {0}?", "{is} the {0} small or large?"),
}
_RELATION = (
    "where is the {0}, seen from the {1}?",
    "on which side of the {1} is the {0}?",
)
_PLACE = ("where is the {0}?", "in which part of the picture is the {0}?")


@dataclass(frozen=True)
class Question:
    """A question about a scene.

    Parameters
    ----------
    type : str
        One of `QUESTION_TYPES`.
    text : str
        The question itself.
    answer : str
        What the scene shows.

    Examples
    --------
    >>> from itm_sklearn.datasets import Question
    >>> Question("colour", "what colour is the star?", "red").answer
    'red'
    """

    type: str
    text: str
    answer: str


def pick(rng, options):
    """One of the options; the same on every machine."""
    return options[rng.randint(len(options), dtype="int64")]


def phrase(rng, thing, kept, *, several=False):
    """An object by some of its attributes: "little star", "red things"."""
    words = []
    if "size" in kept:
        words.append(pick(rng, SIZE_WORDS[thing.size]))
    if "colour" in kept:
        words.append(thing.colour)
    noun = thing.shape if "shape" in kept else "thing"
    words.append({"thing": "things", **PLURALS}[noun] if several else noun)
    return " ".join(words)


def unique(facts, thing, without=None):
    """Sets of attributes that tell an object from the others, all but one of them."""
    usable = [attribute for attribute in _ATTRIBUTES if attribute != without]
    others = [other for other in facts.objects if other != thing]
    return [
        kept
        for n_kept in range(1, len(usable) + 1)
        for kept in combinations(usable, n_kept)
        if not any(_fits(other, thing, kept) for other in others)
    ]


def _fits(other, thing, kept):
    return all(getattr(other, name) == getattr(thing, name) for name in kept)


def ask_for(rng, facts, thing, attribute):
    """Questions for an attribute of an object, one or none."""
    ways = unique(facts, thing, without=attribute)
    if not ways:
        return []
    several = facts.count > 1
    name = phrase(rng, thing, pick(rng, ways), several=several)
    text = pick(rng, _ATTRIBUTE[attribute])
    text = text.format(name, **{"is": "are" if several else "is"})
    return [Question(attribute, text, getattr(thing, attribute))]


def _foil(rng, facts, looks):
    """Colour and shape of which one is as in the scene, and both are not."""
    seen = [(thing.colour, thing.shape) for thing in facts.objects]
    near = [
        look
        for look in looks
        if look not in seen and any(set(look) & set(other) for other in seen)
    ]
    return pick(rng, near) if near else None


def _ask_exist(rng, facts, looks):
    thing = pick(rng, facts.objects)
    kept = pick(rng, [("colour", "shape"), _ATTRIBUTES])
    questions = [
        Question("exist", pick(rng, _EXIST).format(phrase(rng, thing, kept)), "yes")
    ]
    foil = _foil(rng, facts, looks)
    if foil is not None:
        size = f"{pick(rng, SIZE_WORDS[thing.size])} " if "size" in kept else ""
        text = pick(rng, _EXIST).format(size + " ".join(foil))
        questions.append(Question("exist", text, "no"))
    return questions


def _ask_verify(rng, facts, looks):
    if facts.relation is not None and pick(rng, (True, False)):
        return _verify_relation(rng, facts)
    thing = pick(rng, facts.objects)
    attribute = pick(rng, _ATTRIBUTES)
    ways = unique(facts, thing, without=attribute)
    wrong = _wrong_values(thing, attribute, looks)
    if not ways or not wrong:
        return []
    several = facts.count > 1
    name = phrase(rng, thing, pick(rng, ways), several=several)
    return [
        Question("verify", _verify(name, attribute, value, several=several), answer)
        for value, answer in (
            (getattr(thing, attribute), "yes"),
            (pick(rng, wrong), "no"),
        )
    ]


def _wrong_values(thing, attribute, looks):
    if attribute == "size":
        return [size for size in SIZES if size != thing.size]
    if attribute == "colour":
        return [c for c, s in looks if s == thing.shape and c != thing.colour]
    return [s for c, s in looks if c == thing.colour and s != thing.shape]


def _verify(name, attribute, value, *, several):
    if attribute == "shape":
        value = PLURALS[value] if several else f"a {value}"
    return f"{'are' if several else 'is'} the {name} {value}?"


def _names(rng, facts):
    """Both objects of a relation, each so that it cannot be the other."""
    return [
        phrase(rng, thing, pick(rng, unique(facts, thing))) for thing in facts.objects
    ]


def _verify_relation(rng, facts):
    first, second = _names(rng, facts)
    relation = facts.relation
    # Facts say "above" and "left of" only: those words would give the answer away.
    if pick(rng, (True, False)):
        first, second, relation = second, first, RELATIONS[relation]
    return [
        Question("verify", f"is the {first} {stated} the {second}?", answer)
        for stated, answer in ((relation, "yes"), (RELATIONS[relation], "no"))
    ]


def _ask_count(rng, facts, looks):
    thing = pick(rng, facts.objects)
    name = phrase(rng, thing, ("colour", "shape"), several=True)
    n_alike = sum(_fits(other, thing, ("colour", "shape")) for other in facts.objects)
    number = max(facts.count, n_alike)
    questions = [Question("count", pick(rng, _COUNT).format(name), str(number))]
    foil = _foil(rng, facts, looks)
    if foil is not None:
        text = pick(rng, _COUNT).format(f"{foil[0]} {PLURALS[foil[1]]}")
        questions.append(Question("count", text, "0"))
    return questions


def _ask_attribute(attribute):
    def ask(rng, facts, looks):
        return [
            question
            for thing in facts.objects
            for question in ask_for(rng, facts, thing, attribute)
        ]

    return ask


def _ask_relation(rng, facts, looks):
    if facts.relation is None:
        return []
    first, second = _names(rng, facts)
    return [
        Question("relation", pick(rng, _RELATION).format(first, second), answer)
        for first, second, answer in (
            (first, second, facts.relation),
            (second, first, RELATIONS[facts.relation]),
        )
    ]


def _ask_place(rng, facts, looks):
    if facts.place is None:
        return []
    name = phrase(rng, facts.objects[0], pick(rng, unique(facts, facts.objects[0])))
    return [Question("place", pick(rng, _PLACE).format(name), facts.place)]


# From random numbers, facts and the combinations that may occur to questions of a type.
ASK = {
    "exist": _ask_exist,
    "verify": _ask_verify,
    "count": _ask_count,
    "colour": _ask_attribute("colour"),
    "shape": _ask_attribute("shape"),
    "size": _ask_attribute("size"),
    "relation": _ask_relation,
    "place": _ask_place,
}
