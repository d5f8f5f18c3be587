"""Retrieval scores as a callable that scikit-learn's searches take."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from itm_sklearn.base import matching_rows
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection._galleries import draw_galleries
from itm_sklearn.model_selection._similarity import pair_similarity
from itm_sklearn.pairs import as_pairs

__all__ = ["retrieval_scoring"]

_SHORT_NAMES = {"t2i": "text_to_image", "i2t": "image_to_text"}


def retrieval_scoring(
    ks=(1, 5, 10), *, gallery_size=None, metric=None, random_state=None
):
    """Every retrieval score from one pass, for ``scoring=`` of scikit-learn.

    Recall falls as the gallery grows, and the gallery of a fold is its images: with
    `gallery_size`, folds and splits of any size can be compared.

    Parameters
    ----------
    ks : sequence of int, default=(1, 5, 10)
        At which numbers of results the recall is taken.
    gallery_size : int, default=None
        Evaluate on random galleries of so many images with their captions, and
        average. The galleries have no image in common; images that do not fill
        one more are left out. None takes all images as one gallery.
    metric : str, default=None
        The name of the one score to return. None returns all of them in a dict,
        which `HalvingGridSearchCV` and `cross_val_score` do not take.
    random_state : int, RandomState instance or None, default=None
        Draws the galleries. Pass an int, so that all models get the same ones.

    Returns
    -------
    scoring : callable
        ``scoring(estimator, pairs, y=None)`` gives a dict in which larger is better:
        ``"rsum"`` in percent points; ``"mean_recall"``, ``"t2i_recall_at_1"`` (from
        text to image), ``"i2t_recall_at_1"`` and so on for each k, between 0 and 1;
        ``"neg_t2i_median_rank"`` and ``"neg_i2t_median_rank"``, at most -1; and
        ``"normalized_rank_score"``, between 0 and 1, which does not depend on the
        size of the gallery. Rows with the label 0 in `y` are left out.

    See Also
    --------
    itm_sklearn.metrics.retrieval_report : All metrics of one similarity matrix.

    Notes
    -----
    `HalvingGridSearchCV` over a matcher, which is a classifier, asks for labels to
    find its smallest sample. Give ``min_resources`` as a number and it does not.

    Examples
    --------
    Choose among random maps of a view, as one would choose among aligners:

    >>> import numpy as np
    >>> from sklearn.model_selection import cross_validate
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from itm_sklearn.model_selection import ImageKFold, retrieval_scoring
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> images = np.random.default_rng(0).normal(size=(20, 5))
    >>> pairs = ImageTextPairs(images, images + 0.01)
    >>> scores = cross_validate(
    ...     FunctionTransformer(), pairs, cv=ImageKFold(2), scoring=retrieval_scoring()
    ... )
    >>> scores["test_t2i_recall_at_1"]
    array([1., 1.])
    """
    scoring = _RetrievalScoring(tuple(ks), gallery_size, metric, random_state)
    if gallery_size is not None:
        check_scalar(gallery_size, "gallery_size", Integral, min_val=1)
    if metric is not None and metric not in scoring.names():
        raise ValueError(
            f"metric={metric!r} is not among the scores at ks={scoring.ks}. Choose "
            f"from {', '.join(scoring.names())}."
        )
    return scoring


@dataclass(frozen=True, repr=False)
class _RetrievalScoring:
    """What `retrieval_scoring` returns: picklable, and equal if made alike."""

    ks: tuple
    gallery_size: int | None
    metric: str | None
    random_state: object

    # scikit-learn passes scorers whatever metadata was routed to them.
    def __call__(self, estimator, X, y=None, **params):
        given = [name for name, value in params.items() if value is not None]
        if given:
            raise ValueError(
                f"retrieval_scoring has no use for {', '.join(given)}: every query "
                "counts alike. Do not route it to the scorer."
            )
        pairs = matching_rows(as_pairs(X), y)
        scores = [
            self._score_gallery(estimator, pairs if rows is None else pairs[rows])
            for rows in self._galleries(pairs)
        ]
        # Galleries are all of one size, so their means weigh alike.
        means = {name: float(np.mean([s[name] for s in scores])) for name in scores[0]}
        return means if self.metric is None else means[self.metric]

    def _galleries(self, pairs):
        """Row numbers of each gallery; None for all rows."""
        if self.gallery_size is None:
            return [None]
        galleries = draw_galleries(pairs, self.gallery_size, self.random_state)
        return [np.flatnonzero(np.isin(pairs.image_index, each)) for each in galleries]

    def _score_gallery(self, estimator, pairs):
        similarity = pair_similarity(estimator, pairs)
        report = retrieval_report(similarity, pairs, ks=self.ks)
        directions = [(short, report[long]) for short, long in _SHORT_NAMES.items()]
        normalized = [found["mean_normalized_rank"] for _, found in directions]
        values = [
            report["rsum"],
            report["rsum"] / (100 * len(directions) * len(self.ks)),
            *(found[f"recall@{k}"] for _, found in directions for k in self.ks),
            *(-found["median_rank"] for _, found in directions),
            1 - np.mean(normalized),
        ]
        return dict(zip(self.names(), values, strict=True))

    def names(self):
        """The names of the scores, in the order they are reported."""
        return [
            "rsum",
            "mean_recall",
            *(f"{short}_recall_at_{k}" for short in _SHORT_NAMES for k in self.ks),
            *(f"neg_{short}_median_rank" for short in _SHORT_NAMES),
            "normalized_rank_score",
        ]

    def __repr__(self):
        given = {
            "gallery_size": self.gallery_size,
            "metric": self.metric,
            "random_state": self.random_state,
        }
        rest = [
            f"{name}={value!r}" for name, value in given.items() if value is not None
        ]
        return f"retrieval_scoring({', '.join([f'ks={self.ks}', *rest])})"
