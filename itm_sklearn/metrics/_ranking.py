"""Ranks of the relevant items, counted in tiles: what every metric is made of.

Nothing is sorted. The rank of a relevant item is the number of scores that reach
its own, and for that the matrix is read once, in tiles that stay in the cache of
the processor, for queries by row and by column at the same time. Scores are
compared in the type they come in, and a relevant item's score is taken from the
same matrix: computed again by another formula it would differ in the last bits,
and with it thousands of ranks.

Whoever makes the scores in blocks can rank them without the whole matrix:
`ranks_from_blocks` walks through any blocks of rows twice, and a `RankCounter`
takes tiles in any order once the scores of the relevant items are known.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils import check_array

from itm_sklearn._batching import batch_slices

# A tile of this size stays in the cache while it is compared.
_TILE_BYTES = 1 << 21
# Queries with more relevant items than this sort their scores instead of
# comparing them with every threshold; that pays in larger tiles only.
_MANY = 24
_SORTING_TILE_BYTES = 1 << 24
# Hits are added up in single bytes.
_LARGEST_BYTE = 255


class RelevantRanks(NamedTuple):
    """Ranks from 1, query after query, and ascending within each.

    `starts` says where each query begins, `n_relevant` how many relevant items it
    has and `n_items` how many items are ranked. If only the first relevant item
    was looked for, `ranks` has one entry a query.
    """

    ranks: np.ndarray
    starts: np.ndarray
    n_relevant: np.ndarray
    n_items: int

    @property
    def first(self):
        """Rank of the best relevant item of each query."""
        return self.ranks[self.starts]


class _Layer(NamedTuple):
    """The n-th best relevant items of the queries that have one."""

    queries: np.ndarray
    thresholds: np.ndarray
    counts: np.ndarray
    places: np.ndarray


class RankCounter:
    """Counts, tile by tile, the scores that reach those of the relevant items.

    Queries are the rows (``axis=0``) or the columns (``axis=1``) of `relevance`, a
    CSR array, and `scores` are the scores of its entries, in their order. Among
    equal scores irrelevant items come first, so that constant scores earn nothing;
    relevant ones follow each other. With ``first_only=True`` only the best relevant
    item of each query is ranked.
    """

    def __init__(self, relevance, scores, *, axis=0, first_only=False):
        self.axis = axis
        self.n_items = relevance.shape[1 - axis]
        scores, self.n_relevant = _group_by_query(relevance, scores, axis)
        _check_all_have_relevant(self.n_relevant, axis)
        starts = np.cumsum(self.n_relevant) - self.n_relevant
        if first_only:
            best = np.maximum.reduceat(scores, starts)
            ties = scores == np.repeat(best, self.n_relevant)
            self.thresholds = best
            self.tied_after = np.add.reduceat(ties, starts, dtype=np.int64) - 1
            self.n_ranked = np.ones_like(self.n_relevant)
            self.starts = np.arange(len(best))
        else:
            self.thresholds = _sort_within_queries(scores, starts, self.n_relevant)
            self.tied_after = _count_ties_after(self.thresholds, starts)
            self.n_ranked = self.n_relevant
            self.starts = starts
        self.counts = np.zeros(len(self.thresholds), dtype=np.int64)
        self._many = np.flatnonzero(self.n_ranked > _MANY)
        self._layers = list(self._split_into_layers())

    def _split_into_layers(self):
        """For each n, what is counted for the queries with an n-th relevant item."""
        queries = np.repeat(np.arange(len(self.n_ranked)), self.n_ranked)
        few = self.n_ranked[queries] <= _MANY
        nth = np.arange(len(queries)) - self.starts[queries]
        for n in range(self.n_ranked[self.n_ranked <= _MANY].max(initial=0)):
            places = np.flatnonzero(few & (nth == n))
            counts = np.zeros(len(places), dtype=np.int64)
            yield _Layer(queries[places], self.thresholds[places], counts, places)

    @property
    def tile_bytes(self):
        """How large a tile is counted the fastest."""
        return _SORTING_TILE_BYTES if len(self._many) else _TILE_BYTES

    def add(self, tile, first_row=0, first_column=0):
        """Count a tile of scores; its first row and column are those given."""
        first = (first_row, first_column)[self.axis]
        last = first + tile.shape[self.axis]
        for layer in self._layers:
            part = slice(*layer.queries.searchsorted((first, last)))
            queries, thresholds = layer.queries[part], layer.thresholds[part]
            if not len(queries):
                continue
            # Usually every query of the tile takes part: no copy.
            if len(queries) < last - first:
                asked = np.take(tile, queries - first, axis=self.axis)
            else:
                asked = tile
            thresholds = thresholds if self.axis else thresholds[:, np.newaxis]
            layer.counts[part] += _count_hits(asked >= thresholds, self.axis)
        self._add_many(tile, first, last)

    def _add_many(self, tile, first, last):
        """The same for queries with many relevant items, by one sort for all."""
        queries = self._many[slice(*np.searchsorted(self._many, (first, last)))]
        if not len(queries):
            return
        lanes = np.moveaxis(np.take(tile, queries - first, self.axis), self.axis, 0)
        for query, lane in zip(queries, np.sort(lanes, axis=1), strict=True):
            start = self.starts[query]
            places = slice(start, start + self.n_relevant[query])
            # Ascending keys are found faster, one after the other.
            below = np.searchsorted(lane, self.thresholds[places][::-1], side="left")
            self.counts[places] += len(lane) - below[::-1]

    def ranks(self):
        """The ranks, once every tile has been added."""
        for layer in self._layers:
            self.counts[layer.places] = layer.counts
        # Of n equally good relevant items the first is not behind the other n - 1.
        ranks = self.counts - self.tied_after
        return RelevantRanks(ranks, self.starts, self.n_relevant, self.n_items)


def _count_hits(hits, axis):
    if axis == 0:
        return [np.count_nonzero(row) for row in hits]
    counts = np.zeros(hits.shape[1], dtype=np.int64)
    for rows in batch_slices(len(hits), _LARGEST_BYTE):
        counts += np.add.reduce(hits.view(np.uint8)[rows], axis=0, dtype=np.uint8)
    return counts


def _group_by_query(relevance, scores, axis):
    """The scores of each query's relevant items together, and how many they are."""
    if axis == 0:
        return scores, np.diff(relevance.indptr)
    places = np.arange(len(scores))
    by_column = sparse.csr_array(
        (places, relevance.indices, relevance.indptr), shape=relevance.shape
    ).tocsc()
    return scores[by_column.data], np.diff(by_column.indptr)


def _sort_within_queries(scores, starts, n_relevant):
    """The scores of each query in descending order."""
    queries = np.repeat(np.arange(len(starts)), n_relevant)
    few = np.flatnonzero((n_relevant <= _MANY)[queries])
    order = np.lexsort((scores[few], -queries[few]))[::-1]
    ordered = scores.copy()
    ordered[few] = scores[few][order]
    for query in np.flatnonzero(n_relevant > _MANY):
        # Sorting the reversed view in place leaves the largest first.
        ordered[starts[query] : starts[query] + n_relevant[query]][::-1].sort()
    return ordered


def _count_ties_after(scores, starts):
    """How many relevant items of the same query and score follow each."""
    is_break = np.append(scores[1:] != scores[:-1], True)
    is_break[starts[1:] - 1] = True
    last = np.flatnonzero(is_break)
    places = np.arange(len(scores))
    return last[np.searchsorted(last, places)] - places


def _check_all_have_relevant(n_relevant, axis):
    without = np.flatnonzero(n_relevant == 0)
    if len(without):
        name = ("row", "column")[axis]
        raise ValueError(
            f"{len(without)} of {len(n_relevant)} queries have no relevant item, the "
            f"first in {name} {without[0]}. Leave such queries out, or complete the "
            "relevance."
        )


def ranks_from_blocks(blocks, relevance, *, axes=(0,), first_only=False):
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
    counters = [
        RankCounter(relevance, scores, axis=axis, first_only=first_only)
        for axis in axes
    ]
    tile_bytes = max(counter.tile_bytes for counter in counters)
    for rows, block in blocks:
        for row, column, tile in _tiles(block, tile_bytes):
            _refuse_nan(tile)
            for counter in counters:
                counter.add(tile, rows.start + row, column)
    return [counter.ranks() for counter in counters]


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


def _refuse_nan(tile):
    # The maximum of anything with NaN is NaN, and takes a single cheap pass.
    if tile.dtype.kind == "f" and np.isnan(tile.max()):
        raise ValueError(
            "The scores contain NaN, which has no rank. Look for embeddings that are "
            "NaN or of length 0, or give such items the score -inf."
        )


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


def rank_relevant(y_true, y_score, *, axes=(0,), first_only=False):
    """`RelevantRanks` along each axis of a matrix: 0 for row queries, 1 for columns."""
    relevance, y_score = check_relevance(y_true, y_score)
    # Tiles are read along the memory, whichever way the matrix lies.
    if abs(y_score.strides[0]) < abs(y_score.strides[1]):
        relevance, y_score = relevance.T.tocsr(), y_score.T
        axes = [1 - axis for axis in axes]
    blocks = [(slice(0, len(y_score)), y_score)]
    return ranks_from_blocks(blocks, relevance, axes=axes, first_only=first_only)
