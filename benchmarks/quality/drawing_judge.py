"""How drawn scenes are judged: by a reader that never saw one, and by plain counting.

The reader is a captioner, trained on real pictures with a seed of its own, in which all
combinations of colour and shape occur: it is a measuring device. It writes a caption of
each drawn image, and an image is right if that caption states just the facts of the
prompt. A captioner forgives ghosts and smears, so scenes of one object are also checked
without a network by `drawing_check.py`: "blob" is the share with exactly one blob, of
the named colour, in the named place.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
from drawing_check import read_without_network

from itm_sklearn.datasets import make_scenes, parse_caption
from itm_sklearn.generation import Captioner
from itm_sklearn.persistence import load, save

# Each shape and five of the colours.
HELD_OUT = [
    "red star",
    "blue circle",
    "green cross",
    "yellow triangle",
    "purple square",
]
SLOTS = ("colour", "shape", "size", "place", "relation", "count")
_SEED = 4242


def load_judge(kinds, *, n_images=8000, max_iter=10, folder=None):
    """The reader for scenes of these kinds, fitted, or read from a folder."""
    path = folder and Path(folder, f"judge-{'-'.join(kinds)}-{n_images}-{max_iter}.itm")
    if path and path.exists():
        return load(path)
    pairs = make_scenes(
        n_images, kinds=kinds, captions_per_image=1, image_size=32, random_state=_SEED
    ).pairs
    judge = Captioner(
        image_size=32,
        max_iter=max_iter,
        learning_rate=3e-3,
        dropout=0.05,
        n_beams=1,
        random_state=_SEED,
        verbose=1,
    ).fit(pairs)
    if path:
        save(judge, path)
    return judge


def facts_read(judge, images):
    """The facts that the reader sees in each image; None where it writes nonsense."""
    return [parse(caption) for caption in judge.predict(images)]


def parse(caption):
    """The facts of a caption; None of nonsense."""
    try:
        return parse_caption(caption)
    except ValueError:
        return None


def exact(wanted, seen):
    """For each image whether it shows just what was wanted."""
    return np.array([a == b for a, b in zip(wanted, seen, strict=True)], float)


def by_slot(wanted, seen):
    """Share of the images in which each kind of fact is right, where it was asked."""
    right = {slot: [] for slot in SLOTS}
    for a, b in zip(wanted, seen, strict=True):
        stated = _stated(b) if b is not None else {}
        for slot, value in _stated(a).items():
            right[slot].append(stated.get(slot) == value)
    return {slot: np.mean(found) for slot, found in right.items() if found}


def _stated(facts):
    values = {
        slot: tuple(getattr(thing, slot) for thing in facts.objects)
        for slot in ("colour", "shape", "size")
    }
    values["place"] = facts.place
    values["relation"] = facts.relation
    values["count"] = facts.count if facts.kind == "count" else None
    return {slot: value for slot, value in values.items() if value is not None}


def has_blob(image, facts):
    """Whether there is exactly one blob, of the named colour, in the named place."""
    seen = read_without_network(image)
    return seen is not None and (
        seen.objects[0].colour == facts.objects[0].colour and seen.place == facts.place
    )


def diversity(samples):
    """Mean distance of two samples of one prompt: root mean square, of 255."""
    samples = samples.astype(np.float32)
    distances = [
        np.sqrt(((samples[:, a] - samples[:, b]) ** 2).mean(axis=(1, 2, 3)))
        for a, b in combinations(range(samples.shape[1]), 2)
    ]
    return float(np.mean(distances))


def report(judge, images, wanted):
    """All figures of one set of drawn images, by name."""
    seen = facts_read(judge, images)
    row = {"exact": exact(wanted, seen).mean(), **by_slot(wanted, seen)}
    if all(facts.kind == "place" for facts in wanted):
        pairs = list(zip(images, wanted, strict=True))
        row["blob"] = np.mean([has_blob(image, facts) for image, facts in pairs])
        seen = [read_without_network(image) for image in images]
        row["exact_without_network"] = exact(wanted, seen).mean()
    return row


def main():
    """What the judge gives to real images, and to real images of other prompts."""
    for kinds in (("place",), ("place", "relation", "count")):
        judge = load_judge(kinds, n_images=8000 if len(kinds) == 1 else 16000)
        test = make_scenes(600, kinds=kinds, image_size=32, random_state=1)
        wanted = [scene.facts for scene in test.scenes]
        print(kinds, "real", report(judge, test.pairs.images, wanted))
        shuffled = [wanted[row] for row in np.random.default_rng(0).permutation(600)]
        print(kinds, "shuffled", report(judge, test.pairs.images, shuffled))


if __name__ == "__main__":
    main()
