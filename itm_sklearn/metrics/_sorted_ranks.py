"""Ranks of many relevant items: each row is sorted once, with its relevance inside.

`_rank_counter.py` compares scores with those of relevant items, one after the other;
where a row has hundreds of them, as with categories, sorting it whole is cheaper.
"""

import numpy as np

from itm_sklearn._batching import batch_slices
from itm_sklearn.metrics._rank_counter import (
    MANY,
    RelevantRanks,
    check_all_have_relevant,
    refuse_nan,
)

_UNSIGNED = {np.dtype(np.float32): np.uint32, np.dtype(np.float64): np.uint64}
# Rows that are copied together where the columns of a matrix are the queries.
_N_ROWS = 64


def pays_off(relevance, y_score, axes):
    """Whether the queries of all axes have many relevant items, and can be sorted."""
    fewest = min(relevance.nnz / max(1, relevance.shape[axis]) for axis in axes)
    return fewest > MANY and y_score.dtype in _UNSIGNED


def rank_by_sorting(relevance, y_score, axis=0):
    """`RelevantRanks` along an axis, from a CSR array and scores in `_UNSIGNED`.

    Examples
    --------
    >>> from scipy import sparse
    >>> relevance = sparse.csr_array(np.array([[True, False, True]]))
    >>> rank_by_sorting(relevance, np.array([[0.5, 0.5, 0.9]])).ranks
    array([1, 3])
    """
    if axis == 1:
        relevance, y_score = relevance.T.tocsr(), y_score.T
    n_relevant = np.diff(relevance.indptr)
    check_all_have_relevant(n_relevant, axis)
    ranks = np.empty(relevance.nnz, np.int64)
    is_relevant = np.zeros(y_score.shape[1], bool)
    for rows in batch_slices(len(y_score), _N_ROWS):
        block = np.ascontiguousarray(y_score[rows])
        refuse_nan(block)
        for row, scores in enumerate(block, start=rows.start):
            own = slice(*relevance.indptr[row : row + 2])
            is_relevant[relevance.indices[own]] = True
            ranks[own] = 1 + _places(scores, is_relevant)
            is_relevant[relevance.indices[own]] = False
    starts = relevance.indptr[:-1].astype(np.int64)
    return RelevantRanks(ranks, starts, n_relevant, y_score.shape[1])


def _places(scores, is_relevant):
    """Where the relevant items stand, the highest score first, from 0."""
    keys = _falling_keys(scores)
    keys -= keys.min()
    # The lowest bit holds the relevance: of equal scores irrelevant ones come first.
    one = keys.dtype.type(1)
    if not keys.max() >> keys.dtype.type(8 * keys.itemsize - 1):
        keys <<= one
    elif keys.itemsize < 8:
        one = np.uint64(1)
        keys = keys.astype(np.uint64) << one
    else:
        return np.flatnonzero(is_relevant[np.lexsort((is_relevant, keys))])
    keys |= is_relevant
    keys.sort()
    return np.flatnonzero(np.bitwise_and(keys, one).astype(bool))


def _falling_keys(scores):
    """Unsigned numbers that fall as the scores rise, and are equal where these are."""
    unsigned = _UNSIGNED[scores.dtype]
    # Minus zero equals zero, but has other bits.
    bits = (scores + scores.dtype.type(0)).view(unsigned)
    is_negative = bits >> unsigned(8 * bits.itemsize - 1)
    # Bits of negative numbers rise as these fall; those of others are turned round,
    # but for the sign.
    return bits ^ ((is_negative - unsigned(1)) >> unsigned(1))
