"""Captioners on generated scenes, judged so that no cheat passes.

    python benchmarks/quality/scenes_captioning.py

12,000 scenes of 32 x 32 pixels in which five combinations of colour and shape never
occur, 600 more of the same kind, and 600 of which each shows one of the five. A caption
is right if it states all facts of the scene, however it is worded ("exact"). BLEU-4 and
CIDEr-D stand beside it: they can be earned by sentences that are about something else.

Three lines to beat do not see, or do not write: the caption whose facts are the most
frequent, a caption of the nearest training picture (in 50 principal axes of the
pixels), and one of the captions that each scene has against its others.
"""

import argparse
import csv
import sys
import time
from collections import Counter

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from itm_sklearn.datasets import make_scenes, parse_caption
from itm_sklearn.generation import Captioner
from itm_sklearn.metrics import bleu, cider_d, exact_match

# Each shape and five of the colours.
HELD_OUT = [
    "red star",
    "blue circle",
    "green cross",
    "yellow triangle",
    "purple square",
]
SHARED = {"image_size": 32, "max_iter": 4, "learning_rate": 3e-3, "dropout": 0.05}
DECODERS = {
    "transformer": {},
    "gru": {},
    "lstm": {},
    "gpt2": {},
    "gpt2-prefix": {},
}
KINDS = ("place", "relation", "count")


def references_of(data):
    """The captions of each image."""
    references = [[] for _ in data.scenes]
    for text, image in zip(data.pairs.texts, data.pairs.image_index, strict=True):
        references[image].append(text)
    return references


def judge(captions, data):
    """Exact matches, in all and of each kind, BLEU-4 and CIDEr-D."""
    references = references_of(data)
    return scores_of(references, captions, [scene.kind for scene in data.scenes])


def scores_of(references, captions, kinds):
    """The same for given references."""
    options = {"facts": parse_caption, "average": None}
    right = exact_match(references, captions, **options)
    by_kind = [right[np.array(kinds) == kind].mean() for kind in KINDS]
    return [
        right.mean(),
        *by_kind,
        bleu(references, captions),
        cider_d(references, captions),
    ]


def baselines(train, tests):
    """A row for each model that does not write."""
    counts = Counter(parse_caption(text) for text in train.pairs.texts)
    frequent = counts.most_common(1)[0][0]
    text = next(t for t in train.pairs.texts if parse_caption(t) == frequent)
    yield "most frequent", [judge([text] * len(test.scenes), test) for test in tests]
    axes = PCA(50, random_state=0)
    nearest = NearestNeighbors(n_neighbors=1)
    nearest.fit(axes.fit_transform(_flat(train)))
    known = references_of(train)
    yield (
        "nearest neighbour",
        [
            judge(
                [
                    known[row][0]
                    for row in nearest.kneighbors(
                        axes.transform(_flat(test)), return_distance=False
                    )[:, 0]
                ],
                test,
            )
            for test in tests
        ],
    )
    yield "human", [_people(test) for test in tests]


def _flat(data):
    return data.pairs.images.reshape(len(data.scenes), -1) / 255


def _people(data):
    """The first caption of each scene against its others."""
    references = references_of(data)
    kinds = [scene.kind for scene in data.scenes]
    return scores_of(
        [texts[1:] for texts in references], [t[0] for t in references], kinds
    )


def evaluate(decoder, train, tests, changes):
    """Steps, minutes of processor time to fit, and scores on each test set."""
    options = {
        **SHARED,
        **DECODERS[decoder],
        "random_state": 0,
        "verbose": 1,
        **changes,
    }
    start = time.process_time()
    model = Captioner(decoder=decoder, **options).fit(train.pairs)
    minutes = (time.process_time() - start) / 60
    n_steps = -(-len(train.pairs) // model.batch_size) * model.max_iter
    scores = [judge(model.predict(test.pairs.images), test) for test in tests]
    return n_steps, minutes, scores


def main():
    """Fit each decoder; a CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--decoders", nargs="*", choices=DECODERS, default=DECODERS)
    parser.add_argument("--images", type=int, default=12_000)
    parser.add_argument("--max-iter", type=int, help="passes, instead of the usual")
    arguments = parser.parse_args()
    changes = {"max_iter": arguments.max_iter} if arguments.max_iter else {}
    size = {"image_size": SHARED["image_size"]}
    train = make_scenes(arguments.images, held_out=HELD_OUT, random_state=0, **size)
    tests = [
        make_scenes(600, held_out=HELD_OUT, random_state=1, **size),
        make_scenes(600, containing=HELD_OUT, random_state=2, **size),
    ]
    names = ("exact", *KINDS, "bleu4", "cider_d")
    header = [f"{name}_{where}" for where in ("seen", "held_out") for name in names]
    table = csv.writer(sys.stdout)
    table.writerow(["model", "steps", "cpu_minutes", *header])
    for name, scores in baselines(train, tests):
        table.writerow([name, "", "", *(f"{x:.3f}" for row in scores for x in row)])
    for name in arguments.decoders:
        steps, minutes, scores = evaluate(name, train, tests, changes)
        numbers = (f"{x:.3f}" for row in scores for x in row)
        table.writerow([name, steps, f"{minutes:.1f}", *numbers])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
