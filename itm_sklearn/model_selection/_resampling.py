"""Metrics of resampled images, many resamples at a time.

A mean over queries is a ratio of sums, and a sum over queries is a sum over images
of what their queries add to it: with the weights of all resamples in one matrix, all
resampled metrics are one matrix product. Medians come from counts of ranks.
"""

import numpy as np
from scipy import sparse

_BYTES_AT_ONCE = 1 << 24


class ImageTotals:
    """What each image adds to each metric of one direction.

    `images` are the images to resample and `all_ranks` the sorted distinct ranks to
    count, which must be the same for models that are mixed.
    """

    def __init__(self, queries, images, all_ranks):
        self.names = _names(queries.values)
        self.all_ranks = all_ranks
        units = np.searchsorted(images, queries.images)
        values = np.column_stack([*queries.values.values(), np.ones(len(units))])
        adding = sparse.csr_array(
            (np.ones(len(units)), (units, np.arange(len(units)))),
            shape=(len(images), len(units)),
        )
        self._sums = adding @ values.astype(float)
        self._rank_counts = sparse.csr_array(
            (np.ones(len(units)), (units, np.searchsorted(all_ranks, queries.ranks))),
            shape=(len(images), len(all_ranks)),
        )

    def weigh(self, weights):
        """Weighted sums, and counts of ranks, with a row for each row of weights."""
        return weights @ self._sums, weights @ self._rank_counts

    def finish(self, sums, rank_counts):
        """Metrics from what `weigh` gave, or from a sum of such."""
        means = sums[:, :-1] / sums[:, -1:]
        medians = self._medians(rank_counts)
        place = self.names.index("median_rank")
        return np.insert(means, place, medians, axis=1)

    def _medians(self, rank_counts):
        # Weights are whole numbers, and so are their sums, up to rounding.
        below = np.rint(np.cumsum(rank_counts, axis=1))
        n_queries = below[:, -1:]
        halves = [(n_queries - 1) // 2, n_queries // 2]
        middle = [self.all_ranks[(below <= half).sum(axis=1)] for half in halves]
        return np.mean(middle, axis=0)


def _names(values):
    """The names of the metrics, with the median after the recalls."""
    names = list(values)
    names.insert(names.index("mean_rank"), "median_rank")
    return names


def make_totals(judged):
    """For each of some models, `ImageTotals` by direction, that can be mixed.

    Only images with queries are resampled. Also returns how many they are.
    """
    queries = [each for ways in judged for each in ways.values()]
    images = np.unique(np.concatenate([each.images for each in queries]))
    if "text_to_image" in judged[0]:
        images = np.unique(judged[0]["text_to_image"].images)
    totals = [{} for _ in judged]
    for way in judged[0]:
        all_ranks = np.unique(np.concatenate([ways[way].ranks for ways in judged]))
        for each, ways in zip(totals, judged, strict=True):
            each[way] = ImageTotals(ways[way], images, all_ranks)
    return totals, len(images)


def metric_keys(totals):
    """Direction and name of each metric, in the order of `metrics_of`."""
    keys = [(way, name) for way, each in totals.items() for name in each.names]
    return [*keys, ("both", "rsum")] if len(totals) == 2 else keys


def metrics_of(totals, weighed):
    """All metrics, with a row for each row of weights, from `weigh_all`."""
    found = [totals[way].finish(*weighed[way]) for way in totals]
    if len(found) == 2:
        recalls = [
            100 * values[:, place]
            for values, each in zip(found, totals.values(), strict=True)
            for place, name in enumerate(each.names)
            if name.startswith("recall@")
        ]
        found.append(np.sum(recalls, axis=0)[:, np.newaxis])
    return np.hstack(found)


def weigh_all(totals, weights):
    """What `metrics_of` needs, by direction."""
    return {way: each.weigh(weights) for way, each in totals.items()}


def mix(one, other, sign=1):
    """Weighed totals of two models, added up, or the one less the other."""
    return {
        way: tuple(a + sign * b for a, b in zip(one[way], other[way], strict=True))
        for way in one
    }


def resampled_weights(n_images, n_resamples, random_state):
    """How often each resample holds each image, some resamples at a time."""
    for n_rows in _chunks(n_images, n_resamples):
        drawn = random_state.randint(n_images, size=(n_rows, n_images))
        drawn += n_images * np.arange(n_rows)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=n_rows * n_images)
        yield counts.reshape(n_rows, n_images).astype(float)


def random_swaps(n_images, n_resamples, random_state):
    """0 or 1 for each image, with equal chance, some resamples at a time."""
    for n_rows in _chunks(n_images, n_resamples):
        yield random_state.randint(2, size=(n_rows, n_images)).astype(float)


def _chunks(n_images, n_resamples):
    most = max(1, _BYTES_AT_ONCE // (8 * n_images))
    for start in range(0, n_resamples, most):
        yield min(most, n_resamples - start)
