"""Exact nearest neighbours by cosine, in blocks of bounded memory.

Up to about 100,000 vectors this is faster than building any approximate index. What
users call, `kneighbors`, is that of all indexes in `_vector_index.py`; the search
itself is in `_exact_search.py`.
"""

from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions

from itm_sklearn.retrieval._exact_search import NumpyProducts, search_segments
from itm_sklearn.retrieval._row_index import RowIndex
from itm_sklearn.retrieval._segment import Segment, join, unit_vectors

# Segments are joined up to so many bytes: adding vectors one by one leaves few
# segments, and no large one is ever copied.
_JOIN_BYTES = 1 << 26


class ExactIndex(RowIndex):
    """Find the vectors that point most nearly the way of a query.

    Without `where`, `sklearn.neighbors.NearestNeighbors` with ``metric="cosine"``
    gives the same neighbours. Here cosines are worked out block by block, and of
    each block only those are looked at that can beat the worst neighbour found so
    far, so no matrix of all cosines is ever held.

    A gallery larger than memory is given as a `numpy.memmap`, and stays on disk.

    Parameters
    ----------
    storage : {"float32", "float16", "int8"}, default="float32"
        What is kept of each number. The neighbours are exact for what is kept:
        float16 moves a vector by less than a thousandth of its length, int8 by about
        a hundredth. Of a gallery on disk the small numbers are kept in memory, and
        what they leave open is looked up on disk: then the neighbours are those of
        the gallery as it was.
    product : {"float32", "bfloat16"}, default="float32"
        How cosines are worked out at first; "bfloat16" needs torch, and is about
        twice as fast where the processor has it. All vectors that can be neighbours
        are then compared in float32, so that the neighbours are the same.
    device : str, default=None
        Where torch works out the products, such as "cuda". None is the processor.

    Attributes
    ----------
    ids_ : ndarray of int64 of shape (n_vectors,)
        The ids of the vectors, rising.
    n_vectors_ : int
        The number of vectors.

    Examples
    --------
    >>> from itm_sklearn.retrieval import ExactIndex
    >>> gallery = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> index = ExactIndex().fit(gallery, metadata={"label": ["dog", "cat", "dog"]})
    >>> distances, ids = index.kneighbors([[0.0, 2.0]], n_neighbors=2)
    >>> ids
    array([[1, 2]])
    >>> distances.round(2)
    array([[0.  , 0.29]], dtype=float32)
    >>> index.kneighbors([[0.0, 2.0]], n_neighbors=1, where="label == 'dog'")[1]
    array([[2]])
    >>> index.remove([1])
    >>> index.add([[0.0, 3.0]], metadata={"label": ["cat"]})
    array([3])
    """

    _parameter_constraints = {
        "storage": [StrOptions({"float32", "float16", "int8"})],
        "product": [StrOptions({"float32", "bfloat16"})],
        "device": [str, None],
    }

    def __init__(self, *, storage="float32", product="float32", device=None):
        self.storage = storage
        self.product = product
        self.device = device

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, metadata=None):
        """Take a gallery in, in place of what was there.

        Parameters
        ----------
        X : array-like of shape (n_vectors, n_features)
            The vectors; their lengths make no difference. A `numpy.memmap` of
            float32 or float16 stays where it is.
        y : None
            Ignored.
        metadata : DataFrame or dict of array-like, default=None
            Columns of text, numbers or truth values with a row for each vector, for
            the conditions of `kneighbors`.

        Returns
        -------
        self : ExactIndex
            The index, ready for `kneighbors`.
        """
        return super().fit(X, y, metadata=metadata)

    def _clear_vectors(self):
        self._segments = []

    def _append_vectors(self, vectors):
        self._segments.append(Segment.pack(vectors, self.storage))
        while len(self._segments) > 1 and _fit_together(*self._segments[-2:]):
            self._segments[-2:] = [join(self._segments[-2:])]

    def _keep_vectors(self, alive):
        kept, start = [], 0
        for segment in self._segments:
            wanted = alive[start : start + len(segment)]
            start += len(segment)
            if wanted.all():
                kept.append(segment)
            elif wanted.any():
                kept.append(segment.keep(wanted))
        self._segments = kept

    def _search_rows(self, queries, n_neighbors, wanted):
        return search_segments(
            unit_vectors(queries),
            self._segments,
            n_neighbors,
            wanted,
            self._products(),
        )

    def _products(self):
        if self.device is None and self.product == "float32":
            return NumpyProducts(self.n_features_in_)
        from itm_sklearn._torch._products import TorchProducts

        return TorchProducts(self.n_features_in_, self.product, self.device or "cpu")

    def _write_vectors(self, directory, prefix):
        names = []
        for number, segment in enumerate(self._segments):
            names.append(segment.write(directory, f"{prefix}vectors-{number}"))
        return {"segments": names}

    def _read_vectors(self, directory, prefix, facts, mmap):
        self._segments = [
            Segment.read(directory, name, mmap=mmap) for name in facts["segments"]
        ]


def _fit_together(large, small):
    """Whether two segments are so alike in size that joining them pays."""
    if large.on_disk or small.on_disk or len(large) > 2 * len(small):
        return False
    return large.stored.nbytes + small.stored.nbytes <= _JOIN_BYTES
