"""Drawn images in a grid: a row for each text, a column for each sample or model."""

from textwrap import fill

import numpy as np

from itm_sklearn._optional import require

__all__ = ["DrawingDisplay"]

# Letters in a line of the text beside a row.
_LINE = 22


class DrawingDisplay:
    """Images that were drawn for texts, a row for each text.

    It is recommended to create it with `from_estimator`.

    Parameters
    ----------
    texts : list of n_texts str
        What the images are to show.
    images : array-like of shape (n_texts, n_columns, height, width, 3)
        The images of each text.
    names : list of n_columns str, default=None
        What stands above the columns: models, for example.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_texts, n_columns)
        A picture each.
    figure_ : matplotlib Figure
        The figure that contains them.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.inspection import DrawingDisplay
    >>> images = np.zeros((1, 2, 8, 8, 3), np.uint8)
    >>> display = DrawingDisplay(["night"], images, names=["gan", "cvae"]).plot()
    >>> [ax.get_title() for ax in display.axes_[0]]
    ['gan', 'cvae']
    """

    def __init__(self, texts, images, *, names=None):
        self.texts = texts
        self.images = images
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, texts, *, n=8, **kwargs):
        """Samples of one model.

        Parameters
        ----------
        estimator : TextToImage
            A fitted model with ``sample(texts, n)``.
        texts : list of str
            What to draw.
        n : int, default=8
            Images of each text.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : DrawingDisplay
            With all images drawn.
        """
        return cls(list(texts), estimator.sample(texts, n)).plot(**kwargs)

    def plot(self, **kwargs):
        """Draw the grid.

        Parameters
        ----------
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow`.

        Returns
        -------
        display : DrawingDisplay
            Itself.
        """
        pyplot = require("matplotlib.pyplot", extra="report", caller="DrawingDisplay")
        images = self._grid()
        n_rows, n_columns = images.shape[:2]
        figure, axes = pyplot.subplots(
            n_rows,
            n_columns,
            squeeze=False,
            figsize=(1.6 + 1.1 * n_columns, 1.15 * n_rows),
            layout="constrained",
        )
        for ax, image in zip(axes.flat, np.concatenate(images), strict=True):
            ax.imshow(image, **{"interpolation": "nearest", **kwargs})
            ax.set(xticks=[], yticks=[])
        for ax, text in zip(axes[:, 0], self.texts, strict=True):
            beside = {"rotation": 0, "ha": "right", "va": "center", "fontsize": 8}
            ax.set_ylabel(fill(text, _LINE), **beside)
        for ax, name in zip(axes[0], self.names or [""] * n_columns, strict=True):
            ax.set_title(name, fontsize=9)
        self.axes_, self.figure_ = axes, figure
        return self

    def _grid(self):
        images = np.asarray(self.images)
        n_columns = images.shape[1] if self.names is None else len(self.names)
        if images.ndim != 5 or images.shape[:2] != (len(self.texts), n_columns):
            raise ValueError(
                f"images has the shape {images.shape}, but {len(self.texts)} texts "
                f"and {n_columns} columns need ({len(self.texts)}, {n_columns}, "
                "height, width, 3)."
            )
        return images
