"""What all metrics of captions share: the door, words, and n-grams."""

import re
from collections import Counter

import numpy as np

__all__ = ["average_scores", "check_captions", "count_ngrams", "words_of"]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words_of(caption):
    """Words in lower case; punctuation is left out, "t-shirt" and "it's" stay whole.

    Examples
    --------
    >>> words_of("A dog, in its T-shirt.")
    ['a', 'dog', 'in', 'its', 't-shirt']
    """
    return _WORD.findall(caption.lower())


def check_captions(references, hypotheses, average):
    """Both sides as lists, a list of references for each hypothesis.

    Examples
    --------
    >>> check_captions((["a dog", "a pup"],), ("a cat",), None)
    ([['a dog', 'a pup']], ['a cat'])
    """
    if average not in ("corpus", None):
        raise ValueError(f"average={average!r} must be 'corpus' or None.")
    if isinstance(hypotheses, str):
        raise TypeError(
            f"hypotheses is the string {hypotheses!r}. Write hypotheses=[...], one "
            "caption an image."
        )
    references, hypotheses = list(references), list(hypotheses)
    if not hypotheses or len(references) != len(hypotheses):
        raise ValueError(
            f"{len(references)} sets of references for {len(hypotheses)} hypotheses: "
            "give at least one hypothesis, and a list of references for each."
        )
    for row, (captions, hypothesis) in enumerate(
        zip(references, hypotheses, strict=True)
    ):
        _check_row(row, captions, hypothesis)
    return [list(captions) for captions in references], hypotheses


def _check_row(row, captions, hypothesis):
    if not isinstance(hypothesis, str):
        raise TypeError(f"hypotheses[{row}] is {hypothesis!r}, and not a string.")
    if isinstance(captions, str) or not all(isinstance(text, str) for text in captions):
        raise TypeError(
            f"references[{row}] is {captions!r}, and not a list of strings. Write "
            f"[{captions!r}] if there is but one."
        )
    if not len(captions):
        raise ValueError(f"references[{row}] is empty: leave that image out.")


def count_ngrams(words, max_order):
    """How often each sequence of one to `max_order` words occurs.

    Examples
    --------
    >>> count_ngrams(["a", "b", "a"], 2)[("a",)]
    2
    """
    return Counter(
        tuple(words[start : start + order])
        for order in range(1, max_order + 1)
        for start in range(len(words) - order + 1)
    )


def average_scores(scores, average):
    """The mean of one score a caption, or all of them.

    Examples
    --------
    >>> average_scores([0.0, 1.0], "corpus")
    0.5
    """
    return np.array(scores) if average is None else float(np.mean(scores))
