"""Whether a caption states the facts, however it is worded."""

from itm_sklearn.metrics._caption_words import (
    average_scores,
    check_captions,
    words_of,
)

__all__ = ["exact_match"]


def exact_match(references, hypotheses, *, facts=None, average="corpus"):
    """Share of the captions that state just what a reference states.

    Overlap of words can be earned without a look at the image; this can't.

    Parameters
    ----------
    references : sequence of n_captions sequences of str
        What people said of each image.
    hypotheses : sequence of n_captions str
        The captions to judge.
    facts : callable, default=None
        From a caption to what it states, equal where two captions state the same:
        `itm_sklearn.datasets.parse_caption` for scenes. A hypothesis for which it
        raises a ValueError states nothing right. None compares the words in their
        order.
    average : {"corpus"} or None, default="corpus"
        "corpus" is the mean; None gives 0 or 1 for each caption.

    Returns
    -------
    score : float or ndarray of shape (n_captions,)
        From 0 to 1; higher is better.

    Examples
    --------
    >>> from itm_sklearn.datasets import parse_caption
    >>> from itm_sklearn.metrics import exact_match
    >>> references = [["a small red star above a large blue circle"]]
    >>> hypothesis = ["there is a big blue circle under a tiny red star"]
    >>> exact_match(references, hypothesis)
    0.0
    >>> exact_match(references, hypothesis, facts=parse_caption)
    1.0
    """
    references, hypotheses = check_captions(references, hypotheses, average)
    facts = words_of if facts is None else facts
    scores = [
        _states(facts, hypothesis, [facts(text) for text in texts])
        for texts, hypothesis in zip(references, hypotheses, strict=True)
    ]
    return average_scores(scores, average)


def _states(facts, hypothesis, stated):
    try:
        return float(facts(hypothesis) in stated)
    except ValueError:
        return 0.0
