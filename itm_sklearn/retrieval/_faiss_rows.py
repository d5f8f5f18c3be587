"""Rows inside an index of faiss: made, searched, read back, thinned out and written.

`_faiss_index.py` puts the contract of all indexes over it.
"""

from functools import cache

import numpy as np

from itm_sklearn._optional import require
from itm_sklearn.retrieval._segment import unit_vectors

# Centres of product quantisation, and vectors to learn a centre from.
N_CENTRES = 256
_LEARNED_FROM = 64


def make_rows(kind, vectors, *, n_links, n_build_candidates, n_lists, code_size):
    """An empty index of faiss, trained on some of the vectors if it learns."""
    faiss = import_faiss()
    n_vectors, n_features = vectors.shape
    n_lists = n_lists or max(1, int(n_vectors**0.5))
    code_size = code_size or _default_code_size(n_features)
    if n_features % code_size and kind == "ivfpq":
        raise ValueError(
            f"code_size={code_size} does not divide the {n_features} features. "
            "Leave it None, or give a divisor."
        )
    recipes = {
        "hnsw": f"HNSW{n_links}",
        # np: without the training for polysemous codes, which nothing here uses.
        "ivfpq": f"IVF{n_lists},PQ{code_size}np",
        "flat": "Flat",
    }
    index = faiss.index_factory(n_features, recipes[kind], faiss.METRIC_INNER_PRODUCT)
    if kind == "hnsw":
        index.hnsw.efConstruction = n_build_candidates
    if kind == "ivfpq":
        # Otherwise faiss writes a warning to the terminal below 39 vectors a centre.
        index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
        index.train(unit_vectors(_thin_out(vectors, n_lists)))
        # By it rows are read back.
        index.make_direct_map()
    return index


def _thin_out(vectors, n_lists):
    """As many vectors, from all over, as faiss would learn from."""
    n_needed = _LEARNED_FROM * max(n_lists, N_CENTRES)
    return vectors[:: max(1, len(vectors) // n_needed)]


def import_faiss():
    """The module faiss, or an error that says how to install it."""
    return require("faiss", extra="search", caller="FaissIndex")


def search_parameters(kind, wanted, *, n_candidates, n_probes):
    """How faiss is to search, and among which rows; None is all."""
    if wanted is None:
        return _search_all(kind, n_candidates, n_probes)
    bits = np.packbits(wanted, bitorder="little")
    selector = import_faiss().IDSelectorBitmap(bits)
    return _make_parameters(kind, n_candidates, n_probes, sel=selector)


def _make_parameters(kind, n_candidates, n_probes, **settings):
    faiss = import_faiss()
    if kind == "hnsw":
        return faiss.SearchParametersHNSW(efSearch=n_candidates, **settings)
    if kind == "ivfpq":
        return faiss.SearchParametersIVF(nprobe=n_probes, **settings)
    return faiss.SearchParameters(**settings)


# Made once for all searches: a query alone is answered in as little time.
_search_all = cache(_make_parameters)


class FaissSegment:
    """What an index of faiss holds, row by row, as `search_segments` reads it."""

    slack = 0.0

    def __init__(self, index):
        self._index = index

    def __len__(self):
        return self._index.ntotal

    def take(self, rows):
        """The vectors of these rows, as far as they are kept."""
        return self._index.reconstruct_batch(np.arange(len(self))[rows])

    def fast(self, rows):
        """The same, and no factors."""
        return self.take(rows), None


def keep_rows(index, wanted):
    """The index of the rows of a mask, which are coded as they were."""
    faiss = import_faiss()
    if not isinstance(index, faiss.IndexIVF):
        vectors = FaissSegment(index).take(np.flatnonzero(wanted))
        index.reset()
        index.add(vectors)
        return index
    lists = [_read_list(index, number) for number in range(index.nlist)]
    index.reset()
    numbers = np.cumsum(wanted) - 1
    for number, (rows, codes) in enumerate(lists):
        kept = wanted[rows]
        rows, codes = numbers[rows[kept]], codes[kept]
        index.invlists.add_entries(
            number, len(rows), faiss.swig_ptr(rows), faiss.swig_ptr(codes)
        )
    index.ntotal = int(np.count_nonzero(wanted))
    # A map that is there is not made anew.
    index.make_direct_map(False)
    index.make_direct_map()
    return index


def _read_list(index, number):
    """Rows and codes of an inverted list."""
    faiss = import_faiss()
    lists, size = index.invlists, index.invlists.list_size(number)
    rows = faiss.rev_swig_ptr(lists.get_ids(number), size).copy()
    codes = faiss.rev_swig_ptr(lists.get_codes(number), size * index.code_size).copy()
    return rows, codes.reshape(size, -1)


def write_rows(index, file):
    """Write an index into an open file."""
    faiss = import_faiss()
    faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))


def read_rows(path, *, mmap):
    """Read an index; its large arrays stay on disk if asked for."""
    faiss = import_faiss()
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mmap else 0)


def copy_rows(index):
    """The same index, all of it in memory."""
    faiss = import_faiss()
    return faiss.deserialize_index(faiss.serialize_index(index))


def _default_code_size(n_features):
    """The largest divisor of the number of features up to an eighth of it."""
    largest = max(1, n_features // 8)
    return next(size for size in range(largest, 0, -1) if n_features % size == 0)
