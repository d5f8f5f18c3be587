"""Approximate nearest neighbours by cosine: the indexes of faiss under the contract.

They pay off above about 100,000 vectors, where `ExactIndex` begins to be felt.
"""

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Integral, Interval, StrOptions

from itm_sklearn._batching import batch_slices
from itm_sklearn.retrieval._exact_search import NumpyProducts, search_segments
from itm_sklearn.retrieval._faiss_rows import (
    N_CENTRES,
    FaissSegment,
    copy_rows,
    keep_rows,
    make_rows,
    read_rows,
    search_parameters,
    write_rows,
)
from itm_sklearn.retrieval._row_index import RowIndex
from itm_sklearn.retrieval._segment import Segment, unit_vectors

# A graph finds little of what few of its vectors are; these are searched one by one.
_SHARE_OF_FEW = 0.05
# Rows that are added at once.
_ROWS = 1 << 16
# So many own vectors are looked for to measure the recall.
_N_SAMPLES = 200
_N_NEIGHBORS = 10
_COUNT = [Interval(Integral, 1, None, closed="left")]


class FaissIndex(RowIndex):
    """Find vectors that point nearly the way of a query, fast, and miss a few.

    How many are missed is measured when the index is fitted: `recall_`. Removed
    vectors are passed over, and when most are removed the index is made anew of the
    others. Where a condition leaves few vectors, these are searched exhaustively.

    Parameters
    ----------
    kind : {"hnsw", "ivfpq", "flat"}, default="hnsw"
        "hnsw" is a graph of neighbours: the fastest, with all vectors in memory.
        "ivfpq" sorts vectors into lists and keeps `code_size` bytes of each: for
        galleries that would not fit into memory. "flat" is exhaustive.
    n_links : int, default=32
        Links of each vector in the graph (M of HNSW).
    n_build_candidates : int, default=200
        Vectors among which its links are chosen (efConstruction).
    n_candidates : int, default=128
        Vectors of the graph that a search keeps in view (efSearch): more find more
        and take longer.
    n_lists : int, default=None
        Lists of "ivfpq". None takes the square root of the number of vectors.
    n_probes : int, default=16
        Lists that a search looks into.
    code_size : int, default=None
        Bytes that "ivfpq" keeps of a vector; they must divide the number of
        features. None takes the most that is at most an eighth of the features.
    random_state : int, RandomState instance or None, default=None
        Draws the vectors whose neighbours `recall_` is about.

    Attributes
    ----------
    recall_ : float
        Of the ten nearest neighbours of up to 200 vectors given to `fit`, the share
        that is found. Texts may find less among images than images do:
        `measure_recall` says.
    ids_ : ndarray of int64 of shape (n_vectors,)
        The ids of the vectors, rising.
    n_vectors_ : int
        The number of vectors.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.retrieval import FaissIndex
    >>> gallery = np.random.default_rng(0).normal(size=(1000, 16))
    >>> index = FaissIndex().fit(gallery)
    >>> index.kneighbors(gallery[[7]], n_neighbors=1)[1]
    array([[7]])
    >>> index.recall_
    1.0
    """

    _parameter_constraints = {
        "kind": [StrOptions({"hnsw", "ivfpq", "flat"})],
        "n_links": _COUNT,
        "n_build_candidates": _COUNT,
        "n_candidates": _COUNT,
        "n_lists": [*_COUNT, None],
        "n_probes": _COUNT,
        "code_size": [*_COUNT, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        kind="hnsw",
        *,
        n_links=32,
        n_build_candidates=200,
        n_candidates=128,
        n_lists=None,
        n_probes=16,
        code_size=None,
        random_state=None,
    ):
        self.kind = kind
        self.n_links = n_links
        self.n_build_candidates = n_build_candidates
        self.n_candidates = n_candidates
        self.n_lists = n_lists
        self.n_probes = n_probes
        self.code_size = code_size
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, metadata=None):
        """Take a gallery in, in place of what was there.

        Parameters
        ----------
        X : array-like of shape (n_vectors, n_features)
            The vectors; their lengths make no difference.
        y : None
            Ignored.
        metadata : DataFrame or dict of array-like, default=None
            Columns of text, numbers or truth values with a row for each vector, for
            the conditions of `kneighbors`.

        Returns
        -------
        self : FaissIndex
            The index, ready for `kneighbors`.
        """
        return super().fit(X, y, metadata=metadata)

    def measure_recall(self, X, exact, n_neighbors=10):
        """The share of the neighbours of an exact index that this one finds.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Queries, of the kind that will be asked.
        exact : ExactIndex
            Holds the same vectors under the same ids.
        n_neighbors : int, default=10
            How many neighbours are looked for.

        Returns
        -------
        recall : float
            Between 0 and 1.
        """
        truth = exact.kneighbors(X, n_neighbors)[1]
        found = self.kneighbors(X, n_neighbors)[1]
        return _share_of(truth, found)

    def _start(self, vectors, columns):
        self._rows, self._on_disk = self._make_rows(vectors), False
        super()._start(vectors, columns)
        self.recall_ = self._own_recall(vectors)

    def _own_recall(self, vectors):
        draw = check_random_state(self.random_state)
        queries = vectors[np.sort(draw.permutation(len(vectors))[:_N_SAMPLES])]
        n_neighbors = min(_N_NEIGHBORS, len(vectors))
        _, truth = self._search_segment(queries, n_neighbors, None, Segment(vectors))
        return _share_of(truth, self.kneighbors(queries, n_neighbors)[1])

    def _make_rows(self, vectors):
        n_needed = max(N_CENTRES, self.n_lists or 1)
        if self.kind == "ivfpq" and len(vectors) < n_needed:
            raise ValueError(
                f"kind='ivfpq' learns from at least {n_needed} vectors, and "
                f"{len(vectors)} were given. Use ExactIndex, which is as fast there."
            )
        return make_rows(
            self.kind,
            vectors,
            n_links=self.n_links,
            n_build_candidates=self.n_build_candidates,
            n_lists=self.n_lists,
            code_size=self.code_size,
        )

    def _clear_vectors(self):
        self._rows.reset()

    def _append_vectors(self, vectors):
        self._take_into_memory()
        for block in batch_slices(len(vectors), _ROWS):
            self._rows.add(unit_vectors(vectors[block]))

    def _keep_vectors(self, alive):
        self._take_into_memory()
        self._rows = keep_rows(self._rows, alive)

    def _take_into_memory(self):
        """Arrays that lie on disk can't grow: faiss would end the process."""
        if self._on_disk:
            self._rows, self._on_disk = copy_rows(self._rows), False

    def _search_rows(self, queries, n_neighbors, wanted):
        queries = unit_vectors(queries)
        if wanted is not None and wanted.mean() < _SHARE_OF_FEW:
            return self._search_segment(queries, n_neighbors, wanted)
        parameters = search_parameters(
            self.kind, wanted, n_candidates=self.n_candidates, n_probes=self.n_probes
        )
        cosines, rows = self._rows.search(queries, n_neighbors, params=parameters)
        # faiss gives rows of -1, behind the others, where it came across too few.
        short = rows[:, -1] < 0
        if short.any():
            cosines[short], rows[short] = self._search_segment(
                queries[short], n_neighbors, wanted
            )
        return cosines, rows

    def _search_segment(self, queries, n_neighbors, wanted, segment=None):
        """Compare with one vector after the other, by default with those held."""
        return search_segments(
            unit_vectors(queries),
            [segment or FaissSegment(self._rows)],
            n_neighbors,
            wanted,
            NumpyProducts(self.n_features_in_),
        )

    def _write_vectors(self, directory, prefix):
        with directory.open(f"{prefix}vectors.faiss") as file:
            write_rows(self._rows, file)
        return {"recall": self.recall_}

    def _read_vectors(self, directory, prefix, facts, mmap):
        self._rows = read_rows(directory[f"{prefix}vectors.faiss"], mmap=mmap)
        self._on_disk = mmap
        self.recall_ = facts["recall"]


def _share_of(truth, found):
    """The share of the true neighbours that are found, anywhere in their rows."""
    return float((truth[:, :, np.newaxis] == found[:, np.newaxis]).sum() / truth.size)
