"""Captioned pictures of coloured shapes, made to order, with all that is in them.

The contents are drawn in `_scene.py`, painted in `_render.py` and put into words in
`_describe.py`.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state, check_scalar

from itm_sklearn.datasets._describe import describe
from itm_sklearn.datasets._facts import COLOURS, KINDS, SHAPES
from itm_sklearn.datasets._render import render
from itm_sklearn.datasets._scene import LOOKS, draw_scene
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["allowed_looks", "make_scenes"]

_DESCRIPTION = """\
Captioned scenes, generated
---------------------------

Objects of eight colours, five shapes and two sizes on a noisy grey ground. A scene
shows one object in one of nine places, two objects in one of four relations, or two
to four objects that look alike. Every caption states all facts of its scene: size,
colour and shape of each object, and the place, the relation or the count. Captions
of one image are different sentences; other images may show the same facts.

pairs   ImageTextPairs: images of uint8, each once; a row for each caption
scenes  a Scene for each image: its objects and their positions, and its facts
masks   uint8, of the images' height and width: 0 on the ground, k on the object
        scenes[i].objects[k - 1]; `masks[i] == k` is the mask of one object
"""


def make_scenes(
    n_images,
    *,
    captions_per_image=(2, 4),
    image_size=64,
    held_out=None,
    containing=None,
    kinds=KINDS,
    random_state=None,
):
    """Pictures of simple scenes with captions, facts and masks.

    The scenes and captions of a seed do not depend on `image_size`, and the first
    scenes of a longer set are those of a shorter one.

    Parameters
    ----------
    n_images : int
        How many pictures to make.
    captions_per_image : int or tuple of (int, int), default=(2, 4)
        How many captions each picture gets, or the least and the most of them. The
        captions of a picture are different sentences that state the same facts.
    image_size : int, default=64
        Width and height in pixels, at least 16.
    held_out : sequence of (str, str) or of str, default=None
        Combinations of colour and shape that never occur: ``("red", "star")`` or
        ``"red star"``.
    containing : sequence of (str, str) or of str, default=None
        Combinations of which every scene holds at least one. To test whether a model
        understands combinations it never saw, train with ``held_out=some`` and test
        with ``containing=some``.
    kinds : sequence of {"place", "relation", "count"}, default=all three
        Kinds of scenes, drawn equally often: one object in a place, two in a
        relation, or several that look alike.
    random_state : int, RandomState instance or None, default=None
        The same seed gives the same data on every machine.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        pairs : ImageTextPairs
            Its images are an array of uint8 of shape (n_images, image_size,
            image_size, 3), its texts the captions.
        scenes : list of Scene
            What each image shows: ``scenes[i].objects``, ``scenes[i].facts``.
        masks : ndarray of uint8 of shape (n_images, image_size, image_size)
            Objects never overlap, so one number a pixel says it all: 0 on the
            ground, ``k`` on ``scenes[i].objects[k - 1]``.
        DESCR : str
            The description of the data.

    See Also
    --------
    parse_caption : The facts that a caption states, to judge captions by.
    describe : More captions for the facts of a scene.
    render : Another picture of a scene.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_scenes, parse_caption
    >>> data = make_scenes(100, image_size=32, random_state=0)
    >>> data.pairs
    ImageTextPairs(306 pairs; 100 images of uint8 × 32 × 32 × 3; 306 texts of str)
    >>> data.pairs.texts[0]
    'in the centre sits a small pink circle'
    >>> parse_caption(data.pairs.texts[0]) == data.scenes[0].facts
    True
    >>> int((data.masks[0] == 1).sum())
    29

    A test of combinations that do not occur in training:

    >>> unseen = [("red", "star"), ("blue", "circle")]
    >>> train = make_scenes(50, held_out=unseen, image_size=32, random_state=0)
    >>> test = make_scenes(50, containing=unseen, image_size=32, random_state=1)
    >>> any("red star" in caption for caption in train.pairs.texts)
    False
    """
    check_scalar(n_images, "n_images", Integral, min_val=1)
    check_scalar(image_size, "image_size", Integral, min_val=16)
    fewest, most = _check_captions(captions_per_image)
    choices = {"kinds": _check_kinds(kinds), **_check_looks(held_out, containing)}
    scene_rng, caption_rng, picture_rng = _independent(random_state, 3)

    scenes = [draw_scene(scene_rng, **choices) for _ in range(n_images)]
    images = np.empty((n_images, image_size, image_size, 3), dtype=np.uint8)
    masks = np.empty(images.shape[:3], dtype=np.uint8)
    texts, image_index = [], []
    for number, scene in enumerate(scenes):
        images[number], masks[number] = render(scene, image_size, picture_rng)
        n_captions = fewest + caption_rng.randint(most - fewest + 1, dtype=np.int64)
        texts += describe(scene.facts, n_captions, caption_rng)
        image_index += [number] * n_captions
    pairs = ImageTextPairs(images, texts, image_index)
    return Bunch(pairs=pairs, scenes=scenes, masks=masks, DESCR=_DESCRIPTION)


def _independent(random_state, n_streams):
    """Generators that do not disturb each other, however much each is used."""
    rng = check_random_state(random_state)
    seeds = rng.randint(2**31, size=n_streams, dtype=np.int64)
    return [np.random.RandomState(seed) for seed in seeds]


def _check_captions(captions_per_image):
    """The least and the most captions of an image."""
    if isinstance(captions_per_image, Integral):
        captions_per_image = (captions_per_image, captions_per_image)
    fewest, most = captions_per_image
    if not 1 <= fewest <= most:
        raise ValueError(
            f"captions_per_image={captions_per_image!r} must be a number of 1 or more, "
            "or the least and the most, such as (2, 4)."
        )
    return fewest, most


def _check_kinds(kinds):
    # A single name is a sequence of letters.
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if not kinds or not set(kinds) <= set(KINDS):
        raise ValueError(f"kinds={kinds!r} must be some of {KINDS}.")
    return kinds


def _check_looks(held_out, containing):
    """The combinations that may occur, and those of which one must."""
    looks = allowed_looks(held_out)
    if containing is None:
        return {"looks": looks}
    wanted = _check_combinations(containing, "containing")
    possible = [look for look in looks if look in wanted]
    if not possible:
        raise ValueError(
            f"containing={containing!r} names no combination that held_out leaves."
        )
    return {"looks": looks, "containing": possible}


def allowed_looks(held_out):
    """All combinations of colour and shape but those held out."""
    banned = _check_combinations(held_out, "held_out")
    looks = [look for look in LOOKS if look not in banned]
    if not looks:
        raise ValueError("held_out names every combination: leave some to draw from.")
    return looks


def _check_combinations(combinations, name):
    """A set of (colour, shape), from tuples or from strings like "red star"."""
    checked = set()
    for given in combinations or ():
        look = tuple(given.split()) if isinstance(given, str) else tuple(given)
        if look not in LOOKS:
            raise ValueError(
                f"{name} holds {given!r}, which is not a colour and a shape. Write "
                f"('red', 'star'), with a colour of {COLOURS} and a shape of {SHAPES}."
            )
        checked.add(look)
    return checked
