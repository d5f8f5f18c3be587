"""Paint a scene: smooth shapes on a noisy grey ground.

Like `_scene.py`, only with operations that IEEE 754 rounds exactly: sums, products
and square roots, one numpy call each, so that every machine paints the same bytes.
"""

from math import sqrt

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["render"]

_RGB = {
    "red": (215, 35, 40),
    "orange": (240, 130, 20),
    "yellow": (245, 225, 45),
    "green": (40, 155, 55),
    "cyan": (60, 205, 225),
    "blue": (40, 65, 215),
    "purple": (130, 45, 170),
    "pink": (250, 145, 195),
}
# Cosine and sine of 72 degrees, and of 36.
_COS_72, _COS_36 = (sqrt(5) - 1) / 4, (sqrt(5) + 1) / 4
_SIN_72, _SIN_36 = sqrt(1 - _COS_72 * _COS_72), sqrt(1 - _COS_36 * _COS_36)


def _circle(right, down):
    return np.sqrt(right * right + down * down) - 0.97


def _box(right, down, width, height):
    return np.maximum(np.abs(right) - width, np.abs(down) - height)


def _square(right, down):
    return _box(right, down, 0.85, 0.85)


def _cross(right, down):
    return np.minimum(
        _box(right, down, 1.1, 0.38),
        _box(right, down, 0.38, 1.1),
    )


def _triangle(right, down):
    slanted = np.abs(right) * (sqrt(3) / 2) - down * 0.5
    return np.maximum(slanted, down) - 0.625


def _star(right, down):
    """Inside all but one of the five lines that join every second corner."""
    right = np.abs(right)
    upper, lower = right * _SIN_72 - down * _COS_72, right * _SIN_36 + down * _COS_36
    # The lines mirrored to the left side are the same with the other sign.
    mirrored = -right * _SIN_72 - down * _COS_72, -right * _SIN_36 + down * _COS_36
    lines = np.stack([-down, upper, lower, *mirrored])
    return np.partition(lines, -2, axis=0)[-2] - 1.25 * _COS_72


# Signed distances from the outline, in radii, for points in the object's own frame;
# negative inside.
_DISTANCES = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
}


def render(scene, image_size=64, random_state=None):
    """The picture of a scene, and which pixel belongs to which object.

    Parameters
    ----------
    scene : Scene
        What to paint.
    image_size : int, default=64
        Width and height in pixels.
    random_state : int, RandomState instance or None, default=None
        Draws the ground, the noise and the shade of each colour.

    Returns
    -------
    image : ndarray of uint8 of shape (image_size, image_size, 3)
        Red, green and blue.
    labels : ndarray of uint8 of shape (image_size, image_size)
        0 where the ground is, ``k`` where ``scene.objects[k - 1]`` is.

    Examples
    --------
    >>> from itm_sklearn.datasets import Scene, SceneObject, render
    >>> square = SceneObject("red", "square", "large", x=0.5, y=0.5, radius=0.16)
    >>> image, labels = render(Scene("place", (square,)), 32, random_state=0)
    >>> image.shape, labels.shape
    ((32, 32, 3), (32, 32))
    >>> labels[16, 16], labels[0, 0]
    (np.uint8(1), np.uint8(0))
    """
    rng = check_random_state(random_state)
    canvas = _draw_ground(rng, image_size)
    labels = np.zeros((image_size, image_size), dtype=np.uint8)
    for number, thing in enumerate(scene.objects, start=1):
        window, cover = _coverage(thing, image_size)
        colour = _RGB[thing.colour] + _integers(rng, 10, 3)
        patch = canvas[window]
        patch += cover[..., np.newaxis] * (colour - patch)
        labels[window][cover >= 0.5] = number
    canvas += _integers(rng, 14, canvas.shape)
    return (np.clip(canvas, 0, 255) + 0.5).astype(np.uint8), labels


def _integers(rng, width, shape):
    """Random whole numbers from -width to width."""
    drawn = rng.randint(2 * width + 1, size=shape, dtype=np.uint8)
    return drawn.astype(np.float64) - width


def _draw_ground(rng, image_size):
    """Some grey with a faint tint, lighter on one side than on the other."""
    level = 75 + rng.randint(100, dtype=np.int64)
    tint = level + _integers(rng, 8, 3)
    slopes = _integers(rng, 30, 2)
    ramp = (np.arange(image_size) + 0.5) / image_size - 0.5
    light = slopes[0] * ramp[:, np.newaxis] + slopes[1] * ramp
    return tint + light[..., np.newaxis]


def _coverage(thing, image_size):
    """The window that an object lies in, and how much of each pixel it covers."""
    rows, down = _window(thing.y, thing.reach, image_size)
    columns, right = _window(thing.x, thing.reach, image_size)
    # Cosine and sine from the tangent of half the angle: exact on every machine.
    square = thing.turn * thing.turn
    cosine, sine = (1 - square) / (1 + square), 2 * thing.turn / (1 + square)
    down, right = down[:, np.newaxis] / thing.radius, right / thing.radius
    along, across = right * cosine + down * sine, down * cosine - right * sine
    distance = _DISTANCES[thing.shape](along, across) * (thing.radius * image_size)
    return (rows, columns), np.clip(0.5 - distance, 0, 1)


def _window(centre, reach, image_size):
    """A slice of pixels and the offsets of their middles from the centre."""
    start = max(int((centre - reach) * image_size) - 1, 0)
    stop = min(int((centre + reach) * image_size) + 2, image_size)
    middles = (np.arange(start, stop) + 0.5) / image_size
    return slice(start, stop), middles - centre
