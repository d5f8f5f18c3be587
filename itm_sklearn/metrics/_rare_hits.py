"""Scores that reach those of relevant items, looked up once for several counters.

In a good ranking few items stand before the relevant ones. Then it is cheaper to find
those few in a tile once, and to compare only them with every threshold.
"""

import numpy as np

# One of so many scores may be a hit; beyond that whole tiles are compared.
_ONE_OF = 32


class HitCounter:
    """Feeds counters of one axis with tiles, or with the few scores that matter.

    Parameters
    ----------
    counters : list of RankCounter
        Of the same queries, along the same axis. The first one ranks the best
        relevant items or all, the others only the best.

    Examples
    --------
    >>> from scipy import sparse
    >>> from itm_sklearn.metrics._rank_counter import RankCounter
    >>> counter = RankCounter(sparse.csr_array(np.eye(2)), np.array([0.5, 0.9]))
    >>> HitCounter([counter]).add(np.array([[0.5, 0.7], [0.1, 0.9]]))
    >>> counter.ranks().ranks
    array([2, 1])
    """

    def __init__(self, counters):
        self.counters, self.axis = counters, counters[0].axis
        self._lowest = counters[0].lowest
        self._are_rare = not any(counter.sorts for counter in counters)

    @property
    def tile_bytes(self):
        """How large a tile is counted the fastest."""
        return max(counter.tile_bytes for counter in self.counters)

    def add(self, tile, first_row=0, first_column=0):
        """Count a tile of scores; its first row and column are those given."""
        if self._are_rare:
            self._add_hits(tile, (first_row, first_column)[self.axis])
            return
        for counter in self.counters:
            counter.add(tile, first_row, first_column)

    def _add_hits(self, tile, first):
        lowest = self._lowest[first : first + tile.shape[self.axis]]
        hits = tile >= (lowest if self.axis else lowest[:, np.newaxis])
        places = np.flatnonzero(hits)
        # One tile with many foretells others: no second look.
        self._are_rare = len(places) * _ONE_OF <= tile.size
        rows = places // tile.shape[1]
        columns = places - rows * tile.shape[1]
        found = (rows, columns)[self.axis], tile[rows, columns]
        for counter in self.counters:
            found = counter.add_hits(*found, first, first + len(lowest))
