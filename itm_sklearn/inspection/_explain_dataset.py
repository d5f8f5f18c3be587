"""What a model looks at in many pairs: words by name, regions by place."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from sklearn.utils import check_random_state

from itm_sklearn._batching import progress
from itm_sklearn._optional import require
from itm_sklearn.inspection._explain_match import explain_match
from itm_sklearn.inspection._match_explanation import AGAINST, FOR
from itm_sklearn.pairs import as_pairs

__all__ = ["DatasetExplanation", "explain_dataset"]


@dataclass
class DatasetExplanation:
    """Mean scores of words and places over the explanations of many matches.

    Parameters
    ----------
    words : list of str
        The words that occurred, those with the highest mean score first.
    word_scores : ndarray of shape (n_words,)
        The mean score of each, over all its occurrences.
    word_counts : ndarray of int of shape (n_words,)
        How often each occurred.
    region_map : ndarray of shape (side, side)
        The mean score of a pixel in each part of the picture.
    text_share : float
        Mean share of the words in all that was done.
    explanations : list of MatchExplanation
        One for each pair.

    Examples
    --------
    >>> DatasetExplanation(
    ...     ["dog"], np.array([0.5]), np.array([2]), np.zeros((1, 1)), 0.4
    ... ).text_share
    0.4
    """

    words: list
    word_scores: np.ndarray = field(repr=False)
    word_counts: np.ndarray = field(repr=False)
    region_map: np.ndarray = field(repr=False)
    text_share: float
    explanations: list = field(default_factory=list, repr=False)

    def plot(self, axes=None, *, n_words=20):
        """Draw the words that do most, for or against, and where it is done.

        Parameters
        ----------
        axes : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.
        n_words : int, default=20
            How many words are shown.

        Returns
        -------
        axes : ndarray of matplotlib Axes
            Those drawn in.
        """
        pyplot = require(
            "matplotlib.pyplot", extra="report", caller="DatasetExplanation.plot"
        )
        if axes is None:
            axes = pyplot.subplots(1, 2, figsize=(8, 4), layout="constrained")[1]
        shown = np.sort(np.argsort(-np.abs(self.word_scores), kind="stable")[:n_words])
        scores = self.word_scores[shown]
        colours = np.where(scores[:, None] >= 0, FOR, AGAINST) / 255
        axes[0].barh(range(len(shown)), scores, color=colours)
        axes[0].set_yticks(range(len(shown)), [self.words[word] for word in shown])
        axes[0].invert_yaxis()
        axes[0].set_title("mean score of a word")
        shown_map = axes[1].imshow(self.region_map, cmap="cividis")
        axes[1].set(xticks=[], yticks=[], title="mean score of a place")
        axes[1].figure.colorbar(shown_map, ax=axes[1])
        return np.asarray(axes)


def explain_dataset(model, pairs, *, side=8, random_state=None, verbose=0, **options):
    """Explain many matches, and average over words and over places.

    Parameters
    ----------
    model : estimator or callable
        As for `explain_match`.
    pairs : ImageTextPairs or DataFrame
        Pictures and texts; each row is explained.
    side : int, default=8
        Into how many rows and columns pictures are divided for `region_map`.
    random_state : int, RandomState instance or None, default=None
        Draws what is hidden. Pass an int for the same explanations in every call.
    verbose : int, default=0
        Whether to show a progress bar.
    **options : dict
        Passed to `explain_match`: method, segments, n_samples and others.

    Returns
    -------
    explanation : DatasetExplanation
        Means, and the explanation of each pair.

    Raises
    ------
    ValueError
        If there are no pairs, or a view is missing.

    Examples
    --------
    >>> from itm_sklearn.inspection import explain_dataset
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> def like_dogs(pairs):
    ...     return [float("dog" in text.lower()) for text in pairs.texts]
    >>> pairs = ImageTextPairs(np.zeros((2, 8, 8, 3)), ["A dog.", "Dog and cat"])
    >>> found = explain_dataset(like_dogs, pairs, method="occlusion")
    >>> found.words, found.word_scores.tolist(), found.word_counts.tolist()
    (['dog', 'a', 'and', 'cat'], [1.0, 0.0, 0.0, 0.0], [2, 1, 1, 1])
    """
    pairs = as_pairs(pairs)
    pairs.require_both_views()
    if not len(pairs):
        raise ValueError(f"{pairs!r} holds nothing to explain. Give at least one pair.")
    random_state = check_random_state(random_state)
    rows = zip(pairs.texts, pairs.image_index, strict=True)
    found = [
        explain_match(
            model, pairs.images[number], text, random_state=random_state, **options
        )
        for text, number in progress(
            rows, total=len(pairs), desc="explain_dataset", verbose=verbose
        )
    ]
    words, scores, counts = _average_words(found)
    return DatasetExplanation(
        words=words,
        word_scores=scores,
        word_counts=counts,
        region_map=np.mean([_shrink(each.image_map, side) for each in found], axis=0),
        text_share=float(np.mean([each.text_share for each in found])),
        explanations=found,
    )


def _average_words(found):
    """Words in lower case without signs around them, the highest mean first."""
    by_word = defaultdict(list)
    for each in found:
        for word, score in zip(each.words, each.word_scores, strict=True):
            by_word[word.strip(".,;:!?\"'()").lower() or word].append(float(score))
    means = {word: np.mean(scores) for word, scores in by_word.items()}
    words = sorted(means, key=lambda word: (-means[word], word))
    counts = [len(by_word[word]) for word in words]
    return words, np.array([means[word] for word in words]), np.array(counts)


def _shrink(image_map, side):
    """Means over side x side parts of one size."""
    import cv2

    return cv2.resize(image_map, (side, side), interpolation=cv2.INTER_AREA)
