"""Scenes: which objects lie where. Pictures and captions are made from them.

`_render.py` paints a scene and `_captions.py` describes it; neither adds a fact.
Only operations that IEEE 754 rounds exactly are used on coordinates, so that the
same seed gives the same scenes on every machine.
"""

from dataclasses import dataclass, replace

import numpy as np

from itm_sklearn.datasets._facts import (
    COLOURS,
    KINDS,
    PLACES,
    RELATIONS,
    SHAPES,
    SIZES,
    Facts,
    ObjectFacts,
)

__all__ = ["LOOKS", "Scene", "SceneObject", "draw_scene"]

LOOKS = tuple((colour, shape) for colour in COLOURS for shape in SHAPES)

# Centres of the outer thirds and of the middle one; the limits lie between.
_THIRDS = (0.24, 0.5, 0.76)
_LIMITS = (0.37, 0.63)
_RADII = {"small": (0.095, 0.105), "large": (0.15, 0.165)}
# No shape reaches further from its centre than this many radii.
_REACH = 1.25
_GAP = 0.02


@dataclass(frozen=True)
class SceneObject:
    """One object of a scene, as it lies in the unit square.

    Parameters
    ----------
    colour, shape, size : str
        Names in `COLOURS`, `SHAPES` and `SIZES`.
    x, y : float
        Its centre: (0, 0) is the top left corner of the picture, (1, 1) the
        bottom right one.
    radius : float
        Half its width, about, as a share of the width of the picture.
    turn : float, default=0.0
        The tangent of half the angle by which it is turned clockwise.

    Examples
    --------
    >>> from itm_sklearn.datasets import SceneObject
    >>> SceneObject("red", "star", "small", x=0.2, y=0.8, radius=0.1).place
    'bottom left'
    """

    colour: str
    shape: str
    size: str
    x: float
    y: float
    radius: float
    turn: float = 0.0

    @property
    def facts(self):
        """Its colour, shape and size, without the geometry."""
        return ObjectFacts(self.shape, self.colour, self.size)

    @property
    def place(self):
        """The name of the third of the width and height that its centre is in."""
        row, column = (sum(at > limit for limit in _LIMITS) for at in (self.y, self.x))
        return PLACES[3 * row + column]

    @property
    def reach(self):
        """No part of it is further from its centre than this."""
        return _REACH * self.radius


@dataclass(frozen=True)
class Scene:
    """The objects of one picture, of which its facts are read off.

    Parameters
    ----------
    kind : {"place", "relation", "count"}
        One object in a place, two in a relation, or several that look alike.
    objects : tuple of SceneObject
        In no particular order; they do not touch each other.

    Examples
    --------
    >>> from itm_sklearn.datasets import Scene, SceneObject
    >>> star = SceneObject("red", "star", "small", x=0.5, y=0.2, radius=0.1)
    >>> cross = SceneObject("blue", "cross", "large", x=0.5, y=0.7, radius=0.16)
    >>> Scene("relation", (cross, star)).facts.relation
    'above'
    """

    kind: str
    objects: tuple

    @property
    def facts(self):
        """What a complete caption says of this scene."""
        first = self.objects[0]
        if self.kind == "place":
            return Facts((first.facts,), place=first.place)
        if self.kind == "count":
            return Facts((first.facts,), count=len(self.objects))
        second = self.objects[1]
        return Facts((first.facts, second.facts), relation=_relation(first, second))


def _relation(first, second):
    """Where the first object lies, seen from the second."""
    right, down = first.x - second.x, first.y - second.y
    if abs(down) > abs(right):
        return "below" if down > 0 else "above"
    return "right of" if right > 0 else "left of"


def draw_scene(rng, *, kinds=KINDS, looks=LOOKS, containing=None):
    """A random scene of one of the kinds.

    Colour and shape come from `looks`, and those of one object from `containing`.
    """
    kind = _pick(rng, kinds)
    first = _draw_look(rng, looks if containing is None else containing)
    if kind == "place":
        return Scene(kind, (_draw_placed(rng, first),))
    if kind == "count":
        return Scene(kind, _draw_several(rng, first))
    second = first
    while second == first:
        second = _draw_look(rng, looks)
    # Else the object from `containing` would always be the first one.
    related = _pick(rng, ((first, second), (second, first)))
    return Scene(kind, _draw_related(rng, *related))


def _pick(rng, options):
    # The default integer type differs between platforms, and the draws with it.
    return options[rng.randint(len(options), dtype=np.int64)]


def _between(rng, low, high):
    # Not rng.uniform: compilers may fuse its product and sum on some machines.
    return low + (high - low) * rng.random_sample()


def _draw_look(rng, looks):
    return (*_pick(rng, looks), _pick(rng, SIZES))


def _draw_object(rng, look):
    """An object that has yet to be moved to its place."""
    radius = _between(rng, *_RADII[look[2]])
    return SceneObject(
        *look, x=0.0, y=0.0, radius=radius, turn=_between(rng, -0.1, 0.1)
    )


def _margin(thing):
    """How far from the edge of the picture the centre must stay."""
    return thing.reach + _GAP / 2


def _draw_placed(rng, look):
    thing = _draw_object(rng, look)
    low, high = _margin(thing), 1 - _margin(thing)
    x, y = (_pick(rng, _THIRDS) + _between(rng, -0.06, 0.06) for _ in range(2))
    return replace(thing, x=min(max(x, low), high), y=min(max(y, low), high))


def _draw_related(rng, first, second):
    """Two objects well apart along one axis and nearly level on the other."""
    relation = _pick(rng, tuple(RELATIONS))
    things = [_draw_object(rng, look) for look in (first, second)]
    # Near means near the top or the left edge.
    near, far = things if relation in ("above", "left of") else things[::-1]
    distance = _margin(near) + _margin(far) + _GAP
    near_along = _between(rng, _margin(near), 1 - _margin(far) - distance)
    far_along = _between(rng, near_along + distance, 1 - _margin(far))
    level = _between(rng, 0.3, 0.7)
    near_across, far_across = (level + _between(rng, -0.06, 0.06) for _ in range(2))
    if relation in ("above", "below"):
        near = replace(near, x=near_across, y=near_along)
        far = replace(far, x=far_across, y=far_along)
    else:
        near = replace(near, x=near_along, y=near_across)
        far = replace(far, x=far_along, y=far_across)
    return (near, far) if relation in ("above", "left of") else (far, near)


def _draw_several(rng, look):
    """Two to four objects that look alike, anywhere but on each other."""
    things = [_draw_object(rng, look) for _ in range(_pick(rng, (2, 3, 4)))]
    margins = [_margin(thing) for thing in things]
    centres = []
    throws = 0
    while len(centres) < len(things):
        margin = margins[len(centres)]
        centre = [_between(rng, margin, 1 - margin) for _ in range(2)]
        if not _hits(centre, margin, centres, margins):
            centres.append(centre)
        throws += 1
        # The first ones may leave no room for the last: begin again.
        if throws % 16 == 0:
            centres.clear()
    placed = zip(things, centres, strict=True)
    return tuple(replace(thing, x=x, y=y) for thing, (x, y) in placed)


def _hits(centre, margin, others, margins):
    """Whether two margins overlap, seen as circles around their centres."""
    # There are more margins than objects placed so far.
    for (x, y), other_margin in zip(others, margins, strict=False):
        right, down, distance = centre[0] - x, centre[1] - y, margin + other_margin
        if right * right + down * down < distance * distance:
            return True
    return False
