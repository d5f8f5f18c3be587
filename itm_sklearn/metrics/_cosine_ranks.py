"""Ranks by cosine similarity, of which the whole matrix is never held.

The products are worked out block by block, and each block is counted while it is
in the cache. Blocks have a multiple of `_GRAIN` rows and columns, filled up with
zeros: matrix products treat the ragged edge of a block by other instructions, which
round differently, so that equal vectors would get unequal scores there and a model
that sends everything to one point could look good.
"""

import numpy as np
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import row_norms

from itm_sklearn._batching import batch_slices
from itm_sklearn._views import check_vectors
from itm_sklearn.metrics._rank_counter import RankCounter
from itm_sklearn.metrics._ranking import count_block
from itm_sklearn.metrics._rare_hits import HitCounter

_GRAIN = 64
# A block holds at most so many columns, and so many bytes of scores.
_WIDTH = 1 << 14
_BLOCK_BYTES = 1 << 24
# Texts whose relevant images are multiplied together: with few of them there are few.
_TAKEN = 256


def rank_cosines(texts, images, relevance, *, axes=(0, 1), first_only=False):
    """Ranks as by `rank_relevant`, and the best case of the first relevant items.

    `relevance` is a CSR array of shape (n_texts, n_images). It goes the faster the
    nearer together the relevant images of neighbouring texts are: sort texts by
    image. Returns two lists of `RelevantRanks`, with one for each axis.
    """
    products = _Products(texts, images)
    scores = np.concatenate(list(products.take(relevance)))
    counters = [
        RankCounter(relevance, scores, axis=axis, **modes)
        for modes in (
            {"first_only": first_only},
            {"first_only": True, "best_case": True},
        )
        for axis in axes
    ]
    # The same axis of both modes: what reaches no relevant score is left out of both.
    by_axis = [HitCounter(counters[place :: len(axes)]) for place in range(len(axes))]
    for rows, first_column, block in products:
        _put_relevant(block, relevance, scores, rows, first_column)
        count_block(block, by_axis, rows.start, first_column, are_finite=True)
    ranks = [counter.ranks() for counter in counters]
    return ranks[: len(axes)], ranks[len(axes) :]


class _Products:
    """Cosines of all texts and images, block by block."""

    def __init__(self, texts, images):
        texts = check_vectors(texts, "texts")
        images = check_vectors(images, "images")
        dtype = np.result_type(texts, images)
        lengths = row_norms(texts)
        self._scale = 1 / np.where(lengths > 0, lengths, 1)[:, np.newaxis]
        self.texts, self.n_images = texts, len(images)
        self.images = _fill_up(normalize(images).astype(dtype, copy=False))
        width = min(len(self.images), _WIDTH)
        height = _BLOCK_BYTES // (width * dtype.itemsize)
        self._height = max(_GRAIN, height // _GRAIN * _GRAIN)
        self._buffer = np.empty(self._height * width, dtype)

    def _row_blocks(self, height):
        """Slices of texts, with their vectors of length one."""
        for rows in batch_slices(len(self.texts), height):
            texts = self.texts[rows] * self._scale[rows]
            yield rows, _fill_up(texts.astype(self._buffer.dtype, copy=False))

    def _multiply(self, texts, images):
        block = self._buffer[: len(texts) * len(images)]
        return np.matmul(texts, images.T, out=block.reshape(len(texts), -1))

    def __iter__(self):
        """Walk through all rows, first column and scores of blocks."""
        for rows, texts in self._row_blocks(self._height):
            for columns in batch_slices(len(self.images), _WIDTH):
                block = self._multiply(texts, self.images[columns])
                n_columns = min(columns.stop, self.n_images) - columns.start
                yield rows, columns.start, block[: rows.stop - rows.start, :n_columns]

    def take(self, relevance):
        """Scores of the entries of the relevance, in their order."""
        for rows, texts in self._row_blocks(min(self._height, _TAKEN)):
            inside, columns = _entries(relevance, rows)
            needed, place = np.unique(columns, return_inverse=True)
            scores = np.empty(len(columns), self._buffer.dtype)
            for part in batch_slices(len(needed), _WIDTH):
                block = self._multiply(texts, _fill_up(self.images[needed[part]]))
                here = (place >= part.start) & (place < part.stop)
                scores[here] = block[inside[here], place[here] - part.start]
            yield scores


def _fill_up(vectors):
    """The vectors, and vectors of zeros up to the next multiple of the grain."""
    n_missing = -len(vectors) % _GRAIN
    return np.pad(vectors, ((0, n_missing), (0, 0))) if n_missing else vectors


def _entries(relevance, rows):
    """Row within the block and column of each entry of the relevance."""
    indptr = relevance.indptr[rows.start : rows.stop + 1]
    inside = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    return inside, relevance.indices[indptr[0] : indptr[-1]]


def _put_relevant(block, relevance, scores, rows, first_column):
    """See to it that relevant items meet the very scores they were taken at."""
    inside, columns = _entries(relevance, rows)
    scores = scores[relevance.indptr[rows.start] : relevance.indptr[rows.stop]]
    places = columns - first_column
    here = (places >= 0) & (places < block.shape[1])
    block[inside[here], places[here]] = scores[here]
