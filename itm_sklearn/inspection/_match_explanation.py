"""The explanation of one match: how much each segment and each word did for it.

`explain_match` makes it; `_explanation_page.py` turns it into HTML.
"""

from dataclasses import dataclass, field

import numpy as np

from itm_sklearn._optional import require

__all__ = ["MatchExplanation", "heat"]

# For a match, and against it: told apart without seeing red or green.
FOR, AGAINST = (213, 94, 0), (0, 114, 178)
# Maps of single words in a figure.
_N_MAPS = 3


@dataclass
class MatchExplanation:
    """How much each segment of a picture and each word of a text did for a score.

    Parameters
    ----------
    image : ndarray of uint8 of shape (height, width, 3)
        The picture.
    text : str
        The text.
    words : list of str
        Its words.
    segments : ndarray of int of shape (height, width)
        The segment of each pixel.
    segment_scores : ndarray of shape (n_segments,)
        What each segment did for the match; negative against it.
    word_scores : ndarray of shape (n_words,)
        What each word did, in the same unit: that of the model's score.
    base_score, score : float
        The model's score of the pair with all hidden, and of the whole pair.
    method : str
        How the score was shared out.
    interactions : ndarray of shape (n_words, n_segments) or None
        What a word and a segment did together, and neither without the other.
    image_fill, text_fill : object
        What was seen in the place of what was hidden.
    n_evaluations : int
        How many pairs the model was asked for.

    Examples
    --------
    >>> from itm_sklearn.inspection import MatchExplanation
    >>> explanation = MatchExplanation(
    ...     image=np.zeros((2, 4, 3), np.uint8),
    ...     text="red dog",
    ...     words=["red", "dog"],
    ...     segments=np.array([[0, 0, 1, 1], [0, 0, 1, 1]]),
    ...     segment_scores=np.array([3.0, 0.0]),
    ...     word_scores=np.array([-1.0, 2.0]),
    ...     base_score=1.0,
    ...     score=5.5,
    ... )
    >>> explanation.image_map
    array([[3., 3., 0., 0.],
           [3., 3., 0., 0.]])
    >>> explanation.residual, explanation.text_share
    (0.5, 0.5)
    """

    image: np.ndarray = field(repr=False)
    text: str
    words: list = field(repr=False)
    segments: np.ndarray = field(repr=False)
    segment_scores: np.ndarray = field(repr=False)
    word_scores: np.ndarray
    base_score: float
    score: float
    method: str = "given"
    interactions: np.ndarray | None = field(default=None, repr=False)
    image_fill: object = "median"
    text_fill: str = "drop"
    n_evaluations: int = 0

    @property
    def image_map(self):
        """For each pixel the score of its segment."""
        return self.segment_scores[self.segments]

    @property
    def residual(self):
        """What the scores of all players leave of the model's score."""
        shared = self.segment_scores.sum() + self.word_scores.sum()
        return float(self.score - self.base_score - shared)

    @property
    def text_share(self):
        """The words' part in all that was done, for or against: MM-SHAP [1]_.

        From 0, where only the picture counts, to 1; 0.5 where nothing does.

        References
        ----------
        .. [1] L. Parcalabescu, A. Frank, "MM-SHAP: a performance-agnostic metric for
           measuring multimodal contributions", ACL 2023, equation 4.
        """
        text = np.abs(self.word_scores).sum()
        both = text + np.abs(self.segment_scores).sum()
        return float(text / both) if both else 0.5

    def word_map(self, word):
        """For each pixel what its segment did together with one word.

        Parameters
        ----------
        word : int
            Its place in `words`.

        Returns
        -------
        map : ndarray of shape (height, width)
            Of the unit of the model's score.
        """
        if self.interactions is None:
            raise ValueError(
                f"method={self.method!r} tells nothing of words and segments together. "
                'Explain the match by method="interactions".'
            )
        return self.interactions[word][self.segments]

    def telling_words(self):
        """Words by how much they did together with segments, the most first."""
        if self.interactions is None:
            return []
        return np.argsort(-np.abs(self.interactions).sum(axis=1), kind="stable")

    def to_dict(self):
        """All numbers and words as plain values, for JSON; the picture is left out."""
        arrays = ("segments", "segment_scores", "word_scores", "interactions")
        values = {name: getattr(self, name) for name in arrays}
        return {
            "text": self.text,
            "words": list(self.words),
            "method": self.method,
            "score": float(self.score),
            "base_score": float(self.base_score),
            "residual": self.residual,
            "text_share": self.text_share,
            "n_evaluations": int(self.n_evaluations),
            **{name: None if v is None else v.tolist() for name, v in values.items()},
        }

    def plot(self, axes=None):
        """Draw the picture, what its segments did, and what the words did.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Three to draw in, and one for each map of a word. None makes a figure.

        Returns
        -------
        axes : ndarray of matplotlib Axes
            Those drawn in.
        """
        pyplot = require(
            "matplotlib.pyplot", extra="report", caller="MatchExplanation.plot"
        )
        told = self.telling_words()[:_N_MAPS]
        if axes is None:
            n_panels = 3 + len(told)
            size = (2.7 * n_panels, 3.2)
            axes = pyplot.subplots(1, n_panels, figsize=size, layout="constrained")[1]
        maps = [self.image, heat(self.image, self.image_map)]
        maps += [heat(self.image, self.word_map(word)) for word in told]
        titles = ["picture", "segments", *(f"“{self.words[word]}”" for word in told)]
        panels = [*axes[:2], *axes[3:]]
        for ax, pixels, title in zip(panels, maps, titles, strict=False):
            ax.imshow(pixels)
            ax.set(xticks=[], yticks=[], title=title)
        self._plot_words(axes[2])
        return np.asarray(axes)

    def _plot_words(self, ax):
        colours = [FOR if score >= 0 else AGAINST for score in self.word_scores]
        places = range(len(self.words))
        ax.barh(places, self.word_scores, color=np.array(colours) / 255)
        ax.set_yticks(places, self.words)
        ax.invert_yaxis()
        ax.axvline(0, color="black", linewidth=0.8)
        ax.set_title(f"words ({100 * self.text_share:.0f} %)")

    def _repr_html_(self):
        from itm_sklearn.inspection._explanation_page import explanation_html

        return explanation_html(self)


def heat(image, scores):
    """The picture in grey, with what speaks for the match and against it in colour.

    Examples
    --------
    >>> heat(np.full((1, 2, 3), 100, np.uint8), np.array([[1.0, 0.0]]))[0, 1]
    array([100, 100, 100], dtype=uint8)
    """
    grey = image @ np.array([0.299, 0.587, 0.114])
    most = np.abs(scores).max() or 1.0
    alpha = 0.75 * np.abs(scores / most)[..., None]
    colour = np.where(scores[..., None] >= 0, FOR, AGAINST)
    mixed = (1 - alpha) * grey[..., None] + alpha * colour
    return np.rint(mixed).astype(np.uint8)
