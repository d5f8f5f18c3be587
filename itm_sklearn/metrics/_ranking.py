"""Ranks of the relevant items, counted in tiles: what every metric is made of.

Nothing is sorted, unless queries have many relevant items: then `_sorted_ranks.py`
ranks whole rows. The rank of a relevant item is the number of scores that reach
its own, and for that the matrix is read once, in tiles that stay in the cache of
the processor, for queries by row and by column at the same time. Scores are
compared in the type they come in, and a relevant item's score is taken from the
same matrix: computed again by another formula it would differ in the last bits,
and with it thousands of ranks.

Whoever makes the scores in blocks can rank them without the whole matrix:
`ranks_from_blocks` walks through any blocks of rows twice, and a `RankCounter`
takes tiles in any order once the scores of the relevant items are known.
"""

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils import check_array

from itm_sklearn.metrics._rank_counter import RankCounter, refuse_nan
from itm_sklearn.metrics._sorted_ranks import pays_off, rank_by_sorting


def ranks_from_blocks(
    blocks, relevance, *, axes=(0,), first_only=False, best_case=False
):
    """`RelevantRanks` along each axis, from scores that come in blocks of rows.

    `blocks` are pairs ``(rows, scores)``, a slice and the scores of all items for
    those queries, in order. They are walked through twice, so that a generator
    must be wrapped in an object that starts it anew.
    """
    if iter(blocks) is blocks:
        raise TypeError(
            f"blocks is a {type(blocks).__name__}, which can be walked through once "
            "only. Pass a list, or an object whose __iter__ starts anew."
        )
    scores = np.concatenate(list(_take_relevant(blocks, relevance)))
    modes = {"first_only": first_only, "best_case": best_case}
    counters = [RankCounter(relevance, scores, axis=axis, **modes) for axis in axes]
    for rows, block in blocks:
        count_block(block, counters, rows.start)
    return [counter.ranks() for counter in counters]


def count_block(block, counters, first_row=0, first_column=0, *, are_finite=False):
    """Add a block of scores to all counters, in tiles of the size they like."""
    tile_bytes = max(counter.tile_bytes for counter in counters)
    for row, column, tile in _tiles(block, tile_bytes):
        if not are_finite:
            refuse_nan(tile)
        for counter in counters:
            counter.add(tile, first_row + row, first_column + column)


def _take_relevant(blocks, relevance):
    """Scores of the entries of the relevance, in their order."""
    n_rows = 0
    for rows, block in blocks:
        if rows.start != n_rows or block.shape != (
            rows.stop - rows.start,
            relevance.shape[1],
        ):
            raise ValueError(
                f"A block of shape {block.shape} came for the rows {rows.start} to "
                f"{rows.stop} after {n_rows} rows. Blocks must follow each other and "
                f"have a column for each of the {relevance.shape[1]} items."
            )
        n_rows = rows.stop
        indptr = relevance.indptr[rows.start : rows.stop + 1]
        inside = np.repeat(np.arange(len(block)), np.diff(indptr))
        yield block[inside, relevance.indices[indptr[0] : indptr[-1]]]
    if n_rows != relevance.shape[0]:
        raise ValueError(
            f"The blocks hold {n_rows} of {relevance.shape[0]} rows. Give all rows."
        )


def _tiles(block, tile_bytes):
    """Pieces of the block with their places, under sklearn's working_memory."""
    budget = min(tile_bytes, get_config()["working_memory"] * 2**20)
    n_scores = max(1, int(budget // block.itemsize))
    width = min(block.shape[1], n_scores)
    height = max(1, n_scores // width)
    for row in range(0, block.shape[0], height):
        for column in range(0, block.shape[1], width):
            yield row, column, block[row : row + height, column : column + width]


def check_relevance(y_true, y_score):
    """The relevance as a clean CSR array, and the scores as an array."""
    y_score = check_array(y_score, ensure_all_finite=False, input_name="y_score")
    y_true = check_array(y_true, accept_sparse=True, dtype=None, input_name="y_true")
    if y_true.shape != y_score.shape:
        raise ValueError(
            f"y_true has the shape {y_true.shape} and y_score {y_score.shape}. Both "
            "need a row for each query and a column for each item; a similarity "
            "matrix has a row for each text and a column for each image."
        )
    # A copy, because cleaning up must not touch what the caller holds.
    relevance = sparse.csr_array(y_true, copy=True).astype(bool)
    relevance.sum_duplicates()
    relevance.eliminate_zeros()
    return relevance, y_score


def rank_relevant(y_true, y_score, *, axes=(0,), first_only=False, best_case=False):
    """`RelevantRanks` along each axis of a matrix: 0 for row queries, 1 for columns.

    Of two matrices in one array the first is for rows and the second for columns.
    """
    modes = {"first_only": first_only, "best_case": best_case}
    if np.ndim(y_score) == 3:
        return [rank_relevant(y_true, y_score[a], axes=(a,), **modes)[0] for a in axes]
    relevance, y_score = check_relevance(y_true, y_score)
    if not (first_only or best_case) and pays_off(relevance, y_score, axes):
        return [rank_by_sorting(relevance, y_score, axis) for axis in axes]
    # Tiles are read along the memory, whichever way the matrix lies.
    if abs(y_score.strides[0]) < abs(y_score.strides[1]):
        relevance, y_score = relevance.T.tocsr(), y_score.T
        axes = [1 - axis for axis in axes]
    blocks = [(slice(0, len(y_score)), y_score)]
    return ranks_from_blocks(blocks, relevance, axes=axes, **modes)
