"""Matchers on Flickr8k: does this caption fit this image, and re-ranking by them.

    python benchmarks/quality/flickr8k_matching.py --data ../shared/data/flickr8k

Every matcher judges each development caption with its image and with the hardest of
100 other images. Which one is hardest is decided by CCA, fitted on the training images,
for all matchers alike. 300 training images are held out: probabilities are calibrated
on pairs made of them in the same way, and the weight of the matcher in re-ranking is
chosen there, by the mean recall. Everything else is fitted on the other 5,700.

Re-ranking gives the 50 best results of each query by the first stage, one InfoNCE
aligner, a new order by both scores. An aligner of another seed in the place of the
matcher is the line to beat. With `--held-out` 1,000 more training images stand in for
the development images: settings were chosen there.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from flickr8k_aligners import ALIGNERS, load, make_encoder
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.pipeline import make_pipeline

from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import CNNEncoder
from itm_sklearn.matching import (
    CrossAttentionMatcher,
    NeuralMatcher,
    SimilarityMatcher,
    sample_mismatches,
)
from itm_sklearn.metrics import recall_at_k
from itm_sklearn.model_selection import pair_similarity, train_test_split_pairs
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.text import TransformerTextEncoder

FIRST, NEURAL, CROSS = "SimilarityMatcher", "NeuralMatcher", "CrossAttentionMatcher"
N_RIVALS, N_CANDIDATES = 100, 50
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
TRAINED = {"validation_fraction": 0, "random_state": 0, "verbose": 1}


class Regions(TransformerMixin, BaseEstimator):
    """Maps of a network to fewer regions of fewer numbers, in half precision."""

    def __init__(self, side=4, n_components=384):
        self.side = side
        self.n_components = n_components

    def fit(self, X, y=None):
        """Learn the axes from the regions of some images."""
        some = self._pool(X[:: max(1, len(X) // 1000)])
        self.pca_ = PCA(self.n_components, random_state=0)
        self.pca_.fit(some.reshape(-1, some.shape[-1]))
        return self

    def transform(self, X):
        """Array of shape (n_images, side * side, n_components)."""
        regions = [
            self.pca_.transform(pooled.reshape(-1, pooled.shape[-1]))
            for pooled in map(self._pool, np.array_split(X, len(X) // 250 + 1))
        ]
        shape = (len(X), self.side**2, self.n_components)
        return np.concatenate(regions).reshape(shape).astype(np.float16)

    def _pool(self, maps):
        """Means over squares that overlap where the sides do not divide evenly."""
        edges = np.linspace(0, maps.shape[1], self.side + 1)
        spans = [
            slice(int(low), int(np.ceil(high)))
            for low, high in zip(edges, edges[1:], strict=False)
        ]
        rows = np.stack([np.sqrt(maps[:, span]).mean(axis=1) for span in spans], 1)
        return np.stack([rows[:, :, span].mean(axis=2) for span in spans], 2)


def make_parts_encoder(memory):
    """Images to regions, texts to words."""
    return DualEncoder(
        image=make_pipeline(CNNEncoder(layer="grid", crop=False, verbose=1), Regions()),
        text=TransformerTextEncoder(pooling="tokens", verbose=1),
        memory=memory,
    )


def make_matchers():
    """For each name the view of the pairs that it takes, and the matcher."""
    return {
        FIRST: (
            "vectors",
            make_pipeline(ALIGNERS["InfoNCE"](0), SimilarityMatcher(random_state=0)),
        ),
        "SimilarityMatcher, another seed": (
            "vectors",
            make_pipeline(ALIGNERS["InfoNCE"](1), SimilarityMatcher(random_state=0)),
        ),
        NEURAL: ("vectors", NeuralMatcher(256, max_iter=8, **TRAINED)),
        # More components, or none left out, learn the training images by heart.
        CROSS: ("parts", CrossAttentionMatcher(256, max_iter=6, **TRAINED)),
    }


def find_rivals(reference, pairs):
    """For each text the image, out of 100 others, that the reference likes best."""
    rows, images = sample_mismatches(pairs, N_RIVALS, random_state=0)
    scores = reference.similarity(pairs)[rows, images]
    order = np.lexsort((-scores, rows))
    _, first = np.unique(rows[order], return_index=True)
    return images[order][first]


def judged(pairs, rivals):
    """Each text with its image and with its rival, and which is which."""
    both = ImageTextPairs(
        pairs.images,
        np.concatenate([pairs.texts, pairs.texts]),
        np.concatenate([pairs.image_index, rivals]),
    )
    return both, np.repeat([1, 0], len(pairs))


def classify(matcher, held, held_rivals, test, test_rivals):
    """ROC-AUC, average precision and Brier score, and the table of reliability."""
    calibrated = CalibratedClassifierCV(FrozenEstimator(matcher), method="isotonic")
    calibrated.fit(*judged(held, held_rivals))
    pairs, labels = judged(test, test_rivals)
    told = calibrated.predict_proba(pairs)[:, 1]
    scores = matcher.decision_function(pairs)
    numbers = [
        roc_auc_score(labels, scores),
        average_precision_score(labels, scores),
        brier_score_loss(labels, told),
    ]
    return numbers, calibration_curve(labels, told, n_bins=10)


def rerank(first, second, weight):
    """Scores by which texts rank images, and images texts: two matrices."""
    both = first + weight * second
    reranked = []
    for axis in (1, 0):
        places = np.argsort(np.argsort(-first, axis=axis), axis=axis)
        # Far above all others, which keep the order of the first stage.
        reranked.append(np.where(places < N_CANDIDATES, both + 1e3, first))
    return reranked


def recalls(by_text, by_image, relevance):
    """R@1, R@5, R@10 in percent, from image to text and from text to image."""
    directions = (relevance.T, by_image.T), (relevance, by_text)
    return [100 * recall_at_k(*way, k=k) for way in directions for k in (1, 5, 10)]


def score(matcher, held, test):
    """Similarities of the held-out and the test pairs, on a scale of the former."""
    scores = [pair_similarity(matcher, pairs) for pairs in (held, test)]
    mean, scale = scores[0].mean(), scores[0].std()
    return [(similarity - mean) / scale for similarity in scores]


def rerank_rows(fitted, views):
    """Rows of the table: the first stage, then it with each of the others."""
    scores = {
        name: score(matcher, *views[view][1:])
        for name, (view, matcher) in fitted.items()
    }
    held, test = zip(*(scores[name] for name in (NEURAL, CROSS)), strict=True)
    scores["both matchers"] = sum(held) / 2, sum(test) / 2
    relevance = [pairs.relevance() for pairs in views["vectors"][1:]]
    first = scores.pop(FIRST)
    yield ["first stage", "", *recalls(first[1], first[1], relevance[1])]
    for name, (held, test) in scores.items():
        weight = max(
            WEIGHTS,
            key=lambda w, held=held: sum(
                recalls(*rerank(first[0], held, w), relevance[0])
            ),
        )
        row = recalls(*rerank(first[1], test, weight), relevance[1])
        yield [f"re-ranked by {name}", weight, *row]


def main():
    """Encode, fit, judge, re-rank; CSV tables on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--held-out", action="store_true", help="leave dev alone")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train = load(arguments.data, "train")
    if arguments.held_out:
        train, test = train_test_split_pairs(train, test_size=1000, random_state=0)
    else:
        test = load(arguments.data, "dev")
    train, held = train_test_split_pairs(train, test_size=300, random_state=0)
    views = {}
    for name, make in (("vectors", make_encoder), ("parts", make_parts_encoder)):
        encoder = make(arguments.memory)
        views[name] = [encoder.fit_transform(train)]
        views[name] += [encoder.transform(pairs) for pairs in (held, test)]
    report(views)


def report(views):
    """Fit all matchers and print both tables."""
    train, *judged_on = views["vectors"]
    reference = make_pipeline(ALIGNERS["CCA"](0), SimilarityMatcher()).fit(train)
    rivals = [
        find_rivals(reference[-1], reference[:-1].transform(pairs))
        for pairs in judged_on
    ]
    table = csv.writer(sys.stdout)
    table.writerow(["model", "roc_auc", "average_precision", "brier"])
    fitted = {}
    for name, (view, matcher) in make_matchers().items():
        fitted[name] = view, matcher.fit(views[view][0])
        _, held, test = views[view]
        numbers, (shares, told) = classify(matcher, held, rivals[0], test, rivals[1])
        table.writerow([name, *(f"{number:.4f}" for number in numbers)])
        table.writerow(["", "told", *(f"{number:.2f}" for number in told)])
        table.writerow(["", "true", *(f"{number:.2f}" for number in shares)])
        sys.stdout.flush()
    header = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
    table.writerow(["model", "weight", *header])
    for name, weight, *numbers in rerank_rows(fitted, views):
        table.writerow([name, weight, *(f"{number:.1f}" for number in numbers)])


if __name__ == "__main__":
    main()
