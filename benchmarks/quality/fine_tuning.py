"""Fine-tuning a convolutional network on pairs, beside the same network frozen.

    python benchmarks/quality/fine_tuning.py

A small network learns to see from scenes of a single object. Then other scenes come,
of two objects in a relation and of several that look alike: heads alone on the
frozen network, or heads and network together. All rank the same 500 unseen images of
such scenes, by mean recall at 1, 5 and 10 over both directions. A network that has
learned nothing shows what the heads can do by themselves.
"""

import argparse
import time

import numpy as np
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from itm_sklearn.alignment import TowerAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.model_selection import retrieval_scoring

FIRST, LATER = ("place",), ("relation", "count")
SETTINGS = {"max_iter": 15, "tower_share": 1.0}


def make_network(seed):
    """Three convolutions and a linear layer."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        layers = []
        for n_in, n_out in ((3, 32), (32, 64), (64, 64)):
            convolution = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
            layers += [convolution, nn.BatchNorm2d(n_out), nn.ReLU()]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 16, 128))


def make_encoder():
    """Pictures as torch likes them, captions as vectors of words."""
    words = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 3), min_df=3, sublinear_tf=True),
        TruncatedSVD(200, random_state=0),
        FunctionTransformer(np.float32),
    )
    return DualEncoder(FunctionTransformer(_channels_first), words)


def _channels_first(images):
    return np.moveaxis(images, 3, 1) / np.float32(255)


def draw(n_images, kinds, seed):
    """Pairs of scenes of some kinds."""
    return make_scenes(n_images, kinds=kinds, image_size=32, random_state=seed).pairs


def compare(n_images, seed):
    """Mean recalls of all ways, by name."""
    early, train, test = (
        draw(n_images, FIRST, 3 * seed),
        draw(n_images, LATER, 3 * seed + 1),
        draw(500, LATER, 3 * seed + 2),
    )
    encoder = make_encoder()
    train, test = encoder.fit_transform(train), encoder.transform(test)
    untaught = make_network(seed)
    first = TowerAligner(untaught, random_state=seed, **SETTINGS)
    taught = first.fit(make_encoder().fit_transform(early)).image_network_.tower
    score = retrieval_scoring(metric="mean_recall")
    for name, tower, share in (
        ("untaught, frozen", untaught, 0.0),
        ("taught, frozen", taught, 0.0),
        ("taught, fine-tuned", taught, SETTINGS["tower_share"]),
    ):
        start = time.process_time()
        aligner = TowerAligner(tower, random_state=seed, **SETTINGS)
        aligner.set_params(tower_share=share).fit(train)
        yield name, score(aligner, test), time.process_time() - start


def main():
    """Compare on several seeds and print the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    found = {}
    for seed in range(arguments.seeds):
        for name, score, seconds in compare(arguments.images, seed):
            found.setdefault(name, []).append((score, seconds))
    print("network              mean recall  of each seed          CPU s")
    for name, rows in found.items():
        scores, seconds = zip(*rows, strict=True)
        each = " ".join(f"{score:.3f}" for score in scores)
        print(
            f"{name:20} {np.mean(scores):.3f}        {each:20}  {np.mean(seconds):.0f}"
        )


if __name__ == "__main__":
    main()
