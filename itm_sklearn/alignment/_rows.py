"""Which rows of two views belong together, a block at a time.

`_moments.py` sums over pairs without ever repeating an image: an image with `c` texts
counts as one row times the square root of `c`, and it meets the sum of its texts.
"""

from dataclasses import dataclass

import numpy as np

from itm_sklearn._batching import batch_slices

__all__ = ["Block", "PairRows", "dense_rows", "sum_rows"]


@dataclass(frozen=True)
class Block:
    """Rows of some images and of all their texts, in the order of the images."""

    images: slice | np.ndarray
    texts: slice | np.ndarray
    # Where the texts of each image begin in the block, and the roots of how many
    # there are; None for one text an image.
    starts: np.ndarray | None = None
    root_counts: np.ndarray | None = None

    def weigh(self, images):
        """The images, times the roots of their numbers of texts."""
        return images if self.starts is None else images * self._column(images.dtype)

    def join(self, texts):
        """Rows to multiply weighted images with, for sums over all pairs."""
        if self.starts is None:
            return texts
        return np.add.reduceat(texts, self.starts, axis=0) / self._column(texts.dtype)

    def sum_images(self, weighted_images):
        """Sum of the images over the pairs."""
        if self.root_counts is None:
            return sum_rows(weighted_images)
        return self._column(weighted_images.dtype)[:, 0] @ weighted_images

    def _column(self, dtype):
        return self.root_counts.astype(dtype)[:, np.newaxis]


class PairRows:
    """The rows of both views, grouped by image."""

    def __init__(self, n_images, n_texts, image_index=None):
        self.n_images = n_images
        self.n_pairs = n_texts
        if image_index is None or np.array_equal(image_index, np.arange(n_images)):
            self._order = None
            return
        self._order = np.argsort(image_index, kind="stable")
        self._images, self._counts = np.unique(image_index, return_counts=True)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)])

    def blocks(self, n_rows):
        """Blocks of about `n_rows` texts each that cover all pairs."""
        if self._order is None:
            for rows in batch_slices(self.n_pairs, n_rows):
                yield Block(rows, rows)
            return
        n_used = len(self._images)
        for group in batch_slices(n_used, max(1, n_rows * n_used // self.n_pairs)):
            starts = self._starts[group.start : group.stop + 1]
            yield Block(
                self._images[group],
                self._order[starts[0] : starts[-1]],
                starts[:-1] - starts[0],
                np.sqrt(self._counts[group]),
            )


def dense_rows(view, rows):
    """Some rows of a view as an array, whether it is sparse or not."""
    chosen = view[rows]
    return chosen.toarray() if hasattr(chosen, "toarray") else chosen


def sum_rows(rows):
    """The sum of the rows of an array, as a product: that is the faster way."""
    return np.ones(len(rows), rows.dtype) @ rows
