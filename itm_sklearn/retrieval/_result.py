"""Ranked lists: as a table, and with their pictures in a notebook."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from itm_sklearn.retrieval._thumbnail import thumbnail_address

__all__ = ["RetrievalResult"]

_PAGE = """<div style="font: 14px/1.4 system-ui, sans-serif">
{note}{lists}
</div>"""
_LIST = """<section style="margin: 0 0 1em">
<div style="margin: 0 0 .4em">{query}</div>
<ol style="display: flex; flex-wrap: wrap; gap: 8px; list-style: none; margin: 0;
 padding: 0">{items}</ol>
</section>"""
_ITEM = """<li style="max-width: 160px"><div>{item}</div>
<small>{rank} · {score:.3f}</small></li>"""
_TRANSDUCTIVE = (
    "<p><em>Transductive: the scores depend on all queries asked together.</em></p>"
)


@dataclass(frozen=True)
class RetrievalResult:
    """Ranked lists, one a query; the best item comes first.

    Attributes
    ----------
    queries : list or array of n_queries items
        What was asked for; an image and a text together if both were.
    items : list of n_queries lists
        The found items of the gallery, as they were given to it.
    indices : ndarray of int of shape (n_queries, n_neighbors)
        Their places: numbers of images, or rows of texts, of the gallery.
    scores : ndarray of shape (n_queries, n_neighbors)
        Similarities, mostly cosines.
    target : {"images", "texts"}, default="images"
        What was searched.
    asked : {"images", "texts", "both"}, default="texts"
        What the queries are.
    transductive : bool, default=False
        Whether a score depends on the other queries that were asked with it. Such
        scores can't be compared with those of a search that has one query at a time.

    Examples
    --------
    >>> import numpy as np
    >>> result = RetrievalResult(
    ...     queries=["a dog"],
    ...     items=[["dog.jpg", "fox.jpg"]],
    ...     indices=np.array([[3, 1]]),
    ...     scores=np.array([[0.9, 0.4]]),
    ... )
    >>> result.to_frame()
       query  rank     item  index  score
    0  a dog     1  dog.jpg      3    0.9
    1  a dog     2  fox.jpg      1    0.4
    """

    queries: Any
    items: list
    indices: np.ndarray
    scores: np.ndarray
    target: str = "images"
    asked: str = "texts"
    transductive: bool = False

    def to_frame(self):
        """The lists as one pandas DataFrame, a row for each found item.

        Returns
        -------
        frame : pandas.DataFrame
            Columns query, rank (from 1), item, index and score. The flag
            `transductive` is in ``frame.attrs``.
        """
        import pandas as pd

        rows = [
            (query, rank, item, index, score)
            for query, found in zip(self.queries, self._lists(), strict=True)
            for rank, (item, index, score) in enumerate(found, start=1)
        ]
        columns = ["query", "rank", "item", "index", "score"]
        frame = pd.DataFrame(rows, columns=columns)
        frame.attrs["transductive"] = self.transductive
        return frame

    def _lists(self):
        """For each query the found items with their places and scores."""
        for found in zip(self.items, self.indices, self.scores, strict=True):
            yield zip(*found, strict=True)

    def __len__(self):
        return len(self.items)

    def _repr_html_(self):
        """The lists with pictures, for notebooks: nothing is fetched to show them."""
        lists = [
            _LIST.format(query=_show_query(query, self.asked), items=self._show(found))
            for query, found in zip(self.queries, self._lists(), strict=True)
        ]
        note = _TRANSDUCTIVE if self.transductive else ""
        return _PAGE.format(note=note, lists="\n".join(lists))

    def _show(self, found):
        return "".join(
            _ITEM.format(item=_show(item, self.target), rank=rank, score=score)
            for rank, (item, _, score) in enumerate(found, start=1)
        )


def _show_query(query, asked):
    """A query as HTML, an image before the text that was asked with it."""
    if asked == "both":
        image, text = query
        return f"{_show(image, 'images')} {_show(text, 'texts')}"
    return _show(query, asked)


def _show(item, view):
    """An item as HTML: the picture of an image that can be read, else its words."""
    if view == "images":
        try:
            return f'<img src="{thumbnail_address(item)}" alt="{escape(_words(item))}">'
        # Vectors have no picture, and a notebook that shows the rest is worth more.
        except (ValueError, TypeError, OSError):
            pass
    return escape(_words(item))


def _words(item):
    """What stands for an item without a picture: itself, or what kind it is."""
    return str(item) if isinstance(item, str | Path) else type(item).__name__
