"""How unevenly the items of a gallery are found: hubs, and items nobody finds."""

import numpy as np
from scipy.stats import skew

from itm_sklearn.inspection._directions import scores_by_direction

__all__ = ["hubness"]


def hubness(similarity, *, k=10):
    """How often items are among the first k results, and how unevenly.

    In many dimensions a few items, the hubs, are near to most queries [1]_. The
    skewness of the k-occurrence measures it: 0 where all are found alike often.

    Parameters
    ----------
    similarity : array-like of shape (n_texts, n_images) or (2, n_texts, n_images)
        The highest ranks first.
    k : int, default=10
        How many results of each query count; all if the gallery is smaller.

    Returns
    -------
    hubness : dict of str to dict
        For ``"text_to_image"`` and ``"image_to_text"`` the ``"skewness"`` of the
        k-occurrence, the share of items that are ``"never_found"``, and the share of
        queries that find the ``"most_found"`` item.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos, M. Ivanović, "Hubs in space: popular nearest
       neighbors in high-dimensional data", JMLR 11, 2010, section 2.2.

    Examples
    --------
    The first image is the best of all three texts:

    >>> similarity = [[0.9, 0.1, 0.0], [0.8, 0.3, 0.1], [0.7, 0.1, 0.2]]
    >>> found = hubness(similarity, k=1)["text_to_image"]
    >>> found["most_found"], round(found["never_found"], 2), round(found["skewness"], 2)
    (1.0, 0.67, 0.71)
    """
    return {
        way: _describe(scores, k)
        for way, scores in scores_by_direction(similarity).items()
    }


def _describe(scores, k):
    n_queries, n_items = scores.shape
    k = min(k, n_items)
    first = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    counts = np.bincount(first.ravel(), minlength=n_items)
    return {
        # Where all are found alike often the skewness is 0 / 0.
        "skewness": float(skew(counts)) if np.ptp(counts) else 0.0,
        "never_found": float(np.mean(counts == 0)),
        "most_found": float(counts.max() / n_queries),
    }
