"""The scores of a few pairs as a matrix of colours, with words and pictures."""

import numpy as np

from itm_sklearn._load_image import load_image
from itm_sklearn._optional import require
from itm_sklearn._views import length
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.pairs import as_pairs

__all__ = ["SimilarityDisplay"]

_THUMBNAIL = 48
_LONGEST_LABEL = 40


class SimilarityDisplay:
    """Similarity of a few texts and images, with the true pairs marked.

    It is recommended to create it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    similarity : ndarray of shape (n_texts, n_images)
        A row for each text and a column for each image.
    pairs : ImageTextPairs
        The texts and images it is about.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the matrix.
    figure_ : matplotlib Figure
        The figure that contains them.
    image_ : matplotlib AxesImage
        The matrix.
    marks_ : matplotlib PathCollection
        A dot for each text and image that belong together.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.inspection import SimilarityDisplay
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(["dog.jpg", "cat.jpg"], ["a dog", "a cat"])
    >>> display = SimilarityDisplay.from_predictions(pairs, [[0.9, 0.1], [0.3, 0.6]])
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['a dog', 'a cat']
    """

    def __init__(self, *, similarity, pairs):
        self.similarity = similarity
        self.pairs = pairs

    @classmethod
    def from_estimator(cls, estimator, pairs, *, ax=None, **kwargs):
        """The scores of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A matcher or aligner, or a Pipeline that ends in one.
        pairs : ImageTextPairs or DataFrame
            A few pairs: ``pairs[:10]``, say.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : SimilarityDisplay
            With the matrix drawn. Of two matrices, one for each direction, that of
            texts asking for images.
        """
        pairs = as_pairs(pairs)
        similarity = np.asarray(pair_similarity(estimator, pairs))
        if similarity.ndim == 3:
            similarity = similarity[0]
        return cls.from_predictions(pairs, similarity, ax=ax, **kwargs)

    @classmethod
    def from_predictions(cls, pairs, similarity, *, ax=None, **kwargs):
        """Given scores.

        Parameters
        ----------
        pairs : ImageTextPairs or DataFrame
            A few pairs.
        similarity : array-like of shape (n_texts, n_images)
            A row for each text and a column for each image.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : SimilarityDisplay
            With the matrix drawn.
        """
        pairs, similarity = as_pairs(pairs), np.asarray(similarity)
        pairs.require_both_views()
        if similarity.shape != (len(pairs), pairs.n_images):
            raise ValueError(
                f"The similarity has the shape {similarity.shape}, but {pairs!r} need "
                f"{(len(pairs), pairs.n_images)}."
            )
        return cls(similarity=similarity, pairs=pairs).plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : SimilarityDisplay
            Itself.
        """
        pyplot = require(
            "matplotlib.pyplot", extra="report", caller="SimilarityDisplay"
        )
        if ax is None:
            ax = pyplot.subplots(layout="constrained")[1]
        self.image_ = ax.imshow(self.similarity, **{"cmap": "cividis", **kwargs})
        ax.figure.colorbar(self.image_, ax=ax, label="Similarity")
        texts, images = self.pairs.relevance().nonzero()
        style = {"facecolor": "white", "edgecolor": "black", "s": 36}
        self.marks_ = ax.scatter(images, texts, label="belong together", **style)
        ax.set_yticks(range(len(self.pairs)), _labels(self.pairs.texts))
        ax.set_xticks(range(self.pairs.n_images), _labels(self.pairs.images))
        _show_pictures(ax, self.pairs.images)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _labels(view):
    """Words for each item: a short text, the name of a file, or a number."""
    items = [view[row] for row in range(length(view))]
    return [
        _shorten(item) if isinstance(item, str) else i for i, item in enumerate(items)
    ]


def _shorten(text):
    text = text.replace("\\", "/").rsplit("/", 1)[-1] if "/" in text else text
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"


def _show_pictures(ax, images):
    """Put the pictures, where there are any, in the place of their labels."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    labels = ax.get_xticklabels()
    for column, label in enumerate(labels):
        try:
            pixels = load_image(images[column], max_size=_THUMBNAIL)
        # Vectors have no picture, and a path may have no file: the label stays.
        except (ValueError, TypeError, OSError):
            continue
        box = AnnotationBbox(
            OffsetImage(pixels),
            (column, 0),
            xycoords=("data", "axes fraction"),
            xybox=(0, -_THUMBNAIL / 1.5),
            boxcoords="offset points",
            frameon=False,
        )
        ax.add_artist(box)
        label.set_visible(False)
