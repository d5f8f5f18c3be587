"""METEOR without its databases: words and stems, in as few pieces as possible."""

from functools import lru_cache

from itm_sklearn._optional import require
from itm_sklearn.metrics._caption_words import (
    average_scores,
    check_captions,
    words_of,
)

__all__ = ["meteor"]

# Of the first METEOR: recall counts nine times as much as precision, and as many
# pieces as words cost half of the score.
_ALPHA, _BETA, _GAMMA = 0.9, 3, 0.5


def meteor(references, hypotheses, *, stem=True, average="corpus"):
    """Words that a caption and its best reference share, the fewer pieces the better.

    The stages "exact" and "stem" of METEOR [1]_, with its first parameters. The stages
    for synonyms and paraphrases need databases and are left out, so the numbers are
    lower than those of the Java program, and are to be compared with each other only.

    Parameters
    ----------
    references : sequence of n_captions sequences of str
        What people said of each image.
    hypotheses : sequence of n_captions str
        The captions to judge.
    stem : bool, default=True
        Whether words with the same stem by Porter's rules are shared: "dogs" and
        "dog". Needs the package snowballstemmer.
    average : {"corpus"} or None, default="corpus"
        "corpus" is the mean; None gives a number for each caption.

    Returns
    -------
    score : float or ndarray of shape (n_captions,)
        From 0 to nearly 1; higher is better.

    References
    ----------
    .. [1] S. Banerjee and A. Lavie, "METEOR: an automatic metric for MT evaluation
       with improved correlation with human judgments", ACL workshop 2005, section 2.

    Examples
    --------
    All four words are shared, in two pieces:

    >>> from itm_sklearn.metrics import meteor
    >>> score = meteor([["fast runs a dog"]], ["a dog runs fast"], stem=False)
    >>> score == 1 - 0.5 * (3 / 4) ** 3
    True
    >>> meteor([["two dogs run"]], ["two dog runs"]) > 0.9
    True
    """
    references, hypotheses = check_captions(references, hypotheses, average)
    stem_of = _load_stemmer() if stem else str
    scores = [
        max(_meteor(_stems(text, stem_of), _stems(hypothesis, stem_of)) for text in row)
        for row, hypothesis in zip(references, hypotheses, strict=True)
    ]
    return average_scores(scores, average)


def _load_stemmer():
    package = require("snowballstemmer", extra="captions", caller="meteor(stem=True)")
    return lru_cache(maxsize=2**16)(package.stemmer("porter").stemWord)


def _stems(text, stem_of):
    return [stem_of(word) for word in words_of(text)]


def _meteor(reference, words):
    n_shared, n_pieces = _align(reference, words)
    if not n_shared:
        return 0.0
    precision, recall = n_shared / len(words), n_shared / len(reference)
    mean = precision * recall / (_ALPHA * precision + (1 - _ALPHA) * recall)
    return mean * (1 - _GAMMA * (n_pieces / n_shared) ** _BETA)


def _align(first, second):
    """How many words are shared, and in how many pieces, the longest taken first.

    Each word is used once, and all that can be shared is.
    """
    first, second = list(first), list(second)
    n_shared = n_pieces = 0
    while True:
        length, start, other = _longest_run(first, second)
        if not length:
            return n_shared, n_pieces
        n_shared, n_pieces = n_shared + length, n_pieces + 1
        # What is used up equals nothing: each side gets a mark of its own.
        first[start : start + length] = [None] * length
        second[other : other + length] = [0] * length


def _longest_run(first, second):
    """Length and both starts of the longest common run, the earliest of equals."""
    best = (0, 0, 0)
    lengths = {}
    for start, word in enumerate(first):
        before, lengths = lengths, {}
        for other, same in enumerate(second):
            if word == same:
                lengths[other] = before.get(other - 1, 0) + 1
                length = lengths[other]
                if length > best[0]:
                    best = (length, start - length + 1, other - length + 1)
    return best
