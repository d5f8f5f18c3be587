"""A match as a game: segments of the picture and words of the text are the players.

A coalition is what the model gets to see; its value is the score of the pair of which
all else is hidden. Explanations only differ in how they share the score out.
"""

import warnings
from contextlib import contextmanager

import numpy as np

from itm_sklearn._batching import batch_slices
from itm_sklearn._load_image import load_image
from itm_sklearn.inspection._pair_scores import score_function
from itm_sklearn.inspection._segments import cover_picture, cut_picture
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["TEXT_FILLS", "MatchGame", "empty_on_purpose"]

TEXT_FILLS = ("drop", "mask")
_MASK = "[MASK]"
# Bytes of pictures that the model gets at once, and the most rows.
_PICTURE_BYTES, _MAX_ROWS = 2**26, 1024


class MatchGame:
    """What a model makes of a picture and a text of which parts are hidden.

    Parameters
    ----------
    model : estimator or callable
        As for `explain_match`.
    image : path, bytes, PIL image or array
        The picture.
    text : str
        The text; its words are what blanks separate.
    segments, image_fill, text_fill
        As for `explain_match`.

    Attributes
    ----------
    pixels : ndarray of uint8 of shape (height, width, 3)
        The picture.
    labels : ndarray of int of shape (height, width)
        The segment of each pixel.
    words : list of str
        The words.
    n_segments, n_players : int
        Players are the segments first, then the words.
    n_evaluations : int
        Coalitions that the model has been asked for; none is asked for twice.

    Examples
    --------
    >>> def count_words(pairs):
    ...     return [len(text.split()) for text in pairs.texts]
    >>> picture = np.zeros((4, 4, 3))
    >>> game = MatchGame(count_words, picture, "a red dog", segments="grid:2")
    >>> game.n_players, game.value(np.eye(7, dtype=bool)).tolist()
    (7, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    """

    def __init__(
        self,
        model,
        image,
        text,
        *,
        segments="grid:4",
        image_fill="median",
        text_fill="drop",
    ):
        self.pixels = load_image(image)
        self.text, self.words = text, _split(text)
        if text_fill not in TEXT_FILLS:
            raise ValueError(
                f"text_fill={text_fill!r} is unknown. Choose one of "
                f"{', '.join(TEXT_FILLS)}."
            )
        self.labels = cut_picture(self.pixels, segments)
        self.n_segments = int(self.labels.max()) + 1
        self.n_players = self.n_segments + len(self.words)
        self.image_fill, self.text_fill = image_fill, text_fill
        self._cover = cover_picture(self.pixels, self.labels, image_fill)
        self.model, self._score = model, score_function(model)
        self._known = {}

    @property
    def n_evaluations(self):
        """Coalitions that the model has been asked for."""
        return len(self._known)

    def value(self, coalitions):
        """The score of each coalition.

        Parameters
        ----------
        coalitions : ndarray of bool of shape (n_coalitions, n_players)
            True for what is seen.

        Returns
        -------
        values : ndarray of shape (n_coalitions,)
            Scores of the model.
        """
        coalitions = np.asarray(coalitions, dtype=bool)
        keys = [row.tobytes() for row in np.packbits(coalitions, axis=1)]
        first = {key: row for row, key in enumerate(keys) if key not in self._known}
        if first:
            # Alike pictures side by side, so that a batch has few of them.
            rows = sorted(first.values(), key=keys.__getitem__)
            for key, value in zip(
                sorted(first), self._ask(coalitions[rows]), strict=True
            ):
                self._known[key] = value
        return np.array([self._known[key] for key in keys])

    def ends(self):
        """The score of nothing and that of the whole pair."""
        return self.value(np.array([[False], [True]]).repeat(self.n_players, axis=1))

    def _ask(self, coalitions):
        n_rows = max(1, min(_MAX_ROWS, _PICTURE_BYTES // self.pixels.nbytes))
        with empty_on_purpose():
            return np.concatenate(
                [
                    self._score(self.pairs(coalitions[batch]))
                    for batch in batch_slices(len(coalitions), n_rows)
                ]
            )

    def pairs(self, coalitions):
        """Picture and text of each coalition; pictures that are alike are one."""
        seen = coalitions[:, : self.n_segments]
        kept, image_index = np.unique(seen, axis=0, return_inverse=True)
        pictures = np.where(kept[:, self.labels, None], self.pixels, self._cover)
        texts = [self._text(row) for row in coalitions[:, self.n_segments :]]
        return ImageTextPairs(pictures, texts, image_index.ravel())

    def _text(self, seen):
        # What is seen whole is seen as it was written.
        if seen.all():
            return self.text
        mask = [_MASK] if self.text_fill == "mask" else []
        words = zip(self.words, seen, strict=True)
        return " ".join(w for word, s in words for w in ([word] if s else mask))


@contextmanager
def empty_on_purpose():
    """No warnings of empty texts inside: to hide all words is no slip of the user."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\d+ of \d+ texts are empty")
        yield


def _split(text):
    words = text.split() if isinstance(text, str) else []
    if not words:
        raise ValueError(f"text={text!r} has no words to explain. Give a sentence.")
    return words
