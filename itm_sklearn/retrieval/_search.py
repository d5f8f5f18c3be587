"""What everything that searches a gallery shares: queries, and lists of items.

A query is a pair that may lack a view, so one path serves all searches: texts for
images, images for texts, and either of them for its like.
"""

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import take_rows
from itm_sklearn.model_selection import is_transductive
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval._result import RetrievalResult

_OTHER = {"images": "texts", "texts": "images"}


class SearchMixin:
    """Mixin for searches: the subclass writes ``kneighbors`` over its ``gallery_``."""

    def retrieve_images(self, query, n_neighbors=5, **options):
        """Find the images of the gallery that fit each query best.

        Parameters
        ----------
        query : list of str, array or ImageTextPairs
            Texts. Or pairs: of images alone to find their like, or of both views,
            which are asked for together.
        n_neighbors : int, default=5
            How many images each query gets.
        **options : dict
            Further arguments of `kneighbors`, such as ``where``.

        Returns
        -------
        result : RetrievalResult
            The images, the best first.
        """
        return self._retrieve("images", query, n_neighbors, options)

    def retrieve_texts(self, query, n_neighbors=5, **options):
        """Find the texts of the gallery that fit each query best.

        Parameters
        ----------
        query : list or array of images, or ImageTextPairs
            Images, as the model's image encoder takes them. Or pairs: of texts
            alone to find their like, or of both views, which are asked for together.
        n_neighbors : int, default=5
            How many texts each query gets.
        **options : dict
            Further arguments of `kneighbors`, such as ``where``.

        Returns
        -------
        result : RetrievalResult
            The texts, the best first.
        """
        return self._retrieve("texts", query, n_neighbors, options)

    def _retrieve(self, target, query, n_neighbors, options):
        if not isinstance(query, ImageTextPairs):
            query = ImageTextPairs(**{_OTHER[target]: query})
        found = self.kneighbors(query, n_neighbors, target=target, **options)
        distances, indices = found
        gallery = getattr(self.gallery_, target)
        return RetrievalResult(
            queries=_queries(query),
            asked=_asked(query),
            items=[list(take_rows(gallery, row)) for row in indices],
            indices=indices,
            scores=1 - distances,
            target=target,
            transductive=is_transductive(self),
        )

    def _check_target(self, query, target):
        """The view of the gallery to search, which by default the query lacks."""
        check_is_fitted(self)
        views = [view for view in _OTHER if getattr(query, view) is not None]
        if target is None and len(views) == 2:
            raise ValueError(
                f"{query!r} has both views, and it is not said which one to search. "
                "Leave one out, or pass target='images' or target='texts'."
            )
        target = _OTHER[views[0]] if target is None else target
        if target not in _OTHER:
            raise ValueError(f"target={target!r} must be 'images' or 'texts'.")
        if getattr(self.gallery_, target) is None:
            raise ValueError(
                f"The gallery {self.gallery_!r} has no {target} to find. Fit on one "
                f"with {target}."
            )
        return target


def _queries(pairs):
    """What was asked for, one item a query."""
    if pairs.images is None:
        return pairs.texts
    if pairs.texts is None:
        return pairs.images
    images = take_rows(pairs.images, pairs.image_index)
    return list(zip(images, pairs.texts, strict=True))


def _asked(pairs):
    """Which views a query has, as a result says it."""
    if pairs.images is not None and pairs.texts is not None:
        return "both"
    return "texts" if pairs.images is None else "images"


def is_fitted(model):
    """Whether the model can be used as it is."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True


def stable_order(scores):
    """Columns from the highest score of each row to the lowest; ties by column."""
    return np.argsort(-scores, axis=1, kind="stable")
