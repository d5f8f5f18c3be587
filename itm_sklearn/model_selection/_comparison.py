"""Whether one model is better than another, or was lucky with these images."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from itm_sklearn.model_selection._evaluation import (
    bootstrap,
    check_settings,
    limits,
    summarise,
)
from itm_sklearn.model_selection._evaluation_result import (
    RetrievalEvaluation,
    nest,
    nested_keys,
    value_at,
)
from itm_sklearn.model_selection._judged import DIRECTIONS, judge
from itm_sklearn.model_selection._resampling import (
    make_totals,
    metric_keys,
    metrics_of,
    mix,
    random_swaps,
    weigh_all,
)
from itm_sklearn.model_selection._transductive import is_transductive
from itm_sklearn.pairs import as_pairs

__all__ = ["RetrievalComparison", "compare_retrieval"]


@dataclass(frozen=True, repr=False)
class RetrievalComparison:
    """Two models on the same pairs, metric by metric.

    Attributes
    ----------
    a, b : RetrievalEvaluation
        Each model by itself.
    differences : dict
        For each direction and metric the value of `a` less that of `b`, in the form
        of their reports. More is better for all but the ranks.
    intervals : dict
        A pair (low, high) for each difference, from resampled images.
    p_values : dict
        For each difference the probability of one as large by chance alone.
    n_permutations : int
        How many times the models were swapped at random.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.model_selection import compare_retrieval
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(8), [f"text {i}" for i in range(8)])
    >>> right, wrong = np.eye(8), np.roll(np.eye(8), 1, axis=0)
    >>> comparison = compare_retrieval(right, wrong, pairs, random_state=0)
    >>> comparison.differences["text_to_image"]["recall@1"]
    1.0
    >>> comparison.p_values["text_to_image"]["recall@1"] < 0.05
    True
    """

    a: RetrievalEvaluation
    b: RetrievalEvaluation
    differences: dict
    intervals: dict
    p_values: dict
    n_permutations: int

    def to_frame(self):
        """A pandas DataFrame with a row for each metric.

        Returns
        -------
        frame : pandas.DataFrame
            Columns direction, metric, a, b, difference, low, high and p_value.
        """
        import pandas as pd

        names = ["a", "b", "difference", "low", "high", "p_value"]
        rows = [(*key, *self._values(key)) for key in nested_keys(self.differences)]
        return pd.DataFrame(rows, columns=["direction", "metric", *names])

    def to_dict(self):
        """All of it as dicts, lists, numbers and strings, for JSON.

        Returns
        -------
        content : dict
            With a key for each attribute.
        """
        intervals = nest(
            (key, list(value_at(self.intervals, key)))
            for key in nested_keys(self.intervals)
        )
        evaluations = {"a": self.a.to_dict(), "b": self.b.to_dict()}
        return {**vars(self), **evaluations, "intervals": intervals}

    def _values(self, key):
        models = (value_at(each.report, key) for each in (self.a, self.b))
        return (
            *models,
            value_at(self.differences, key),
            *value_at(self.intervals, key),
            value_at(self.p_values, key),
        )

    def __repr__(self):
        heading = (
            f"RetrievalComparison by {self.a.relevance}, {self.a.n_images} images, "
            f"{100 * self.a.confidence_level:g} % intervals, {self.n_permutations} "
            f"permutations, random_state={self.a.random_state}"
        )
        columns = f"  {'':36}{'a':>10}{'b':>10}{'a - b':>11}  interval, p"
        lines = (self._line(key) for key in nested_keys(self.differences))
        return "\n".join([heading, columns, *lines])

    def _line(self, key):
        a, b, difference, low, high, p_value = self._values(key)
        return (
            f"  {key[0]:14}{key[1]:22}{a:10.4g}{b:10.4g}{difference:+11.4g}  "
            f"[{low:+.4g}, {high:+.4g}], p = {p_value:.3g}"
        )


def compare_retrieval(
    a,
    b,
    pairs,
    *,
    ks=(1, 5, 10),
    directions=DIRECTIONS,
    categories=None,
    n_bootstrap=1000,
    n_permutations=1000,
    confidence_level=0.95,
    gallery_size=None,
    random_state=None,
):
    """The difference of two models in every metric, with interval and p-value.

    Parameters
    ----------
    a, b : estimator or ndarray of shape (n_texts, n_images)
        Two models, or their similarities, as for `evaluate_retrieval`.
    pairs : ImageTextPairs, DataFrame or Hugging Face dataset
        Pairs that neither model has seen.
    ks : sequence of int, default=(1, 5, 10)
        At which numbers of results the recall is taken.
    directions : sequence of {"text_to_image", "image_to_text"}, default=both
        Which views ask.
    categories : array-like of shape (n_pairs,), default=None
        The category of each pair, if what has the same category is relevant.
    n_bootstrap : int, default=1000
        How many times the images are resampled for the intervals.
    n_permutations : int, default=1000
        How many times the models are swapped for the p-values, the smallest of
        which is 1 / (n_permutations + 1).
    confidence_level : float, default=0.95
        Share of the resampled differences that lie in an interval.
    gallery_size : int, default=None
        Rank in random galleries of so many images, the same for both models.
    random_state : int, RandomState instance or None, default=None
        Draws galleries, resamples and swaps.

    Returns
    -------
    comparison : RetrievalComparison
        With `differences`, `intervals`, `p_values`, `to_frame()` and `to_dict()`.

    See Also
    --------
    evaluate_retrieval : One model by itself.

    Notes
    -----
    Both models answer the same queries, so that they are compared image by image.
    The p-value is that of a permutation test: if neither model were better, the
    answers to the queries of an image could as well have come from the other model,
    so both models' answers are swapped for images drawn by lot, and it is counted
    how often the difference gets at least as large, in either direction. Test one
    metric that you chose beforehand, or correct for the number of metrics.

    Interval and p-value tell of other queries, not of another training run: to tell
    one method from another, fit each with several seeds.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.model_selection import compare_retrieval
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(8), [f"text {i}" for i in range(8)])
    >>> right, wrong = np.eye(8), np.roll(np.eye(8), 1, axis=0)
    >>> compare_retrieval(right, wrong, pairs, random_state=0).differences["rsum"]
    400.0
    """
    check_scalar(n_permutations, "n_permutations", Integral, min_val=1)
    settings = check_settings(
        ks, directions, n_bootstrap, confidence_level, gallery_size, random_state
    )
    pairs = as_pairs(pairs)
    judged = [judge(each, pairs, categories=categories, **settings) for each in (a, b)]
    totals, n_images = make_totals(judged)
    seed = settings["seed"]
    resampled = bootstrap(totals, n_images, n_bootstrap, seed)
    evaluations = [
        summarise(
            *parts,
            transductive=is_transductive(model),
            confidence_level=confidence_level,
            relevance="pair" if categories is None else "category",
            seed=seed,
        )
        for model, *parts in zip(
            (a, b), judged, totals, [n_images] * 2, resampled, strict=True
        )
    ]
    found, p_values = _permute(totals, n_images, n_permutations, seed)
    keys = metric_keys(totals[0])
    intervals = limits(resampled[0] - resampled[1], confidence_level)
    return RetrievalComparison(
        *evaluations,
        differences=nest(zip(keys, found.tolist(), strict=True)),
        intervals=nest(zip(keys, intervals, strict=True)),
        p_values=nest(zip(keys, p_values.tolist(), strict=True)),
        n_permutations=n_permutations,
    )


def _permute(totals, n_images, n_permutations, seed):
    """The differences, and how often swapping models makes as large ones."""
    a, b = totals
    everything = np.ones((1, n_images))
    both = mix(weigh_all(a, everything), weigh_all(b, everything))

    def differences(swaps):
        one = mix(weigh_all(a, 1 - swaps), weigh_all(b, swaps))
        return metrics_of(a, one) - metrics_of(b, mix(both, one, sign=-1))

    found = differences(0 * everything)[0]
    # A difference that is as large must not fall short by its rounding.
    bar = np.abs(found) * (1 - 1e-9) - 1e-12
    generator = np.random.RandomState(seed)
    n_as_large = sum(
        (np.abs(differences(swaps)) >= bar).sum(axis=0)
        for swaps in random_swaps(n_images, n_permutations, generator)
    )
    return found, (1 + n_as_large) / (1 + n_permutations)
