"""Metrics of all relevant items: how early they come, one after the other.

`_first_relevant.py` holds those that stop at the first relevant item.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from itm_sklearn.metrics._ranking import rank_relevant

__all__ = ["average_precision", "ndcg"]


def average_precision(y_true, y_score):
    """Mean average precision (mAP): precision at each relevant item, averaged.

    For a query whose relevant items stand at the ranks r_1 < r_2 < ... < r_m it is
    the mean of n / r_n. Without ties that is what
    :func:`sklearn.metrics.average_precision_score` gives for each query. Among
    equal scores irrelevant items rank first here, so that ties can only cost.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_queries, n_items)
        Nonzero where the item is relevant to the query.
    y_score : array-like of shape (n_queries, n_items)
        Score of each item for each query; the highest ranks first. Infinite scores
        are ranked like others.

    Returns
    -------
    score : float
        Mean over the queries, between 0 and 1; higher is better.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    The first query finds its relevant items at the ranks 1 and 3.

    >>> from itm_sklearn.metrics import average_precision
    >>> relevant = [[1, 0, 1, 0], [0, 1, 0, 0]]
    >>> scores = [[0.9, 0.5, 0.4, 0.1], [0.2, 0.8, 0.3, 0.1]]
    >>> round(average_precision(relevant, scores), 4)
    0.9167
    """
    return float(np.mean(precision_by_query(rank_relevant(y_true, y_score)[0])))


def ndcg(y_true, y_score, *, k=None):
    """Discounted gain of the relevant items, as a share of the largest possible.

    A relevant item at rank r gains 1 / log2(1 + r). Relevance is yes or no: how
    large the values in `y_true` are makes no difference. Among equal scores
    irrelevant items rank first.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_queries, n_items)
        Nonzero where the item is relevant to the query.
    y_score : array-like of shape (n_queries, n_items)
        Score of each item for each query; the highest ranks first. Infinite scores
        are ranked like others.
    k : int, default=None
        How many results are looked at; None looks at all.

    Returns
    -------
    score : float
        Mean over the queries, between 0 and 1; higher is better.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    >>> from itm_sklearn.metrics import ndcg
    >>> relevant = [[1, 0, 0], [0, 0, 1]]
    >>> scores = [[0.9, 0.1, 0.2], [0.8, 0.7, 0.1]]
    >>> ndcg(relevant, scores)
    0.75
    >>> ndcg(relevant, scores, k=2)
    0.5
    """
    if k is not None:
        check_scalar(k, "k", Integral, min_val=1)
    return float(np.mean(gain_by_query(rank_relevant(y_true, y_score)[0], k)))


def precision_by_query(ranks):
    """Mean precision at the relevant items of each query."""
    precision = _order_in_query(ranks) / ranks.ranks
    return _sum_by_query(precision, ranks) / ranks.n_relevant


def gain_by_query(ranks, k=None):
    """Discounted gain of each query, divided by the largest it could be."""
    gain = _sum_by_query(_discount(ranks.ranks, k), ranks)
    return gain / _sum_by_query(_discount(_order_in_query(ranks), k), ranks)


def _discount(ranks, k):
    gain = 1 / np.log2(1 + ranks)
    return gain if k is None else np.where(ranks <= k, gain, 0)


def _order_in_query(ranks):
    """1, 2, 3 ... for the relevant items of each query."""
    return np.arange(1, len(ranks.ranks) + 1) - np.repeat(
        ranks.starts, ranks.n_relevant
    )


def _sum_by_query(values, ranks):
    return np.add.reduceat(values, ranks.starts)
