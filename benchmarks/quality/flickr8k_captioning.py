"""Captions for Flickr8k, written, found, and used to find images again.

    python benchmarks/quality/flickr8k_captioning.py --data ../shared/data/flickr8k

EfficientNet-lite0 sees whole pictures of 288 x 288; its map of regions is averaged to
6 x 6 and 384 principal axes, and never trained. Decoders learn from the 30,000 training
captions and describe the 1,000 development images. Beside them stand the captions that
the InfoNCE aligner of `flickr8k_aligners.py` finds among those of the training images,
and one of the five captions of each image against the other four. Twelve captions are
shown, those of every 83rd image.

With `--rank`, each captioner also scores captions by log P(y | x), alone or for the 50
best candidates of the aligner, for the first images of the development set. Adding a
constant to all scores of a text changes nothing where texts ask for images; where
images ask for texts, `prior` takes off how likely each text is under any image.

With `--held-out` 1,000 of the training images stand in for the development images.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
from flickr8k_aligners import ALIGNERS, load, make_encoder
from flickr8k_matching import Regions
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline

from itm_sklearn.compose import DualEncoder
from itm_sklearn.generation import Captioner, RetrievalCaptioner
from itm_sklearn.image import CNNEncoder
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.metrics import bleu, cider_d, meteor, recall_at_k, rouge_l
from itm_sklearn.model_selection import train_test_split_pairs
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import Reranker

SHARED = {
    "n_components": 256,
    "dropout": 0.3,
    "input_dropout": 0.2,
    "min_count": 5,
    "max_length": 24,
    "max_iter": 6,
    "batch_size": 128,
    "learning_rate": 2e-3,
    "n_beams": 5,
}
DECODERS = ("gru", "lstm", "transformer", "gpt2", "gpt2-prefix")
N_CANDIDATES, N_SHOWN = 50, 12


class Lookup(TransformerMixin, BaseEstimator):
    """Features that were computed before, by the name of the image or text."""

    def __init__(self, features):
        self.features = features

    def fit(self, X, y=None):
        """There is nothing to learn."""
        return self

    def transform(self, X):
        """A row for each name."""
        return np.stack([self.features[name] for name in X])

    def __sklearn_is_fitted__(self):
        return True


def encode(train, test, memory):
    """Features by name: regions and vectors of images, vectors of texts."""
    grid = CNNEncoder(layer="grid", size=288, crop=False, verbose=1)
    parts = DualEncoder(image=make_pipeline(grid, Regions(side=6)), memory=memory)
    vectors = make_encoder(memory)
    found = {"regions": {}, "images": {}, "texts": {}}
    for pairs, method in ((train, "fit_transform"), (test, "transform")):
        regions = getattr(parts, method)(ImageTextPairs(images=pairs.images)).images
        encoded = getattr(vectors, method)(pairs)
        found["regions"].update(zip(pairs.images, regions, strict=True))
        found["images"].update(zip(pairs.images, encoded.images, strict=True))
        found["texts"].update(zip(pairs.texts, encoded.texts, strict=True))
    return found


def make_aligner(found):
    """The first stage: from names to scores."""
    names = DualEncoder(Lookup(found["images"]), Lookup(found["texts"]))
    return make_pipeline(
        names, ALIGNERS["InfoNCE"](0), SimilarityMatcher(random_state=0)
    )


def references_of(pairs):
    """The captions of each image."""
    references = [[] for _ in pairs.images]
    for text, image in zip(pairs.texts, pairs.image_index, strict=True):
        references[image].append(text)
    return references


def judge(references, captions):
    """BLEU-1 to 4, ROUGE-L, METEOR (exact and stem) and CIDEr-D."""
    orders = [bleu(references, captions, max_order=order) for order in (1, 2, 3, 4)]
    return [
        *orders,
        rouge_l(references, captions),
        meteor(references, captions),
        cider_d(references, captions),
    ]


def rank(model, pairs):
    """R@1, 5, 10 in percent, from image to text and from text to image."""
    similarity = np.asarray(model.similarity(pairs))
    by_text, by_image = np.broadcast_to(similarity, (2, *similarity.shape[-2:]))
    relevance = pairs.relevance()
    directions = (relevance.T, by_image.T), (relevance, by_text)
    return [100 * recall_at_k(*way, k=k) for way in directions for k in (1, 5, 10)]


class Prior(BaseEstimator):
    """A captioner that takes off how likely a text is under all images together."""

    def __init__(self, captioner, images):
        self.captioner = captioner
        self.images = images

    def fit(self, X, y=None):
        """Nothing to learn."""
        return self

    def similarity(self, X):
        """Log P(y | x) - log P(y)."""
        return self.captioner.similarity(X) - self._prior(X.texts)[:, np.newaxis]

    def score_pairs(self, X):
        """The same for pairs."""
        return self.captioner.score_pairs(X) - self._prior(X.texts)

    def _prior(self, texts):
        distinct = list(dict.fromkeys(texts))
        no_index = np.zeros(len(distinct), dtype=int)
        pairs = ImageTextPairs(self.images, distinct, no_index)
        prior = logsumexp(self.captioner.similarity(pairs), axis=1)
        prior = dict(zip(distinct, prior - np.log(len(self.images)), strict=True))
        return np.array([prior[text] for text in texts])

    def __sklearn_is_fitted__(self):
        return True


def ranking_rows(name, captioner, aligner, train, test):
    """Rows of the table of recalls."""
    yield "aligner", rank(aligner, test)
    yield name, rank(captioner, test)
    # Any images will do, if they are not those that are ranked.
    with_prior = Prior(captioner, train.images[:: len(train.images) // 20])
    yield f"{name}, prior", rank(with_prior, test)
    for matcher, label in ((captioner, name), (with_prior, f"{name}, prior")):
        reranker = Reranker(aligner, matcher, n_candidates=N_CANDIDATES).fit(test)
        yield f"aligner, re-ranked by {label}", rank(reranker, test)


def main():
    """Encode, fit, describe, rank; CSV tables on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--held-out", action="store_true", help="leave dev alone")
    parser.add_argument("--decoders", nargs="*", choices=DECODERS, default=["gru"])
    parser.add_argument("--max-iter", type=int, default=SHARED["max_iter"])
    parser.add_argument("--rank", type=int, default=0, help="how many images to rank")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train = load(arguments.data, "train")
    if arguments.held_out:
        train, test = train_test_split_pairs(train, test_size=1000, random_state=0)
    else:
        test = load(arguments.data, "dev")
    found = encode(train, test, arguments.memory)
    report(arguments, found, train, test)


def report(arguments, found, train, test):
    """Print all tables."""
    table = csv.writer(sys.stdout)
    names = ["bleu1", "bleu2", "bleu3", "bleu4", "rouge_l", "meteor", "cider_d"]
    table.writerow(["model", "steps", "cpu_minutes", *names])
    references = references_of(test)
    people = judge([texts[1:] for texts in references], [t[0] for t in references])
    write(table, "human, one of five", ["", ""], people)
    aligner = make_aligner(found).fit(train)
    finder = RetrievalCaptioner(aligner).fit(train)
    captions = {"retrieval": finder.predict(test)}
    write(table, "retrieval", ["", ""], judge(references, captions["retrieval"]))
    fitted = {}
    for name in arguments.decoders:
        options = {**SHARED, "max_iter": arguments.max_iter}
        model = Captioner(
            Lookup(found["regions"]), name, random_state=0, verbose=1, **options
        )
        start = time.process_time()
        fitted[name] = model.fit(train)
        minutes = f"{(time.process_time() - start) / 60:.1f}"
        n_steps = -(-len(train) // model.batch_size) * model.max_iter
        captions[name] = model.predict(test)
        write(table, name, [n_steps, minutes], judge(references, captions[name]))
    show(table, captions, references)
    if arguments.rank:
        few = test[test.image_index < arguments.rank]
        header = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
        table.writerow([f"{few.n_images} images", *header])
        for name, model in fitted.items():
            for label, row in ranking_rows(name, model, aligner, train, few):
                table.writerow([label, *(f"{number:.1f}" for number in row)])
                sys.stdout.flush()


def write(table, name, cost, scores):
    """A row of the table of captions."""
    table.writerow([name, *cost, *(f"{number:.4f}" for number in scores)])
    sys.stdout.flush()


def show(table, captions, references):
    """Captions by the number of the image, with one that people wrote."""
    table.writerow(["image", "people", *captions])
    step = max(1, len(references) // N_SHOWN)
    for row in range(0, len(references), step)[:N_SHOWN]:
        table.writerow([row, references[row][0], *(c[row] for c in captions.values())])
    sys.stdout.flush()


if __name__ == "__main__":
    main()
