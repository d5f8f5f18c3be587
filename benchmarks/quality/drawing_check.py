"""What a scene of one object shows, read without a network.

There has to be exactly one blob; its colour and place are read off its pixels, and its
shape and size are those of the painted object that it differs least from. On real
scenes all of it is right; `drawing_judge.py` has the reader that was trained.
"""

import numpy as np
from scipy.ndimage import center_of_mass, label

from itm_sklearn.datasets import PLACES, SHAPES, Facts, ObjectFacts, SceneObject
from itm_sklearn.datasets._render import _RGB, _coverage

# The ground and its noise are greyer than this; all objects are more colourful.
_CHROMA = 60
_FEWEST_PIXELS = 5
_SIDE = 32
_RADII = {"small": 0.1, "large": 0.1575}
# Half the side of the window that shapes are compared in.
_REACH = 9


def read_without_network(image):
    """The facts of an image of one object; None if there is not exactly one blob."""
    pixels = image.astype(float)
    chroma = np.ptp(pixels, axis=2)
    blobs, n_blobs = label(chroma > _CHROMA)
    sizes = np.bincount(blobs.ravel(), minlength=n_blobs + 1)[1:]
    (large,) = np.nonzero(sizes >= _FEWEST_PIXELS)
    if len(large) != 1:
        return None
    mask = blobs == large[0] + 1
    shape, size, place = _best_template(chroma, mask)
    colour = _nearest_colour(pixels[mask], chroma[mask])
    return Facts((ObjectFacts(shape, colour, size),), place=place)


def _nearest_colour(pixels, chroma):
    # The edge is mixed with the ground: the more colourful half is not.
    colour = np.median(pixels[chroma >= np.median(chroma)], axis=0)
    return min(_RGB, key=lambda name: np.sum((colour - _RGB[name]) ** 2))


def _best_template(chroma, mask):
    """Shape, size and place of the painted object that is most like the blob."""
    noise = 20
    cover = (chroma - noise) / (max(np.median(chroma[mask]), _CHROMA) - noise)
    padded = np.pad(np.clip(cover, 0, 1), _REACH + 3)
    middle = [round(at) + _REACH + 3 for at in center_of_mass(mask)]
    steps = range(-2, 3)
    tried = [
        _least_difference(padded, middle[0] + down, middle[1] + right)
        for down in steps
        for right in steps
    ]
    _, (shape, size, *fraction), corner = min(tried, key=lambda one: one[0])
    centre = [
        (at - _REACH - 3 + part) / _SIDE
        for at, part in zip(corner, fraction, strict=True)
    ]
    row, column = (sum(at > limit for limit in (0.37, 0.63)) for at in centre)
    return shape, size, PLACES[3 * row + column]


def _least_difference(padded, row, column):
    window = padded[row - _REACH : row + _REACH + 1, column - _REACH :]
    window = window[:, : 2 * _REACH + 1]
    differences = ((_TEMPLATES - window.ravel()) ** 2).sum(axis=1)
    best = differences.argmin()
    return differences[best], _NAMES[best], (row, column)


def _make_templates():
    """Every shape in both sizes, at quarters of a pixel, and its name."""
    names, templates = [], []
    quarters = np.arange(0, 1, 0.25)
    for shape in SHAPES:
        for size, radius in _RADII.items():
            for down in quarters:
                for right in quarters:
                    names.append((shape, size, down, right))
                    templates.append(_template(shape, size, radius, down, right))
    return names, np.stack(templates)


def _template(shape, size, radius, down, right):
    middle = _SIDE // 2
    thing = SceneObject(
        "red", shape, size, (middle + right) / _SIDE, (middle + down) / _SIDE, radius
    )
    cover = np.zeros((_SIDE, _SIDE))
    window, inside = _coverage(thing, _SIDE)
    cover[window] = inside
    rows = slice(middle - _REACH, middle + _REACH + 1)
    return cover[rows, rows].ravel()


_NAMES, _TEMPLATES = _make_templates()
