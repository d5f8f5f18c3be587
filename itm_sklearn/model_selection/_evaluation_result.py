"""The result of an evaluation, and the form in which metrics are kept.

Metrics are nested as in a retrieval report: by direction and name, and the rsum,
which belongs to both directions, beside them.
"""

from dataclasses import dataclass

__all__ = ["RetrievalEvaluation", "nest", "nested_keys", "value_at"]


@dataclass(frozen=True, repr=False)
class RetrievalEvaluation:
    """Every metric with its interval, and what it takes to have them again.

    Attributes
    ----------
    report : dict
        As from `itm_sklearn.metrics.retrieval_report`; without ``"rsum"`` if only
        one direction was evaluated.
    intervals : dict
        Of the same form, with a pair (low, high) for each metric.
    tie_rate : dict of str to float
        For each direction the share of queries whose rank was decided by a tie,
        and so against the model.
    relevance : {"pair", "category"}
        What made an item relevant to a query.
    transductive : bool
        Whether the model says that a score depends on the other queries. Its numbers
        are then not those of a search that answers one query at a time.
    n_images : int
        How many images were resampled.
    n_galleries : int
        How many galleries there were; each query was ranked in one.
    n_bootstrap : int
        Number of resamples.
    confidence_level : float
        Share of the resamples that an interval holds.
    random_state : int
        The seed of galleries and resamples, also if none was given.
    versions : dict of str to str
        Of Python and the packages that computed the numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.model_selection import evaluate_retrieval
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(3), ["a dog", "a cat", "a bird"])
    >>> similarity = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.1], [0.3, 0.1, 0.2]])
    >>> evaluation = evaluate_retrieval(similarity, pairs, ks=(1,), random_state=0)
    >>> evaluation.to_frame().head(2).round(2)
           direction       metric  value  low  high
    0  text_to_image     recall@1   0.67  0.0   1.0
    1  text_to_image  median_rank   1.00  1.0   2.0
    """

    report: dict
    intervals: dict
    tie_rate: dict
    relevance: str
    transductive: bool
    n_images: int
    n_galleries: int
    n_bootstrap: int
    confidence_level: float
    random_state: int
    versions: dict

    def to_frame(self):
        """A pandas DataFrame with a row for each metric.

        Returns
        -------
        frame : pandas.DataFrame
            Columns direction, metric, value, low and high.
        """
        import pandas as pd

        rows = [
            (*key, value_at(self.report, key), *value_at(self.intervals, key))
            for key in nested_keys(self.intervals)
        ]
        return pd.DataFrame(
            rows, columns=["direction", "metric", "value", "low", "high"]
        )

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
        return {**vars(self), "intervals": intervals}

    def __repr__(self):
        return "\n".join([*self._heading(), *map(self._line, self._keys())])

    def _heading(self):
        yield (
            f"RetrievalEvaluation by {self.relevance}, {self._mode()}"
            f"{self.n_images} images, {100 * self.confidence_level:g} % intervals of "
            f"{self.n_bootstrap} resamples, "
            f"random_state={self.random_state}"
        )
        for way, tie_rate in self.tie_rate.items():
            found = self.report[way]
            yield (
                f"{way}: {found['n_queries']} queries, each ranks "
                f"{found['gallery_size']:g} items, {100 * tie_rate:.1f} % tied"
            )

    def _mode(self):
        return "transductive, " if self.transductive else ""

    def _keys(self):
        return nested_keys(self.intervals)

    def _line(self, key):
        value = value_at(self.report, key)
        low, high = value_at(self.intervals, key)
        return f"  {key[0]:14}{key[1]:22}{value:9.4g}  [{low:.4g}, {high:.4g}]"


def nest(items):
    """Dicts by direction and metric, as a report has them."""
    nested = {}
    for (way, name), value in items:
        target = nested if way == "both" else nested.setdefault(way, {})
        target[name] = value
    return nested


def nested_keys(nested):
    """Direction and metric of each value of a nested dict."""
    for way, found in nested.items():
        if isinstance(found, dict):
            yield from ((way, name) for name in found)
        else:
            yield "both", way


def value_at(nested, key):
    """The value of a direction and metric."""
    way, name = key
    return nested[name] if way == "both" else nested[way][name]
