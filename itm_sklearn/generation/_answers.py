"""Answers to questions: one or several to each, and how right one of them is."""

from collections import Counter

import numpy as np

__all__ = ["common_answers", "read_answers", "rightness", "shares"]

# Of ten people who answered, as many must agree for an answer to be wholly right.
_AGREEING = 3


def read_answers(y, n_pairs):
    """A list of answers for each question.

    Examples
    --------
    >>> read_answers(["yes", ["red", "dark red"]], 2)
    [['yes'], ['red', 'dark red']]
    """
    given = [[one] if isinstance(one, str) else list(one) for one in y]
    if len(given) != n_pairs:
        raise ValueError(
            f"{n_pairs} questions have {len(given)} answers: give each one."
        )
    empty = [row for row, answers in enumerate(given) if not answers]
    if empty:
        raise ValueError(f"y[{empty[0]}] is empty: each question needs an answer.")
    return given


def common_answers(given, min_count):
    """Answers given so often, in alphabetical order.

    Examples
    --------
    >>> common_answers([["yes"], ["no", "yes"]], 2)
    array(['yes'], dtype='<U3')
    """
    counts = Counter(answer for answers in given for answer in answers)
    common = sorted(answer for answer, count in counts.items() if count >= min_count)
    if not common:
        raise ValueError(
            f"min_count={min_count}, but the most frequent answer was given "
            f"{max(counts.values())} times: lower it."
        )
    return np.array(common)


def shares(given, classes):
    """The share of each class among the answers to a question.

    Examples
    --------
    >>> shares([["no", "yes", "maybe"]], np.array(["no", "yes"]))
    array([[0.5, 0.5]], dtype=float32)
    """
    column = {answer: number for number, answer in enumerate(classes)}
    counts = np.zeros((len(given), len(classes)), np.float32)
    for row, answers in enumerate(given):
        for answer in answers:
            if answer in column:
                counts[row, column[answer]] += 1
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def rightness(answer, given):
    """Whether an answer is the one given, or how much of one among several.

    Examples
    --------
    >>> rightness("red", ["red"]), rightness("red", ["red", "red", "pink"])
    (1.0, 0.6666666666666666)
    """
    if len(given) == 1:
        return float(answer == given[0])
    return min(given.count(answer) / _AGREEING, 1.0)
