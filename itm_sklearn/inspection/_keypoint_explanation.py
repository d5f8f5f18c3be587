"""The explanation of a match by bags of visual words: keypoints and words."""

from dataclasses import dataclass, field

import numpy as np

from itm_sklearn._optional import require
from itm_sklearn.inspection._match_explanation import AGAINST, FOR

__all__ = ["KeypointExplanation"]


@dataclass
class KeypointExplanation:
    """How much each keypoint of a picture and each word of a text did for a cosine.

    Parameters
    ----------
    image : ndarray of uint8 of shape (height, width, 3)
        The picture.
    text : str
        The text.
    words : list of str
        Its words.
    positions : ndarray of shape (n_keypoints, 4)
        x and y from 0 to 1, the diameter as a share of the longest side, the angle.
    keypoint_scores : ndarray of shape (n_keypoints,)
        What each keypoint did for the match; negative against it.
    word_scores : ndarray of shape (n_words,)
        What each word did.
    interactions : ndarray of shape (n_words, n_keypoints)
        What a word and a keypoint did together; half of it is in the score of each.
    base_score, score : float
        What is there without keypoints and words, and the model's score.

    Examples
    --------
    >>> from itm_sklearn.inspection import KeypointExplanation
    >>> explanation = KeypointExplanation(
    ...     image=np.zeros((4, 4, 3), np.uint8),
    ...     text="dog",
    ...     words=["dog"],
    ...     positions=np.array([[0.5, 0.5, 0.1, 0.0]]),
    ...     keypoint_scores=np.array([0.25]),
    ...     word_scores=np.array([0.25]),
    ...     interactions=np.array([[0.5]]),
    ...     base_score=0.0,
    ...     score=0.5,
    ... )
    >>> explanation.residual
    0.0
    """

    image: np.ndarray = field(repr=False)
    text: str
    words: list = field(repr=False)
    positions: np.ndarray = field(repr=False)
    keypoint_scores: np.ndarray = field(repr=False)
    word_scores: np.ndarray
    interactions: np.ndarray = field(repr=False)
    base_score: float
    score: float

    @property
    def residual(self):
        """What the scores leave of the model's score: nothing but rounding."""
        shared = self.keypoint_scores.sum() + self.word_scores.sum()
        return float(self.score - self.base_score - shared)

    @property
    def text_share(self):
        """The words' part in all that was done, for or against, from 0 to 1."""
        text = np.abs(self.word_scores).sum()
        both = text + np.abs(self.keypoint_scores).sum()
        return float(text / both) if both else 0.5

    def plot(self, axes=None):
        """Draw the keypoints on the picture, and what the words did.

        Parameters
        ----------
        axes : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        axes : ndarray of matplotlib Axes
            Those drawn in.
        """
        pyplot = require(
            "matplotlib.pyplot", extra="report", caller="KeypointExplanation.plot"
        )
        if axes is None:
            axes = pyplot.subplots(1, 2, figsize=(7, 3.2), layout="constrained")[1]
        axes[0].imshow(self.image)
        axes[0].add_collection(self._circles(axes[0].transData))
        axes[0].set(xticks=[], yticks=[], title="keypoints")
        places = range(len(self.words))
        axes[1].barh(places, self.word_scores, color=_colours(self.word_scores))
        axes[1].set_yticks(places, self.words)
        axes[1].invert_yaxis()
        axes[1].set_title("words")
        return np.asarray(axes)

    def _circles(self, transform):
        """A circle for each keypoint, in pixels."""
        from matplotlib.collections import EllipseCollection

        height, width = self.image.shape[:2]
        sizes = self.positions[:, 2] * max(height, width)
        return EllipseCollection(
            sizes,
            sizes,
            np.zeros(len(sizes)),
            units="xy",
            offsets=self.positions[:, :2] * (width, height) - 0.5,
            transOffset=transform,
            edgecolors=_colours(self.keypoint_scores),
            facecolors="none",
        )


def _colours(scores):
    """Red, green, blue and how opaque: the more was done, the more is seen."""
    colours = np.where(scores[:, None] >= 0, FOR, AGAINST) / 255
    most = np.abs(scores).max(initial=0) or 1.0
    return np.column_stack([colours, np.abs(scores) / most])
