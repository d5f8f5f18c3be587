"""Questions about generated scenes: every fusion beside models that do not look.

    python benchmarks/quality/scenes_questions.py

Four questions on each of 12,000 scenes of 32 x 32 pixels; 600 scenes to test, and 600
that each hold one of five combinations of colour and shape that training never shows
or names. "question alone" is a logistic model on one to three words in a row, "image
alone" the network with all words hidden, "majority" the most frequent answer.

The networks go on from the encoder of a captioner that has learned from three captions
of each training scene; its time is printed, and is in none of theirs. With `--frozen`
it stays as it is, and sees each picture once. With `--captions 0` they start from
nothing.
"""

import argparse
import csv
import sys
import time

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from itm_sklearn.datasets import QUESTION_TYPES, describe, make_questions
from itm_sklearn.generation import Captioner, VisualQuestionAnswering
from itm_sklearn.pairs import ImageTextPairs

HELD_OUT = [
    "red star",
    "blue circle",
    "green cross",
    "yellow square",
    "purple triangle",
]
FUSIONS = (
    *("cross_attention", "concat", "multiply", "bilinear", "average", "weighted"),
)
BLIND = ("majority", "question alone", "image alone")
N_TRAIN, N_TEST = 12_000, 600


def make_data(n_train):
    """Training questions, questions like them, and questions about new combinations."""
    size = {"image_size": 32}
    return (
        make_questions(n_train, held_out=HELD_OUT, random_state=0, **size),
        make_questions(N_TEST, held_out=HELD_OUT, random_state=1, **size),
        make_questions(N_TEST, containing=HELD_OUT, random_state=2, **size),
    )


def learn_to_look(train, passes):
    """A captioner of the training scenes."""
    rng = np.random.RandomState(0)
    captions = [describe(scene.facts, 3, rng) for scene in train.scenes]
    pairs = ImageTextPairs(
        train.pairs.images,
        [text for texts in captions for text in texts],
        np.repeat(np.arange(len(captions)), [len(texts) for texts in captions]),
    )
    captioner = Captioner(
        decoder="gru",
        image_size=32,
        max_iter=passes,
        learning_rate=3e-3,
        dropout=0.05,
        random_state=0,
        verbose=1,
    )
    return captioner.fit(pairs)


def network(fusion, arguments):
    """A network that learns to answer."""
    return VisualQuestionAnswering(
        fusion,
        image=arguments.encoder,
        image_size=32,
        n_layers=arguments.layers,
        n_region_layers=arguments.region_layers,
        max_iter=arguments.iterations,
        learning_rate=arguments.learning_rate,
        dropout=0.0,
        random_state=0,
        verbose=1,
    )


def contestant(name, arguments):
    """A model, and what it gets to see of pairs."""
    if name == "majority":
        return DummyClassifier(strategy="most_frequent"), lambda pairs: pairs.texts
    if name == "question alone":
        words = CountVectorizer(token_pattern=r"\S+", ngram_range=(1, 3))
        model = make_pipeline(words, LogisticRegression(max_iter=300))
        return model, lambda pairs: pairs.texts
    if name == "image alone":
        hide = lambda pairs: pairs.map(text=lambda texts: ["?"] * len(texts))  # noqa: E731
        return network("concat", arguments), hide
    return network(name, arguments), lambda pairs: pairs


def accuracies(model, see, data):
    """Over all questions, and over those of each type."""
    right = np.asarray(model.predict(see(data.pairs))) == data.answers
    return [
        right.mean(),
        *(right[data.types == name].mean() for name in QUESTION_TYPES),
    ]


def main():
    """A CSV table on stdout, two rows for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=N_TRAIN)
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--region-layers", type=int, default=0)
    parser.add_argument("--captions", type=int, default=4, help="passes over captions")
    parser.add_argument("--frozen", action="store_true", help="leave the encoder")
    parser.add_argument("--only", nargs="+", choices=[*BLIND, *FUSIONS])
    arguments = parser.parse_args()
    train, *tests = make_data(arguments.images)
    arguments.encoder, start = "cnn", time.process_time()
    if arguments.captions:
        captioner = learn_to_look(train, arguments.captions)
        arguments.encoder = captioner if arguments.frozen else captioner.encoder_
        print(f"captioner: {time.process_time() - start:.0f} s", file=sys.stderr)
    table = csv.writer(sys.stdout)
    table.writerow(["model", "scenes", "accuracy", *QUESTION_TYPES, "cpu_seconds"])
    for name in arguments.only or [*BLIND, *FUSIONS]:
        model, see = contestant(name, arguments)
        start = time.process_time()
        model.fit(see(train.pairs), train.answers)
        seconds = time.process_time() - start
        for scenes, data in zip(("like training", "held out"), tests, strict=True):
            row = (f"{share:.3f}" for share in accuracies(model, see, data))
            table.writerow([name, scenes, *row, f"{seconds:.0f}"])
            sys.stdout.flush()


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
