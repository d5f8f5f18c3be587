"""Matchers on Flickr8k: does this caption fit this image, and re-ranking by them.

    python benchmarks/quality/flickr8k_matching.py --data ../shared/data/flickr8k

Every matcher judges each development caption with its image and with another one:
any, or the hardest of 100. Which one is hardest is decided by CCA, fitted on the
training images, for all matchers alike. 300 training images are held out:
probabilities are calibrated on pairs made of them in the same way, and how re-ranking
joins the scores is chosen there, by the mean recall. Everything else is fitted on the
other 5,700.

Re-ranking gives the 50 best results of each query by the first stage, one InfoNCE
aligner, a new order by both scores. An aligner of another seed in the place of the
matcher is the line to beat. Where a temperature is printed, hubs are corrected: from
the sum is taken what 500 training queries say of an item, as by `InvertedSoftmax`; each
query is still answered by itself. With `--held-out` 1,000 more training images stand
in for the development images.
"""

import argparse
import csv
import sys
from functools import reduce
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from flickr8k_aligners import ALIGNERS, load, make_encoder
from scipy.special import logsumexp
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
OTHER = "SimilarityMatcher, another seed"
N_RIVALS, N_CANDIDATES, N_BANK = 100, 50, 500
WEIGHTS, TEMPERATURES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5), (0.5, 1.0, 2.0)
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
        image=make_pipeline(
            CNNEncoder(layer="grid", size=288, crop=False, verbose=1), Regions()
        ),
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
        OTHER: (
            "vectors",
            make_pipeline(ALIGNERS["InfoNCE"](1), SimilarityMatcher(random_state=0)),
        ),
        NEURAL: ("vectors", NeuralMatcher(256, max_iter=5, **TRAINED)),
        CROSS: ("parts", CrossAttentionMatcher(256, max_iter=6, **TRAINED)),
    }


def find_rivals(reference, pairs):
    """For each text another image: any, and of 100 the one the reference likes."""
    rows, images = sample_mismatches(pairs, N_RIVALS, random_state=0)
    scores = reference.similarity(pairs)[rows, images]
    order = np.lexsort((-scores, rows))
    _, hardest = np.unique(rows[order], return_index=True)
    _, any_of_them = np.unique(rows, return_index=True)
    return {"any": images[any_of_them], "hardest of 100": images[order][hardest]}


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


class Scores(NamedTuple):
    """Similarities of texts and images, and of either with training queries."""

    own: np.ndarray
    images_by_bank: np.ndarray
    texts_by_bank: np.ndarray

    def add(self, other, weight=1.0):
        """The sum of both, the other one weighted."""
        pairs = zip(self, other, strict=True)
        return Scores(*(one + weight * another for one, another in pairs))

    def correct(self, temperature):
        """Scores by which texts rank images, and images texts; None corrects none."""
        if temperature is None:
            return self.own, self.own
        images = log_mean_exp(self.images_by_bank, temperature, axis=0)
        texts = log_mean_exp(self.texts_by_bank, temperature, axis=1)
        return self.own - images, self.own - texts[:, np.newaxis]


def log_mean_exp(scores, temperature, axis):
    """A mean between the mean and, as the temperature falls, the maximum."""
    total = logsumexp(scores / temperature, axis=axis)
    return temperature * (total - np.log(scores.shape[axis]))


def score_all(matcher, train, held, test):
    """`Scores` of the held-out and of the test pairs, on a scale of the former."""
    _, rows = np.unique(train.image_index, return_index=True)
    bank = train[np.random.default_rng(0).permutation(rows)[:N_BANK]]
    found = [
        Scores(
            pair_similarity(matcher, pairs),
            pair_similarity(matcher, cross(pairs.images, bank.texts)),
            pair_similarity(matcher, cross(bank.images, pairs.texts)),
        )
        for pairs in (held, test)
    ]
    mean, scale = found[0].own.mean(), found[0].own.std()
    return [Scores(*((part - mean) / scale for part in scores)) for scores in found]


def cross(images, texts):
    """Pairs whose similarity holds every text with every image."""
    return ImageTextPairs(images, texts, np.zeros(len(texts), dtype=int))


def rerank(first, by_text, by_image):
    """The candidates of the first stage in a new order, before all others."""
    reranked = []
    for axis, scores in ((1, by_text), (0, by_image)):
        places = np.argsort(np.argsort(-first, axis=axis), axis=axis)
        # Far above all others, which keep the order of the first stage.
        reranked.append(np.where(places < N_CANDIDATES, scores + 1e3, first))
    return reranked


def recalls(by_text, by_image, relevance):
    """R@1, R@5, R@10 in percent, from image to text and from text to image."""
    directions = (relevance.T, by_image.T), (relevance, by_text)
    return [100 * recall_at_k(*way, k=k) for way in directions for k in (1, 5, 10)]


def rerank_rows(scores, relevance):
    """Rows of the table: the first stage, then it with each of the others."""
    first = scores[FIRST]
    yield ["first stage", "", "", *recalls(first[1].own, first[1].own, relevance[1])]

    def measure(place, second, weight, temperature):
        both = first[place].add(second[place], weight).correct(temperature)
        return recalls(*rerank(first[place].own, *both), relevance[place])

    for name, second in scores.items():
        for temperatures in ((None,), TEMPERATURES):
            chosen = max(
                product(WEIGHTS, temperatures),
                key=lambda how, second=second: sum(measure(0, second, *how)),
            )
            yield [f"re-ranked by {name}", *chosen, *measure(1, second, *chosen)]


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


def judge(views, rivals, table):
    """Fit every matcher, print how it tells pairs apart, and return its `Scores`."""
    table.writerow(["model", "beside", "roc_auc", "average_precision", "brier"])
    scores = {}
    for name, (view, matcher) in make_matchers().items():
        train, held, test = views[view]
        matcher.fit(train)
        for kind in rivals[0]:
            numbers, (true, told) = classify(
                matcher, held, rivals[0][kind], test, rivals[1][kind]
            )
            table.writerow([name, kind, *(f"{number:.4f}" for number in numbers)])
            table.writerow(["", "told", *(f"{number:.2f}" for number in told)])
            table.writerow(["", "true", *(f"{number:.2f}" for number in true)])
        scores[name] = score_all(matcher, train, held, test)
        sys.stdout.flush()
    return scores


def report(views):
    """Print both tables."""
    train, *judged_on = views["vectors"]
    reference = make_pipeline(ALIGNERS["CCA"](0), SimilarityMatcher()).fit(train)
    rivals = [
        find_rivals(reference[-1], reference[:-1].transform(pairs))
        for pairs in judged_on
    ]
    table = csv.writer(sys.stdout)
    scores = judge(views, rivals, table)
    for names in ((NEURAL, CROSS), (OTHER, NEURAL, CROSS)):
        parts = zip(*(scores[name] for name in names), strict=True)
        scores[" + ".join(names)] = [reduce(Scores.add, each) for each in parts]
    header = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
    table.writerow(["model", "weight", "temperature", *header])
    relevance = [pairs.relevance() for pairs in judged_on]
    for name, weight, temperature, *numbers in rerank_rows(scores, relevance):
        shown = (f"{number:.1f}" for number in numbers)
        table.writerow([name, weight, temperature, *shown])


if __name__ == "__main__":
    main()
