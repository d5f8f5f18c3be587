"""BLEU and ROUGE-L: how many words, and in which order, a caption shares with others.

Both flatter copies: a caption of another image, found by its nearest neighbour, shares
most of its words with those of many images. Put `exact_match` or `cider_d` beside them.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from itm_sklearn.metrics._caption_words import (
    average_scores,
    check_captions,
    count_ngrams,
    words_of,
)

__all__ = ["bleu", "rouge_l"]

# Of the COCO evaluation: a caption without a match gets nearly 0, not an error.
_SMALL, _TINY = 1e-9, 1e-15
# How much more recall counts than precision, there too.
_BETA = 1.2


def bleu(references, hypotheses, *, max_order=4, average="corpus"):
    """Share of the n-grams of captions that occur in their references.

    The geometric mean over n-grams of one to `max_order` words, times a penalty for
    captions that are shorter than the references [1]_. The numbers are those of the
    COCO evaluation.

    Parameters
    ----------
    references : sequence of n_captions sequences of str
        What people said of each image.
    hypotheses : sequence of n_captions str
        The captions to judge.
    max_order : int, default=4
        Length of the longest n-grams.
    average : {"corpus"} or None, default="corpus"
        "corpus" counts over all captions before it divides, so that it is no mean.
        None gives a number for each caption.

    Returns
    -------
    score : float or ndarray of shape (n_captions,)
        From 0 to 1; higher is better.

    See Also
    --------
    cider_d : The same idea, in which words that all images share count little.

    References
    ----------
    .. [1] K. Papineni, S. Roukos, T. Ward, W.-J. Zhu, "BLEU: a method for automatic
       evaluation of machine translation", ACL 2002.

    Examples
    --------
    Three of four words and one of three pairs of words are right:

    >>> from itm_sklearn.metrics import bleu
    >>> score = bleu([["a dog runs fast"]], ["a dog walks fast"], max_order=2)
    >>> round(score, 6) == round((3 / 4 * 1 / 3) ** 0.5, 6)
    True
    """
    check_scalar(max_order, "max_order", Integral, min_val=1)
    references, hypotheses = check_captions(references, hypotheses, average)
    counts = np.array(
        [
            _count_matches(texts, hypothesis, max_order)
            for texts, hypothesis in zip(references, hypotheses, strict=True)
        ]
    )
    if average is None:
        return np.array([_bleu(*row) for row in counts])
    return _bleu(*counts.sum(axis=0))


def _count_matches(texts, hypothesis, max_order):
    """Two rows: matches and n-grams of each order, with both lengths in front."""
    words = words_of(hypothesis)
    most, lengths = {}, []
    for text in texts:
        reference = words_of(text)
        lengths.append(len(reference))
        for ngram, count in count_ngrams(reference, max_order).items():
            most[ngram] = max(count, most.get(ngram, 0))
    matches = np.zeros(max_order)
    for ngram, count in count_ngrams(words, max_order).items():
        matches[len(ngram) - 1] += min(count, most.get(ngram, 0))
    _, closest = min((abs(length - len(words)), length) for length in lengths)
    possible = np.maximum(0, len(words) - np.arange(max_order))
    return [closest, *matches], [len(words), *possible]


def _bleu(right, given):
    expected, *matches = right
    length, *possible = given
    shares = (np.array(matches) + _TINY) / (np.array(possible) + _SMALL)
    score = float(np.prod(shares) ** (1 / len(shares)))
    ratio = (length + _TINY) / (expected + _SMALL)
    return score * float(np.exp(min(0.0, 1 - 1 / ratio)))


def rouge_l(references, hypotheses, *, average="corpus"):
    """Longest sequence of words that a caption shares with a reference, in order.

    Other words may stand between them [1]_. Precision and recall are the best over
    the references, and recall counts more, as in the COCO evaluation.

    Parameters
    ----------
    references : sequence of n_captions sequences of str
        What people said of each image.
    hypotheses : sequence of n_captions str
        The captions to judge.
    average : {"corpus"} or None, default="corpus"
        "corpus" is the mean; None gives a number for each caption.

    Returns
    -------
    score : float or ndarray of shape (n_captions,)
        From 0 to 1; higher is better.

    References
    ----------
    .. [1] C.-Y. Lin, "ROUGE: a package for automatic evaluation of summaries",
       ACL workshop 2004, section 3.

    Examples
    --------
    >>> from itm_sklearn.metrics import rouge_l
    >>> rouge_l([["a dog runs fast"]], ["a fast dog runs"])
    0.75
    """
    references, hypotheses = check_captions(references, hypotheses, average)
    scores = [
        _rouge([words_of(text) for text in texts], words_of(hypothesis))
        for texts, hypothesis in zip(references, hypotheses, strict=True)
    ]
    return average_scores(scores, average)


def _rouge(references, words):
    shared = [_longest_common(reference, words) for reference in references]
    if not max(shared):
        return 0.0
    precision = max(shared) / len(words)
    # A reference may have no words, and then shares none.
    recall = max(n / max(1, len(r)) for n, r in zip(shared, references, strict=True))
    squared = _BETA**2
    return (1 + squared) * precision * recall / (recall + squared * precision)


def _longest_common(first, second):
    """Length of the longest common subsequence, a row of the table at a time."""
    row = [0] * (len(second) + 1)
    for word in first:
        before = row
        row = [0]
        for column, other in enumerate(second):
            best = max(row[column], before[column + 1])
            row.append(before[column] + 1 if word == other else best)
    return row[-1]
