"""A counter of ranks: fed with tiles of scores, in any order.

`_ranking.py` feeds it from a matrix or from blocks of rows, and `_cosine_ranks.py`
from products of vectors that are never held all at once.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from itm_sklearn._batching import batch_slices

# A tile of this size stays in the cache while it is compared.
_TILE_BYTES = 1 << 21
# Queries with more relevant items than this sort their scores instead of
# comparing them with every threshold; that pays in larger tiles only.
MANY = 24
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
    item of each query is ranked, and with ``best_case=True`` also before all that it
    ties with: where that makes a difference, a tie decides.
    """

    def __init__(self, relevance, scores, *, axis=0, first_only=False, best_case=False):
        self.axis = axis
        self.n_items = relevance.shape[1 - axis]
        scores, self.n_relevant = _group_by_query(relevance, scores, axis)
        check_all_have_relevant(self.n_relevant, axis)
        starts = np.cumsum(self.n_relevant) - self.n_relevant
        if first_only:
            self._rank_best(scores, starts, best_case)
        else:
            self.thresholds = _sort_within_queries(scores, starts, self.n_relevant)
            self.tied_after = _count_ties_after(self.thresholds, starts)
            self.n_ranked = self.n_relevant
            self.starts = starts
        self.counts = np.zeros(len(self.thresholds), dtype=np.int64)
        self._many = np.flatnonzero(self.n_ranked > MANY)
        self._layers = list(self._split_into_layers())

    def _rank_best(self, scores, starts, best_case):
        best = np.maximum.reduceat(scores, starts)
        self.n_ranked = np.ones_like(self.n_relevant)
        self.starts = np.arange(len(best))
        if best_case:
            # To be above a number is to reach the next one.
            self.thresholds = np.nextafter(best, np.inf)
            self.tied_after = np.full(len(best), -1)
        else:
            ties = scores == np.repeat(best, self.n_relevant)
            self.thresholds = best
            self.tied_after = np.add.reduceat(ties, starts, dtype=np.int64) - 1

    def _split_into_layers(self):
        """For each n, what is counted for the queries with an n-th relevant item."""
        queries = np.repeat(np.arange(len(self.n_ranked)), self.n_ranked)
        few = self.n_ranked[queries] <= MANY
        nth = np.arange(len(queries)) - self.starts[queries]
        for n in range(self.n_ranked[self.n_ranked <= MANY].max(initial=0)):
            places = np.flatnonzero(few & (nth == n))
            counts = np.zeros(len(places), dtype=np.int64)
            yield _Layer(queries[places], self.thresholds[places], counts, places)

    @property
    def lowest(self):
        """The lowest score of each query that is ranked: below it nothing counts."""
        return self.thresholds[self.starts + self.n_ranked - 1]

    @property
    def sorts(self):
        """Whether some queries have so many relevant items that scores are sorted."""
        return bool(len(self._many))

    @property
    def tile_bytes(self):
        """How large a tile is counted the fastest."""
        return _SORTING_TILE_BYTES if self.sorts else _TILE_BYTES

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

    def add_hits(self, queries, values, first, last):
        """Count scores of a tile that holds the queries from first to last.

        Scores below `lowest` may be left out. Queries are numbered from `first`, and
        none of them may have many relevant items. Returns what reaches the best
        relevant item.
        """
        # What does not reach the lowest threshold of a query reaches no other.
        for layer in reversed(self._layers):
            part = slice(*layer.queries.searchsorted((first, last)))
            thresholds = np.full(last - first, -np.inf, layer.thresholds.dtype)
            asked = layer.queries[part] - first
            thresholds[asked] = layer.thresholds[part]
            reached = np.flatnonzero(values >= thresholds[queries])
            queries, values = queries[reached], values[reached]
            layer.counts[part] += np.bincount(queries, minlength=last - first)[asked]
        return queries, values

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
    few = np.flatnonzero((n_relevant <= MANY)[queries])
    order = np.lexsort((scores[few], -queries[few]))[::-1]
    ordered = scores.copy()
    ordered[few] = scores[few][order]
    for query in np.flatnonzero(n_relevant > MANY):
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


def refuse_nan(scores):
    """Stop if a score is NaN."""
    # The maximum of anything with NaN is NaN, and takes a single cheap pass.
    if scores.dtype.kind == "f" and np.isnan(scores.max()):
        raise ValueError(
            "The scores contain NaN, which has no rank. Look for embeddings that are "
            "NaN or of length 0, or give such items the score -inf."
        )


def check_all_have_relevant(n_relevant, axis):
    """Stop if a query has nothing that could be found."""
    without = np.flatnonzero(n_relevant == 0)
    if len(without):
        name = ("row", "column")[axis]
        raise ValueError(
            f"{len(without)} of {len(n_relevant)} queries have no relevant item, the "
            f"first in {name} {without[0]}. Leave such queries out, or complete the "
            "relevance."
        )
