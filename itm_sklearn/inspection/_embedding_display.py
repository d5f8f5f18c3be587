"""Both views of a shared space in the plane, a line from each text to its image."""

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from itm_sklearn._optional import require
from itm_sklearn.model_selection import embed_pairs
from itm_sklearn.pairs import as_pairs

__all__ = ["EmbeddingDisplay"]


class EmbeddingDisplay:
    """Texts and images of a shared space, projected together into the plane.

    It is recommended to create it with `from_estimator` or `from_predictions`. Lines
    that stay short show pairs that the space brings together; two clouds apart show a
    gap between the views.

    Parameters
    ----------
    texts : ndarray of shape (n_texts, 2)
        Where the texts are.
    images : ndarray of shape (n_images, 2)
        Where the images are.
    image_index : ndarray of int of shape (n_texts,)
        The image of each text.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the points.
    figure_ : matplotlib Figure
        The figure that contains them.
    points_ : tuple of two matplotlib PathCollection
        Those of the images and those of the texts.
    lines_ : matplotlib LineCollection
        A line for each text.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.inspection import EmbeddingDisplay
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(3), np.eye(3) + 0.1)
    >>> display = EmbeddingDisplay.from_predictions(pairs)
    >>> display.texts.shape
    (3, 2)
    """

    def __init__(self, *, texts, images, image_index):
        self.texts = texts
        self.images = images
        self.image_index = image_index

    @classmethod
    def from_estimator(cls, estimator, pairs, *, projection=None, ax=None, **kwargs):
        """The space of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            An aligner, or a Pipeline that ends in an aligner or a matcher.
        pairs : ImageTextPairs or DataFrame
            What is to be shown.
        projection : transformer, default=None
            From many dimensions to two, by `fit_transform`, such as
            ``TSNE(metric="cosine")``. None means the two principal components.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.scatter` for both views.

        Returns
        -------
        display : EmbeddingDisplay
            With the points drawn.
        """
        vectors = embed_pairs(estimator, as_pairs(pairs))
        return cls.from_predictions(vectors, projection=projection, ax=ax, **kwargs)

    @classmethod
    def from_predictions(cls, pairs, *, projection=None, ax=None, **kwargs):
        """Given vectors of both views in one space.

        Parameters
        ----------
        pairs : ImageTextPairs
            The vectors. They are scaled to length one, since cosines compare them.
        projection : transformer, default=None
            From many dimensions to two, by `fit_transform`. None means the two
            principal components.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.scatter` for both views.

        Returns
        -------
        display : EmbeddingDisplay
            With the points drawn.
        """
        pairs = as_pairs(pairs)
        pairs.require_both_views()
        vectors = normalize(np.vstack([pairs.texts, pairs.images]))
        projection = PCA(2, random_state=0) if projection is None else clone(projection)
        points = np.asarray(projection.fit_transform(vectors))
        if points.shape != (len(vectors), 2):
            raise ValueError(
                f"projection={projection} gave the shape {points.shape} where "
                f"{(len(vectors), 2)} is needed. Set it to two components."
            )
        texts, images = np.split(points, [len(pairs)])
        display = cls(texts=texts, images=images, image_index=pairs.image_index)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw points and lines.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.scatter` for both views.

        Returns
        -------
        display : EmbeddingDisplay
            Itself.
        """
        pyplot = require("matplotlib.pyplot", extra="report", caller="EmbeddingDisplay")
        from matplotlib.collections import LineCollection

        if ax is None:
            ax = pyplot.subplots()[1]
        ends = np.stack([self.texts, self.images[self.image_index]], axis=1)
        style = {"colors": "#9a9a94", "linewidths": 0.6, "zorder": 1}
        self.lines_ = ax.add_collection(LineCollection(ends, **style))
        # Squares and dots tell the views apart without colour.
        looks = {"images": ("s", "#d55e00"), "texts": ("o", "#0072b2")}
        self.points_ = tuple(
            ax.scatter(
                *getattr(self, view).T,
                **{"marker": marker, "color": colour, "label": view, "s": 18, **kwargs},
            )
            for view, (marker, colour) in looks.items()
        )
        ax.set(xticks=[], yticks=[])
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self
