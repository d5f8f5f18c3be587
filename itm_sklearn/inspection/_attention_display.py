"""Where a captioner looked for each word, over the picture."""

from math import isqrt

import numpy as np

from itm_sklearn._load_image import load_image
from itm_sklearn._optional import require

__all__ = ["AttentionDisplay"]

# Pictures in a row.
_COLUMNS = 6


class AttentionDisplay:
    """The words of a caption, each with the regions that were looked at.

    It is recommended to create it with `from_estimator`. Attention tells where was
    looked, which need not be why a word was chosen.

    Parameters
    ----------
    image : image
        What is described.
    words : list of str
        The caption.
    maps : ndarray of shape (n_words, n_regions)
        How much each region was looked at; the regions form a square.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes of shape (n_words,)
        A picture for each word.
    figure_ : matplotlib Figure
        The figure that contains them.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.inspection import AttentionDisplay
    >>> picture, maps = np.zeros((8, 8, 3), np.uint8), np.full((2, 4), 0.25)
    >>> display = AttentionDisplay(image=picture, words=["red", "star"], maps=maps)
    >>> [ax.get_title() for ax in display.plot().axes_]
    ['red', 'star']
    """

    def __init__(self, *, image, words, maps):
        self.image = image
        self.words = words
        self.maps = maps

    @classmethod
    def from_estimator(cls, estimator, image, **kwargs):
        """The caption of a fitted captioner.

        Parameters
        ----------
        estimator : Captioner
            With ``attend(images)``.
        image : image
            A path, bytes, an image of Pillow or an array.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow` for the maps.

        Returns
        -------
        display : AttentionDisplay
            With all words drawn.
        """
        (words,), (maps,) = estimator.attend([image])
        return cls(image=image, words=words, maps=maps).plot(**kwargs)

    def plot(self, **kwargs):
        """Draw a picture for each word.

        Parameters
        ----------
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.imshow` for the maps.

        Returns
        -------
        display : AttentionDisplay
            Itself.
        """
        pyplot = require("matplotlib.pyplot", extra="report", caller="AttentionDisplay")
        maps = self._squares()
        n_rows = max(1, -(-len(self.words) // _COLUMNS))
        n_columns = min(_COLUMNS, max(1, len(self.words)))
        size = {"figsize": (1.6 * n_columns, 1.9 * n_rows), "layout": "constrained"}
        figure, axes = pyplot.subplots(n_rows, n_columns, squeeze=False, **size)
        picture = load_image(self.image)
        extent = (0, picture.shape[1], picture.shape[0], 0)
        style = {"cmap": "inferno", "alpha": 0.6, "extent": extent, **kwargs}
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, word, shares in zip(axes.flat, self.words, maps, strict=False):
            ax.imshow(picture, extent=extent)
            ax.imshow(shares, interpolation="bilinear", **style)
            ax.set_title(word)
        self.axes_, self.figure_ = axes.ravel()[: len(self.words)], figure
        return self

    def _squares(self):
        maps = np.asarray(self.maps)
        side = isqrt(maps.shape[1])
        if side * side != maps.shape[1]:
            raise ValueError(
                f"The maps have {maps.shape[1]} regions, which form no square. Take an "
                'encoder with a grid, such as "cnn" or CNNEncoder(layer="grid").'
            )
        return maps.reshape(-1, side, side)
