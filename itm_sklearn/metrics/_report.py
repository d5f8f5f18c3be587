"""Both directions at once: from texts to images and from images to texts.

One walk through the similarity matrix ranks its rows and its columns.
"""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.utils import check_scalar

from itm_sklearn.metrics._all_relevant import gain_by_query, precision_by_query
from itm_sklearn.metrics._first_relevant import share_before_by_query, share_within
from itm_sklearn.metrics._ranking import rank_relevant
from itm_sklearn.pairs import as_pairs

__all__ = ["retrieval_report", "rsum"]

_DIRECTIONS = ("text_to_image", "image_to_text")


def rsum(y_true, y_score, ks=(1, 5, 10)):
    """Sum of the recalls at each k over both directions, in percent points.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_texts, n_images)
        Nonzero where the image is relevant to the text.
    y_score : array-like of shape (n_texts, n_images)
        Similarity of each text and image; the highest ranks first.
    ks : sequence of int, default=(1, 5, 10)
        How many results are looked at.

    Returns
    -------
    rsum : float
        Between 0 and 200 times the number of ks; higher is better.

    Raises
    ------
    ValueError
        If a score is NaN, or a text or an image has nothing relevant to it.

    Examples
    --------
    The third text finds its image at rank 2; all else is found at once.

    >>> from itm_sklearn.metrics import rsum
    >>> relevant = [[1, 0], [1, 0], [0, 1]]
    >>> similarity = [[0.9, 0.1], [0.8, 0.3], [0.7, 0.6]]
    >>> round(rsum(relevant, similarity, ks=(1, 2)), 1)
    366.7
    """
    ks = check_ks(ks)
    directions = rank_relevant(y_true, y_score, axes=(0, 1), first_only=True)
    return _sum_recalls([ranks.first for ranks in directions], ks)


def retrieval_report(similarity, pairs, *, ks=(1, 5, 10)):
    """Every metric in both directions, with the sizes of the galleries.

    Parameters
    ----------
    similarity : array-like of shape (n_texts, n_images) or (2, n_texts, n_images)
        Similarity of each text and image; the highest ranks first. Of two matrices
        texts rank images by the first, and images rank texts by the second.
    pairs : ImageTextPairs, DataFrame or {array-like, sparse matrix}
        The pairs the similarity belongs to, or their relevance of shape
        (n_texts, n_images), nonzero where the image is relevant to the text.
    ks : sequence of int, default=(1, 5, 10)
        At which numbers of results the recall is taken.

    Returns
    -------
    report : dict
        Under ``"text_to_image"`` and ``"image_to_text"`` a dict each with
        ``"recall@1"`` and so on for each k, ``"median_rank"``, ``"mean_rank"``,
        ``"mean_reciprocal_rank"``, ``"average_precision"``, ``"ndcg"``,
        ``"mean_normalized_rank"``, ``"n_queries"`` and ``"gallery_size"``; under
        ``"rsum"`` the sum of all recalls in percent points.

    Raises
    ------
    ValueError
        If a score is NaN, or a text or an image has nothing relevant to it.

    See Also
    --------
    itm_sklearn.model_selection.retrieval_scoring : The same for cross-validation.

    Examples
    --------
    >>> from itm_sklearn.metrics import retrieval_report
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(
    ...     ["dog.jpg", "cat.jpg"], ["a dog", "a puppy", "a cat"], [0, 0, 1]
    ... )
    >>> similarity = [[0.9, 0.1], [0.8, 0.3], [0.7, 0.6]]
    >>> report = retrieval_report(similarity, pairs, ks=(1, 2))
    >>> report["image_to_text"]["recall@1"]
    1.0
    >>> report["image_to_text"]["gallery_size"]
    3
    >>> report["text_to_image"]["mean_normalized_rank"]
    0.3333333333333333
    """
    ks = check_ks(ks)
    directions = rank_relevant(_as_relevance(pairs), similarity, axes=(0, 1))
    report = {
        name: _describe(ranks, ks)
        for name, ranks in zip(_DIRECTIONS, directions, strict=True)
    }
    report["rsum"] = _sum_recalls([ranks.first for ranks in directions], ks)
    return report


def values_by_query(ranks, ks):
    """What each query adds to the metrics that are means over queries, by name."""
    first = ranks.first
    return {
        **{f"recall@{k}": first <= k for k in ks},
        "mean_rank": first,
        "mean_reciprocal_rank": 1 / first,
        "average_precision": precision_by_query(ranks),
        "ndcg": gain_by_query(ranks),
        "mean_normalized_rank": share_before_by_query(ranks),
    }


def _describe(ranks, ks):
    values = values_by_query(ranks, ks)
    recalls = {f"recall@{k}": float(np.mean(values.pop(f"recall@{k}"))) for k in ks}
    return {
        **recalls,
        "median_rank": float(np.median(ranks.first)),
        **{name: float(np.mean(value)) for name, value in values.items()},
        "n_queries": len(ranks.first),
        "gallery_size": ranks.n_items,
    }


def _sum_recalls(first_ranks, ks):
    return 100 * sum(share_within(k, first) for first in first_ranks for k in ks)


def _as_relevance(pairs):
    if sparse.issparse(pairs) or isinstance(pairs, np.ndarray | list | tuple):
        return pairs
    return as_pairs(pairs).relevance()


def check_ks(ks):
    """The ks as a tuple of at least one whole number above 0."""
    ks = tuple(ks)
    if not ks:
        raise ValueError(
            "ks=() asks for no recall at all. Pass for example (1, 5, 10)."
        )
    for k in ks:
        check_scalar(k, "ks", Integral, min_val=1)
    return ks
