"""CIDEr-D: agreement with what most people said, in words that few images share."""

from collections import Counter
from math import exp, log, sqrt

import numpy as np

from itm_sklearn.metrics._caption_words import (
    average_scores,
    check_captions,
    count_ngrams,
    words_of,
)

__all__ = ["cider_d"]

_MAX_ORDER = 4
# Words by which lengths may differ before the penalty bites.
_SIGMA = 6.0


def cider_d(references, hypotheses, *, average="corpus"):
    """Cosine of captions and references in weighted n-grams, times ten.

    An n-gram counts the more, the fewer images have it in their references [1]_.
    These weights come from the references given: with one image all are 0, and
    numbers of different sets of images can't be compared. They are those of the COCO
    evaluation.

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
        From 0 to 10; higher is better.

    References
    ----------
    .. [1] R. Vedantam, C. L. Zitnick, D. Parikh, "CIDEr: consensus-based image
       description evaluation", CVPR 2015, equations 1 to 4 and section 6.

    Examples
    --------
    >>> from itm_sklearn.metrics import cider_d
    >>> references = [["a dog runs very fast"], ["the cat sleeps all day"]]
    >>> round(cider_d(references, ["a dog runs very fast", "a dog"]), 6)
    5.0
    """
    references, hypotheses = check_captions(references, hypotheses, average)
    counts = [
        [count_ngrams(words_of(text), _MAX_ORDER) for text in texts]
        for texts in references
    ]
    weights = _Weights(counts)
    scores = [
        _compare(weights, texts, count_ngrams(words_of(hypothesis), _MAX_ORDER))
        for texts, hypothesis in zip(counts, hypotheses, strict=True)
    ]
    return average_scores(scores, average)


class _Weights:
    """How rare each n-gram is among the images."""

    def __init__(self, counts):
        n_having = Counter(ngram for texts in counts for ngram in set().union(*texts))
        self.highest = log(len(counts))
        self.weights = {
            ngram: self.highest - log(count) for ngram, count in n_having.items()
        }

    def vectors(self, counts):
        """Weighted n-grams of each order, and their norms."""
        vectors = [{} for _ in range(_MAX_ORDER)]
        for ngram, count in counts.items():
            weight = self.weights.get(ngram, self.highest)
            vectors[len(ngram) - 1][ngram] = count * weight
        norms = [sqrt(sum(x * x for x in vector.values())) for vector in vectors]
        return vectors, norms


def _compare(weights, texts, hypothesis):
    """Mean agreement of a caption with its references."""
    own, own_norms = weights.vectors(hypothesis)
    total = np.zeros(_MAX_ORDER)
    for text in texts:
        vectors, norms = weights.vectors(text)
        difference = _length(hypothesis) - _length(text)
        penalty = exp(-(difference**2) / (2 * _SIGMA**2))
        for order in range(_MAX_ORDER):
            product = _clipped_product(own[order], vectors[order])
            scale = own_norms[order] * norms[order]
            total[order] += penalty * (product / scale if scale else product)
    return float(10 * total.mean() / len(texts))


def _clipped_product(own, vector):
    """What is said more often than in the reference earns nothing more."""
    return sum(
        min(weight, vector[ngram]) * vector[ngram]
        for ngram, weight in own.items()
        if ngram in vector
    )


def _length(counts):
    """Pairs of words: what the reference implementation calls the length."""
    return sum(count for ngram, count in counts.items() if len(ngram) == 2)
