"""Captions for Flickr8k, written, found, and used to find images again.

    python benchmarks/quality/flickr8k_captioning.py --data ../shared/data/flickr8k

EfficientNet-lite0 sees whole pictures of 288 x 288; its map of regions is averaged to
6 x 6 and 384 principal axes, and never trained. Decoders learn from the 30,000 training
captions and describe the 1,000 development images. Beside them stand the captions that
the InfoNCE aligner of `flickr8k_aligners.py` finds among those of the training images,
and one of the five captions of each image against the other four. Twelve captions are
shown, those of every 83rd image.

With `--rank` and `--rerank`, captioners are matchers, by log P(y | x): the first so
many images and their captions are ranked by it alone, and by the aligner, whose 50
best candidates it puts in order (weight 0.5). Where images ask for texts, a text that
is likely under any image comes first everywhere; "without prior" takes that off, by 20
training images.

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
from itm_sklearn.model_selection import pair_similarity, train_test_split_pairs
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


def recalls(similarity, pairs):
    """R@1, 5, 10 in percent, from image to text and from text to image."""
    by_text, by_image = np.broadcast_to(similarity, (2, *similarity.shape[-2:]))
    relevance = pairs.relevance()
    directions = (relevance.T, by_image.T), (relevance, by_text)
    return [100 * recall_at_k(*way, k=k) for way in directions for k in (1, 5, 10)]


class WithoutPrior(BaseEstimator):
    """Log P(y | x) - log P(y) of a captioner, P(y) being a mean over some images."""

    def __init__(self, captioner, images):
        self.captioner = captioner
        self.images = images

    def fit(self, X, y=None):
        """Learn how likely each of these texts is under any image."""
        texts = list(dict.fromkeys(X.texts))
        no_index = np.zeros(len(texts), dtype=int)
        pairs = ImageTextPairs(self.images, texts, no_index)
        prior = logsumexp(self.captioner.similarity(pairs), axis=1)
        prior -= np.log(len(self.images))
        self.prior_ = dict(zip(texts, prior, strict=True))
        return self

    def score_pairs(self, X):
        """One score a pair."""
        return self.captioner.score_pairs(X) - self.prior(X.texts)

    def prior(self, texts):
        """Log P(y) of texts that it was fitted on."""
        return np.array([self.prior_[text] for text in texts])


def rank_alone(name, captioner, aligner, without_prior, pairs):
    """Rows of the table: all texts scored with all images."""
    yield "aligner", recalls(pair_similarity(aligner, pairs), pairs)
    scores = captioner.similarity(pairs)
    yield name, recalls(scores, pairs)
    prior = without_prior.fit(pairs).prior(pairs.texts)
    yield f"{name}, without prior", recalls(scores - prior[:, np.newaxis], pairs)


def rank_again(name, captioner, aligner, without_prior, pairs):
    """Rows of the table: only the candidates of the aligner are scored."""
    yield "aligner", recalls(pair_similarity(aligner, pairs), pairs)
    named = (name, captioner), (f"{name}, without prior", without_prior.fit(pairs))
    for label, matcher in named:
        model = Reranker(aligner, matcher, n_candidates=N_CANDIDATES).fit(pairs)
        yield f"aligner, then {label}", recalls(model.similarity(pairs), pairs)


def main():
    """Encode, fit, describe, rank; CSV tables on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--held-out", action="store_true", help="leave dev alone")
    parser.add_argument("--decoders", nargs="*", choices=DECODERS, default=["gru"])
    parser.add_argument("--max-iter", type=int, default=SHARED["max_iter"])
    parser.add_argument("--rank", type=int, default=0, help="images to rank alone")
    parser.add_argument("--rerank", type=int, default=0, help="images to rank again")
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
    header = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
    for n_images, way in ((arguments.rank, rank_alone), (arguments.rerank, rank_again)):
        few = test[test.image_index < n_images]
        for name, model in fitted.items() if n_images else ():
            table.writerow([f"{n_images} images", *header])
            without = WithoutPrior(model, train.images[:: len(train.images) // 20])
            for label, row in way(name, model, aligner, without, few):
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
