"""Dialogues about generated scenes: what the history is worth.

    python benchmarks/quality/scenes_dialogue.py

Up to four questions on each of 12,000 scenes of two objects, and on 600 others. The
first question names an object; later ones ask about "it", or about "the other one",
which then is "it". The same network is trained twice alike, once with all that was
said before and once with the last question alone. Accuracy is that on all turns, and
on those whose question has two answers in the picture: they need the history. Beside
it stands how high the right answer ranks among all answers that are of its kind.
"""

import argparse
import csv
import sys
import time

import numpy as np
from scenes_questions import learn_to_look
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from itm_sklearn.datasets import COLOURS, SHAPES, make_dialogues
from itm_sklearn.generation import VisualDialogue, VisualQuestionAnswering

KINDS = [list(COLOURS), list(SHAPES), ["small", "large"]]


def answerer(captioner, arguments):
    """The network, the same with and without a history."""
    return VisualQuestionAnswering(
        arguments.fusion,
        # Dialogues clone the network, but not what it looks through.
        image=FrozenEstimator(captioner),
        n_layers=arguments.layers,
        dropout=0.0,
        max_iter=arguments.iterations,
        learning_rate=arguments.learning_rate,
        random_state=0,
        verbose=1,
    )


def reciprocal_ranks(model, data):
    """One over the place of each right answer among its like."""
    candidates = [next(k for k in KINDS if one in k) for one in data.answers]
    ranked = model.rank(data.pairs, candidates)
    return np.array(
        [
            1 / (1 + row.index(one))
            for row, one in zip(ranked, data.answers, strict=True)
        ]
    )


def main():
    """A CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=12_000)
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--captions", type=int, default=4, help="passes over captions")
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--fusion", default="cross_attention")
    parser.add_argument("--seed", type=int, default=1, help="of the test dialogues")
    arguments = parser.parse_args()
    train = make_dialogues(arguments.images, image_size=32, random_state=0)
    test = make_dialogues(600, image_size=32, random_state=arguments.seed)
    needs = test.needs_history
    start = time.process_time()
    captioner = learn_to_look(train, arguments.captions)
    print(f"captioner: {time.process_time() - start:.0f} s", file=sys.stderr)
    table = csv.writer(sys.stdout)
    table.writerow(["history", "all", "needs_history", "mrr", "mrr_needs", "seconds"])
    for name, n_turns in (("all", None), ("hidden", 0)):
        model = VisualDialogue(answerer(captioner, arguments), n_turns=n_turns)
        start = time.process_time()
        model.fit(train.pairs, train.answers)
        seconds = time.process_time() - start
        right = model.predict(test.pairs) == test.answers
        ranks = reciprocal_ranks(model, test)
        row = (right.mean(), right[needs].mean(), ranks.mean(), ranks[needs].mean())
        table.writerow([name, *(f"{share:.3f}" for share in row), f"{seconds:.0f}"])
        sys.stdout.flush()


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
