"""What can be said of a scene, apart from the words that say it.

`_scene.py` draws pictures' contents, whose facts these are; `_captions.py` turns
facts into sentences and sentences back into facts.
"""

from dataclasses import dataclass

__all__ = [
    "COLOURS",
    "KINDS",
    "PLACES",
    "RELATIONS",
    "SHAPES",
    "SIZES",
    "Facts",
    "ObjectFacts",
]

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
SHAPES = ("circle", "square", "triangle", "star", "cross")
SIZES = ("small", "large")
KINDS = ("place", "relation", "count")

# Row by row, so that PLACES[3 * row + column] is the name of a third of a third.
PLACES = (
    *("top left", "top", "top right"),
    *("left", "centre", "right"),
    *("bottom left", "bottom", "bottom right"),
)

# Each with the relation that says the same with the objects exchanged.
RELATIONS = {
    "above": "below",
    "below": "above",
    "left of": "right of",
    "right of": "left of",
}


@dataclass(frozen=True)
class ObjectFacts:
    """What is said about one object; None for what is left open.

    Parameters
    ----------
    shape : {"circle", "square", "triangle", "star", "cross"}
        Its shape.
    colour : str, default=None
        One of the eight names in `COLOURS`.
    size : {"small", "large"}, default=None
        Its size.

    Examples
    --------
    >>> from itm_sklearn.datasets import ObjectFacts
    >>> ObjectFacts("circle", "red")
    ObjectFacts(shape='circle', colour='red', size=None)
    """

    shape: str
    colour: str | None = None
    size: str | None = None


@dataclass(frozen=True)
class Facts:
    """What a scene shows or a caption states, equal however it is put.

    A relation is stored as "above" or "left of", so that facts do not depend on
    which object was named first. Facts are hashable.

    Parameters
    ----------
    objects : tuple of ObjectFacts
        The objects named: two with a relation, otherwise one. With a count, the
        one stands for all of them.
    place : str, default=None
        One of the nine names in `PLACES`.
    relation : {"above", "below", "left of", "right of"}, default=None
        Where the first object lies, seen from the second.
    count : int, default=1
        How many objects like the one named there are.

    See Also
    --------
    parse_caption : Facts from a sentence.

    Examples
    --------
    >>> from itm_sklearn.datasets import Facts, ObjectFacts
    >>> circle, square = ObjectFacts("circle", "red"), ObjectFacts("square", "blue")
    >>> facts = Facts((circle, square), relation="below")
    >>> facts == Facts((square, circle), relation="above")
    True
    >>> facts.kind
    'relation'
    """

    objects: tuple
    place: str | None = None
    relation: str | None = None
    count: int = 1

    def __post_init__(self):
        if self.relation in ("below", "right of"):
            # A frozen dataclass is written to through its base class.
            object.__setattr__(self, "relation", RELATIONS[self.relation])
            object.__setattr__(self, "objects", self.objects[::-1])

    @property
    def kind(self):
        """Which kind of scene this is: "place", "relation" or "count"."""
        if self.relation is not None:
            return "relation"
        return "count" if self.count > 1 else "place"
