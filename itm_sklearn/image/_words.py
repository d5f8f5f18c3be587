"""Visual words: find the nearest ones fast, and learn them by k-means.

One code path serves floats and bits: between vectors of 0 and 1 the squared
Euclidean distance is the Hamming distance, and the majority vote on bits is the
mean rounded. `BagOfVisualWords` and `VLAD` are built on it.
"""

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

# Scores in one block; they stay in the cache between the product and the argmax.
_BLOCK_SIZE = 2**19
# k-means++ draws from so many candidates a word; more cost time and gain nothing.
_CANDIDATES = 10
# A smaller relative gain ends k-means.
_TOLERANCE = 1e-4


class WordFinder:
    """Nearest words of many descriptors, as one matrix product in blocks.

    A word is nearest where ``x @ word - |word|² / 2`` is largest. The second term
    is one more column of the product, so that nothing but the argmax is left.

    Parameters
    ----------
    words : ndarray of shape (n_words, descriptor_size)
        Floats, or bytes that hold bits.

    Examples
    --------
    >>> finder = WordFinder(np.array([[0.0, 0.0], [4.0, 0.0]], dtype=np.float32))
    >>> finder.labels(np.array([[1.0, 0.0], [3.0, 1.0]], dtype=np.float32))
    array([0, 1])
    >>> finder.nearest(np.array([[1.0, 0.0]], dtype=np.float32), 2)[1]
    array([[1., 9.]], dtype=float32)
    """

    def __init__(self, words):
        points = as_points(words)
        # Rounding errors grow with the distance from the origin; bits are exact.
        bits = words.dtype == np.uint8
        self._centre = points.mean(axis=0) * np.float32(not bits)
        points = points - self._centre
        squares = np.einsum("ij,ij->i", points, points)
        self._matrix = np.column_stack([points, -squares / 2]).T.copy()

    def labels(self, descriptors):
        """Number of the nearest word of each descriptor; the first if several are.

        Parameters
        ----------
        descriptors : ndarray of shape (n_keypoints, descriptor_size)
            Of the kind that the words are of.

        Returns
        -------
        labels : ndarray of int of shape (n_keypoints,)
            From 0 to n_words - 1.
        """
        labels = np.empty(len(descriptors), dtype=np.intp)
        for rows, _, scores in self._blocks(descriptors):
            scores.argmax(axis=1, out=labels[rows])
        return labels

    def nearest(self, descriptors, n_nearest=1):
        """The nearest words and how far they are.

        Parameters
        ----------
        descriptors : ndarray of shape (n_keypoints, descriptor_size)
            Of the kind that the words are of.
        n_nearest : int, default=1
            How many words for each descriptor.

        Returns
        -------
        labels : ndarray of int of shape (n_keypoints, n_nearest)
            The nearest first.
        distances : ndarray of float32 of shape (n_keypoints, n_nearest)
            Squared Euclidean, or Hamming.
        """
        shape = (len(descriptors), n_nearest)
        labels = np.empty(shape, dtype=np.intp)
        distances = np.empty(shape, dtype=np.float32)
        for rows, points, scores in self._blocks(descriptors):
            own = np.einsum("ij,ij->i", points[:, :-1], points[:, :-1])
            # A few passes of argmax are faster than a partition.
            for place in range(n_nearest):
                best = scores.argmax(axis=1)[:, None]
                found = np.take_along_axis(scores, best, axis=1)[:, 0]
                labels[rows, place] = best[:, 0]
                distances[rows, place] = np.maximum(own - 2 * found, 0)
                np.put_along_axis(scores, best, -np.inf, axis=1)
        return labels, distances

    def _blocks(self, descriptors):
        """Slices of rows, their points, and scores that may be overwritten."""
        size, n_words = self._matrix.shape
        height = min(max(16, _BLOCK_SIZE // n_words), max(1, len(descriptors)))
        points = np.ones((height, size), dtype=np.float32)
        scores = np.empty((height, n_words), dtype=np.float32)
        for start in range(0, len(descriptors), height):
            rows = slice(start, min(start + height, len(descriptors)))
            count = rows.stop - start
            block = as_points(descriptors[rows])
            np.subtract(block, self._centre, out=points[:count, :-1])
            np.matmul(points[:count], self._matrix, out=scores[:count])
            yield rows, points[:count], scores[:count]


def as_points(descriptors):
    """Descriptors as float32: bytes become their bits.

    Examples
    --------
    >>> as_points(np.array([[5]], dtype=np.uint8))
    array([[0., 0., 0., 0., 0., 1., 0., 1.]], dtype=float32)
    """
    if descriptors.dtype == np.uint8:
        descriptors = np.unpackbits(descriptors, axis=1)
    return descriptors.astype(np.float32, copy=False)


def learn_words(descriptors, n_words, *, max_iter, random_state):
    """Words by k-means, begun with k-means++ on a part of the descriptors.

    Parameters
    ----------
    descriptors : ndarray of shape (n_keypoints, descriptor_size)
        At least as many as words. Bytes are taken as bits: their words are bits
        too, by majority vote.
    n_words : int
        How many words.
    max_iter : int
        Rounds of Lloyd's algorithm at most.
    random_state : int, RandomState or None
        For the beginning.

    Returns
    -------
    words : ndarray of shape (n_words, descriptor_size)
        Of the dtype of the descriptors.

    Examples
    --------
    >>> four = np.array([[0.0], [1.0], [10.0], [11.0]], dtype=np.float32)
    >>> np.sort(learn_words(four, 2, max_iter=10, random_state=0), axis=0)
    array([[ 0.5],
           [10.5]], dtype=float32)
    """
    random = check_random_state(random_state)
    n_candidates = min(len(descriptors), _CANDIDATES * n_words)
    candidates = random.choice(len(descriptors), n_candidates, replace=False)
    words = _spread(descriptors[candidates], n_words, random)
    previous = np.inf
    for _ in range(max_iter):
        labels, distances = WordFinder(words).nearest(descriptors)
        inertia = distances.sum(dtype=np.float64)
        if inertia >= (1 - _TOLERANCE) * previous:
            break
        previous = inertia
        words = _centres(descriptors, labels[:, 0], distances[:, 0], words)
    return words


def _spread(candidates, n_words, random):
    """k-means++: each seed is drawn in proportion to its squared distance."""
    points = as_points(candidates)
    squares = np.einsum("ij,ij->i", points, points)
    distances = np.full(len(points), np.inf, dtype=np.float32)
    chosen = [random.randint(len(points))]
    for _ in range(n_words - 1):
        last = chosen[-1]
        to_last = squares + squares[last] - 2 * (points @ points[last])
        np.minimum(distances, np.maximum(to_last, 0), out=distances)
        total = np.cumsum(distances, dtype=np.float64)
        drawn = np.searchsorted(total, random.uniform() * total[-1], side="right")
        chosen.append(min(drawn, len(points) - 1))
    return candidates[chosen]


def _centres(descriptors, labels, distances, words):
    """Mean or majority of each word's descriptors.

    A word that no descriptor chose moves to one that is far from its own word.
    """
    n_words = len(words)
    counts = np.bincount(labels, minlength=n_words)
    members = sparse.csr_array(
        (
            np.ones(len(labels), dtype=np.float32),
            np.argsort(labels, kind="stable"),
            np.concatenate([[0], np.cumsum(counts)]),
        ),
        shape=(n_words, len(labels)),
    )
    means = (members @ as_points(descriptors)) / np.maximum(counts, 1)[:, None]
    if words.dtype == np.uint8:
        means = np.packbits(means > 0.5, axis=1)
    means = means.astype(words.dtype, copy=False)
    empty = np.flatnonzero(counts == 0)
    means[empty] = descriptors[np.argsort(-distances, kind="stable")[: len(empty)]]
    return means
