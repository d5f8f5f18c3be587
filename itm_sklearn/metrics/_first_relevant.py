"""Metrics of the first relevant item: how far a user has to look down the list.

`_all_relevant.py` holds those that ask for every relevant item.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from itm_sklearn.metrics._ranking import rank_relevant

__all__ = [
    "mean_normalized_rank",
    "mean_rank",
    "mean_reciprocal_rank",
    "median_rank",
    "recall_at_k",
]


def recall_at_k(y_true, y_score, *, k=10):
    """Share of queries whose first `k` results hold a relevant item.

    It falls as the number of items grows: compare only galleries of one size.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_queries, n_items)
        Nonzero where the item is relevant to the query.
    y_score : array-like of shape (n_queries, n_items)
        Score of each item for each query; the highest ranks first. Infinite scores
        are ranked like others.
    k : int, default=10
        How many results are looked at.

    Returns
    -------
    recall : float
        Between 0 and 1; higher is better. A relevant item that ties with others
        ranks behind them.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    >>> from itm_sklearn.metrics import recall_at_k
    >>> relevant = [[1, 0, 0], [0, 0, 1]]
    >>> scores = [[0.9, 0.1, 0.2], [0.8, 0.7, 0.1]]
    >>> recall_at_k(relevant, scores, k=2)
    0.5
    """
    check_scalar(k, "k", Integral, min_val=1)
    return share_within(k, _first_ranks(y_true, y_score).first)


def median_rank(y_true, y_score):
    """Median over the queries of the rank of the first relevant item.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_queries, n_items)
        Nonzero where the item is relevant to the query.
    y_score : array-like of shape (n_queries, n_items)
        Score of each item for each query; the highest ranks first. Infinite scores
        are ranked like others.

    Returns
    -------
    rank : float
        From 1, the best, to the number of items.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    >>> from itm_sklearn.metrics import median_rank
    >>> relevant = [[1, 0, 0], [0, 0, 1]]
    >>> scores = [[0.9, 0.1, 0.2], [0.8, 0.7, 0.1]]
    >>> median_rank(relevant, scores)
    2.0
    """
    return float(np.median(_first_ranks(y_true, y_score).first))


def mean_rank(y_true, y_score):
    """Mean over the queries of the rank of the first relevant item.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_queries, n_items)
        Nonzero where the item is relevant to the query.
    y_score : array-like of shape (n_queries, n_items)
        Score of each item for each query; the highest ranks first. Infinite scores
        are ranked like others.

    Returns
    -------
    rank : float
        From 1, the best, to the number of items.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    >>> from itm_sklearn.metrics import mean_rank
    >>> relevant = [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    >>> scores = [[0.9, 0.1, 0.2], [0.8, 0.7, 0.1], [0.3, 0.3, 0.1]]
    >>> mean_rank(relevant, scores)
    2.0
    """
    return float(np.mean(_first_ranks(y_true, y_score).first))


def mean_normalized_rank(y_true, y_score):
    """Share of the irrelevant items that stand before the first relevant one.

    Unlike recall it does not depend on how many items there are, only on how well
    they are told apart. Chance gives 0.5 with one relevant item a query.

    Parameters
    ----------
    y_true : {array-like, sparse matrix} of shape (n_queries, n_items)
        Nonzero where the item is relevant to the query.
    y_score : array-like of shape (n_queries, n_items)
        Score of each item for each query; the highest ranks first. Infinite scores
        are ranked like others.

    Returns
    -------
    share : float
        Between 0, the best, and 1, which constant scores get. A query to which all
        items are relevant counts as 0.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    >>> from itm_sklearn.metrics import mean_normalized_rank
    >>> relevant = [[1, 0, 0], [0, 0, 1]]
    >>> scores = [[0.9, 0.1, 0.2], [0.8, 0.7, 0.1]]
    >>> mean_normalized_rank(relevant, scores)
    0.5
    """
    return float(np.mean(share_before_by_query(_first_ranks(y_true, y_score))))


def mean_reciprocal_rank(y_true, y_score):
    """Mean over the queries of 1 / rank of the first relevant item.

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
        Between 0 and 1; higher is better.

    Raises
    ------
    ValueError
        If a score is NaN or a query has no relevant item.

    Examples
    --------
    >>> from itm_sklearn.metrics import mean_reciprocal_rank
    >>> relevant = [[1, 0, 0, 0], [0, 0, 1, 0]]
    >>> scores = [[0.9, 0.1, 0.2, 0.3], [0.8, 0.7, 0.6, 0.6]]
    >>> mean_reciprocal_rank(relevant, scores)
    0.625
    """
    return float(np.mean(1 / _first_ranks(y_true, y_score).first))


def share_within(k, ranks):
    """The share of the ranks that are at most k."""
    return float(np.mean(ranks <= k))


def share_before_by_query(ranks):
    """Share of the irrelevant items that stand before the first relevant one."""
    # Where nothing is irrelevant, nothing stands before.
    irrelevant = np.maximum(ranks.n_items - ranks.n_relevant, 1)
    return (ranks.first - 1) / irrelevant


def _first_ranks(y_true, y_score):
    return rank_relevant(y_true, y_score, first_only=True)[0]
