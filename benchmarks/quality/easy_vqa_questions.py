"""Questions about drawings of one shape (easy-VQA), beside models that do not look.

    pip install itm-sklearn[questions]
    python benchmarks/quality/easy_vqa_questions.py

The 38,575 training questions and 9,673 test questions of the package easy-vqa, about
4,000 and 1,000 other drawings. "question alone" gives the answer that was the most
frequent to the same words, "majority" the one that was the most frequent to all.
"""

import argparse
import csv
import sys
import time
from collections import Counter, defaultdict

import numpy as np
from threadpoolctl import threadpool_limits

from itm_sklearn.datasets import load_easy_vqa
from itm_sklearn.generation import VisualQuestionAnswering


def most_frequent(questions, answers):
    """A function from a question to the most frequent answer to it, or to any."""
    of_question = defaultdict(Counter)
    for question, answer in zip(questions, answers, strict=True):
        of_question[question][answer] += 1
        of_question[None][answer] += 1
    best = {asked: told.most_common(1)[0][0] for asked, told in of_question.items()}
    return lambda question: best.get(question, best[None])


def load(held_out):
    """Training and test questions; a tenth of the training drawings if held out."""
    train = load_easy_vqa("train")
    if not held_out:
        return train.pairs, train.answers, *load_easy_vqa("test").values()
    rows = train.pairs.image_index
    chosen = np.isin(rows, np.random.RandomState(0).permutation(rows.max() + 1)[:400])
    parts = (~chosen, chosen)
    return [part for kept in parts for part in (train.pairs[kept], train.answers[kept])]


def main():
    """A CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fusion", default="cross_attention")
    parser.add_argument("--iterations", type=int, default=4)
    parser.add_argument("--image-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument(
        "--held-out", action="store_true", help="test on training drawings left out"
    )
    arguments = parser.parse_args()
    pairs, answers, test, truth = load(arguments.held_out)
    table = csv.writer(sys.stdout)
    table.writerow(["model", "accuracy", "cpu_seconds"])
    answer = most_frequent(pairs.texts, answers)
    for name, asked in (("majority", [None] * len(test)), ("question", test.texts)):
        right = np.array([answer(question) for question in asked]) == truth
        table.writerow([name, f"{right.mean():.4f}", 0])
    model = VisualQuestionAnswering(
        arguments.fusion,
        image_size=arguments.image_size,
        n_layers=arguments.layers,
        dropout=0.0,
        max_iter=arguments.iterations,
        learning_rate=arguments.learning_rate,
        random_state=0,
        verbose=1,
    )
    start = time.process_time()
    model.fit(pairs, answers)
    seconds = time.process_time() - start
    accuracy = model.score(test, truth)
    table.writerow([arguments.fusion, f"{accuracy:.4f}", f"{seconds:.0f}"])


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
