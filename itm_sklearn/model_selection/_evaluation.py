"""How well a model retrieves, and how sure one can be of it.

`_judged.py` ranks, `_resampling.py` resamples, `_evaluation_result.py` is what comes
out, and `_comparison.py` does the same for two models at once.
"""

import platform
from numbers import Integral, Real

import numpy as np
import scipy
import sklearn
from sklearn.utils import check_random_state, check_scalar

import itm_sklearn
from itm_sklearn.metrics._report import check_ks
from itm_sklearn.model_selection._evaluation_result import RetrievalEvaluation, nest
from itm_sklearn.model_selection._judged import DIRECTIONS, judge
from itm_sklearn.model_selection._resampling import (
    make_totals,
    metric_keys,
    metrics_of,
    resampled_weights,
    weigh_all,
)
from itm_sklearn.model_selection._transductive import is_transductive
from itm_sklearn.pairs import as_pairs

__all__ = ["evaluate_retrieval"]


def evaluate_retrieval(
    model,
    pairs,
    *,
    ks=(1, 5, 10),
    directions=DIRECTIONS,
    categories=None,
    n_bootstrap=1000,
    confidence_level=0.95,
    gallery_size=None,
    random_state=None,
):
    """Every retrieval metric in both directions, with intervals over images.

    Parameters
    ----------
    model : estimator or ndarray of shape (n_texts, n_images)
        A fitted matcher, aligner or retriever, or a Pipeline or search over one; or
        a ready similarity, also of shape (2, n_texts, n_images) with a matrix for
        each direction.
    pairs : ImageTextPairs, DataFrame or Hugging Face dataset
        Pairs that the model has not seen.
    ks : sequence of int, default=(1, 5, 10)
        At which numbers of results the recall is taken.
    directions : sequence of {"text_to_image", "image_to_text"}, default=both
        Which views ask. Images without a text, which only stand in the way, are
        possible from text to image alone.
    categories : array-like of shape (n_pairs,), default=None
        The category of each pair. An item is then relevant if it is of the category
        of the query, as in the Wikipedia protocol of cross-modal retrieval [1]_.
        None means that the images of a text and the texts of an image are.
    n_bootstrap : int, default=1000
        How many times the images are resampled.
    confidence_level : float, default=0.95
        Share of the resampled values that lie in an interval.
    gallery_size : int, default=None
        Rank in random galleries of so many images with their captions, which have
        no image in common; the queries of all galleries are taken together. None
        takes all images as one gallery.
    random_state : int, RandomState instance or None, default=None
        Draws galleries and resamples. The seed stands in the result.

    Returns
    -------
    evaluation : RetrievalEvaluation
        With `report`, `intervals`, `tie_rate`, `to_frame()` and `to_dict()`.

    Raises
    ------
    ValueError
        If a score is NaN, a query has nothing relevant to it, or the similarity has
        not the shape of the pairs.

    See Also
    --------
    compare_retrieval : Whether one model is better than another.
    retrieval_scoring : Scores for `cross_validate` and searches.

    Notes
    -----
    The intervals are percentiles of a bootstrap over images: an image is drawn with
    all its captions, while every query keeps the rank it has in the whole gallery.
    They tell how much the numbers would change with other queries of the same kind.
    They don't cover another gallery, another training set or seed, nor pairs of
    another kind; and where all queries are right, or all wrong, the interval has no
    width although nobody can be so sure. For the difference of two models do not
    compare their intervals, which share the luck of the images: ask
    `compare_retrieval`.

    If similarity is the cosine of vectors, the matrix of all scores is never held:
    scores are counted block by block. Equal vectors tie.

    References
    ----------
    .. [1] N. Rasiwasia et al., "A new approach to cross-modal multimedia retrieval",
       ACM Multimedia, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.model_selection import evaluate_retrieval
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(3), ["a dog", "a cat", "a bird"])
    >>> similarity = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.1], [0.3, 0.1, 0.2]])
    >>> evaluate_retrieval(
    ...     similarity, pairs, ks=(1,), directions=["text_to_image"], random_state=0
    ... )
    RetrievalEvaluation by pair, 3 images, 95 % intervals of 1000 resamples, random_state=0
    text_to_image: 3 queries, each ranks 3 items, 0.0 % tied
      text_to_image recall@1                 0.6667  [0, 1]
      text_to_image median_rank                   1  [1, 2]
      text_to_image mean_rank                 1.333  [1, 2]
      text_to_image mean_reciprocal_rank     0.8333  [0.5, 1]
      text_to_image average_precision        0.8333  [0.5, 1]
      text_to_image ndcg                      0.877  [0.6309, 1]
      text_to_image mean_normalized_rank     0.1667  [0, 0.5]
    """  # noqa: E501
    settings = check_settings(
        ks, directions, n_bootstrap, confidence_level, gallery_size, random_state
    )
    judged = judge(model, as_pairs(pairs), categories=categories, **settings)
    (totals,), n_images = make_totals([judged])
    return summarise(
        judged,
        totals,
        n_images,
        bootstrap([totals], n_images, n_bootstrap, settings["seed"])[0],
        confidence_level=confidence_level,
        relevance="pair" if categories is None else "category",
        seed=settings["seed"],
        transductive=is_transductive(model),
    )


def check_settings(
    ks, directions, n_bootstrap, confidence_level, gallery_size, random_state
):
    """What `judge` needs, checked, with a seed in place of the random state."""
    directions = [directions] if isinstance(directions, str) else list(directions)
    unknown = [way for way in directions if way not in DIRECTIONS]
    if unknown or not directions:
        raise ValueError(
            f"directions={directions} must be one or both of {', '.join(DIRECTIONS)}."
        )
    check_scalar(n_bootstrap, "n_bootstrap", Integral, min_val=1)
    check_scalar(
        confidence_level,
        "confidence_level",
        Real,
        min_val=0,
        max_val=1,
        include_boundaries="neither",
    )
    if gallery_size is not None:
        check_scalar(gallery_size, "gallery_size", Integral, min_val=1)
    return {
        "ks": check_ks(ks),
        "directions": [way for way in DIRECTIONS if way in directions],
        "gallery_size": gallery_size,
        "seed": _seed(random_state),
    }


def _seed(random_state):
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))


def bootstrap(totals, n_images, n_bootstrap, seed):
    """For each model the resampled metrics, in the order of `metric_keys`."""
    resampled = [[] for _ in totals]
    generator = np.random.RandomState(seed)
    for weights in resampled_weights(n_images, n_bootstrap, generator):
        for each, found in zip(totals, resampled, strict=True):
            found.append(metrics_of(each, weigh_all(each, weights)))
    return [np.vstack(found) for found in resampled]


def summarise(
    judged,
    totals,
    n_images,
    resampled,
    *,
    confidence_level,
    relevance,
    seed,
    transductive,
):
    """The evaluation of one model from its queries and resampled metrics."""
    values = metrics_of(totals, weigh_all(totals, np.ones((1, n_images))))[0]
    keys = metric_keys(totals)
    report = nest(zip(keys, map(float, values), strict=True))
    for way, queries in judged.items():
        report[way]["n_queries"] = len(queries.ranks)
        sizes = queries.gallery_sizes
        same = len(set(sizes)) == 1
        report[way]["gallery_size"] = sizes[0] if same else float(np.mean(sizes))
    return RetrievalEvaluation(
        report=report,
        intervals=nest(zip(keys, limits(resampled, confidence_level), strict=True)),
        tie_rate={way: float(np.mean(each.tied)) for way, each in judged.items()},
        relevance=relevance,
        transductive=transductive,
        n_images=n_images,
        n_galleries=len(next(iter(judged.values())).gallery_sizes),
        n_bootstrap=len(resampled),
        confidence_level=confidence_level,
        random_state=seed,
        versions=_versions(),
    )


def limits(resampled, confidence_level):
    """A pair (low, high) for each column."""
    outside = (1 - confidence_level) / 2
    low, high = np.quantile(resampled, [outside, 1 - outside], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _versions():
    return {
        "python": platform.python_version(),
        "itm-sklearn": itm_sklearn.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }
