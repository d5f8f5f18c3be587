"""How recall grows with the number of results that are looked at."""

import numpy as np

from itm_sklearn._optional import require
from itm_sklearn.inspection._directions import DIRECTIONS
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.pairs import as_pairs

_LONGEST = 50


def recall_curve(y_true, y_score, *, max_k=None):
    """Recall at 1, 2, ... for both directions of retrieval.

    Parameters
    ----------
    y_true : ImageTextPairs or {array-like, sparse} of shape (n_texts, n_images)
        The pairs, or nonzero where text and image belong together.
    y_score : array-like of shape (n_texts, n_images)
        Similarity; the highest ranks first.
    max_k : int, default=None
        The longest list looked at; None means the smaller gallery, at most 50.

    Returns
    -------
    recall : dict of str to ndarray of shape (max_k,)
        For ``"text_to_image"`` and ``"image_to_text"``.

    Examples
    --------
    >>> similarity = [[0.9, 0.1, 0.0], [0.8, 0.3, 0.1], [0.2, 0.1, 0.7]]
    >>> recall_curve(np.eye(3), similarity)["text_to_image"].round(2)
    array([0.67, 1.  , 1.  ])
    """
    y_score = np.asarray(y_score)
    max_k = min(*y_score.shape[-2:], _LONGEST) if max_k is None else max_k
    ks = range(1, max_k + 1)
    report = retrieval_report(y_score, y_true, ks=tuple(ks))
    return {
        way: np.array([report[way][f"recall@{k}"] for k in ks]) for way in DIRECTIONS
    }


class RecallCurveDisplay:
    """Recall at k against k, for both directions of retrieval.

    It is recommended to create it with `from_estimator` or `from_predictions`.

    Parameters
    ----------
    recall : dict of str to array-like of shape (max_k,)
        Recall at 1, 2, ... for ``"text_to_image"``, ``"image_to_text"`` or both.
    estimator_name : str, default=None
        Stands in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curves.
    figure_ : matplotlib Figure
        The figure that contains them.
    lines_ : list of matplotlib Line2D
        One for each direction.

    See Also
    --------
    itm_sklearn.metrics.retrieval_report : The numbers of both directions.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.inspection import RecallCurveDisplay
    >>> similarity = [[0.9, 0.1, 0.0], [0.8, 0.3, 0.1], [0.2, 0.1, 0.7]]
    >>> display = RecallCurveDisplay.from_predictions(np.eye(3), similarity)
    >>> display.recall["text_to_image"].round(2)
    array([0.67, 1.  , 1.  ])
    """

    def __init__(self, *, recall, estimator_name=None):
        self.recall = recall
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls, estimator, pairs, *, max_k=None, name=None, ax=None, **kwargs
    ):
        """Curves of a fitted estimator on pairs it has not seen.

        Parameters
        ----------
        estimator : estimator
            A matcher, or a Pipeline that ends in one.
        pairs : ImageTextPairs or DataFrame
            Queries of either view with the other view as the gallery.
        max_k : int, default=None
            The longest list looked at; None means the smaller gallery, at most 50.
        name : str, default=None
            Stands in the legend; None means the name of the class.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : RecallCurveDisplay
            With the curves drawn.
        """
        pairs = as_pairs(pairs)
        similarity = pair_similarity(estimator, pairs)
        name = type(estimator).__name__ if name is None else name
        return cls.from_predictions(
            pairs, similarity, max_k=max_k, name=name, ax=ax, **kwargs
        )

    @classmethod
    def from_predictions(
        cls, y_true, y_score, *, max_k=None, name=None, ax=None, **kwargs
    ):
        """Curves of given scores.

        Parameters
        ----------
        y_true : ImageTextPairs or {array-like, sparse} of shape (n_texts, n_images)
            The pairs, or nonzero where text and image belong together.
        y_score : array-like of shape (n_texts, n_images)
            Similarity; the highest ranks first.
        max_k : int, default=None
            The longest list looked at; None means the smaller gallery, at most 50.
        name : str, default=None
            Stands in the legend.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : RecallCurveDisplay
            With the curves drawn.
        """
        display = cls(
            recall=recall_curve(y_true, y_score, max_k=max_k), estimator_name=name
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, *, name=None, **kwargs):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        name : str, default=None
            Stands in the legend; None means `estimator_name`.
        **kwargs : dict
            Passed to `matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : RecallCurveDisplay
            Itself.
        """
        pyplot = require(
            "matplotlib.pyplot", extra="report", caller="RecallCurveDisplay"
        )
        if ax is None:
            ax = pyplot.subplots()[1]
        name = self.estimator_name if name is None else name
        self.lines_ = [
            self._plot_direction(ax, way, name, kwargs) for way in self.recall
        ]
        ax.set(xlabel="Results looked at (k)", ylabel="Recall at k", ylim=(0, 1.02))
        ax.legend(loc="lower right")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_direction(self, ax, way, name, kwargs):
        recall = np.asarray(self.recall[way])
        ks = np.arange(1, len(recall) + 1)
        label = DIRECTIONS[way] if name is None else f"{name}, {DIRECTIONS[way]}"
        # Solid and dashed tell the directions apart without colour.
        style = {"linestyle": "-" if way == "text_to_image" else "--"}
        return ax.plot(ks, recall, **{"label": label, **style, **kwargs})[0]
