"""The similarity of all texts and images, by whatever estimator there is.

Scoring and retrieval both ask here, so that they can't disagree on what a model
says.
"""

from sklearn.frozen import FrozenEstimator
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import Pipeline

from itm_sklearn.model_selection._embedding import check_embedded
from itm_sklearn.pairs import as_pairs

__all__ = ["check_similarity_shape", "pair_similarity"]


def pair_similarity(estimator, pairs):
    """Score every text with every image of the pairs.

    Asks, in this order: the estimator's own ``similarity``; the ``similarity`` of
    the last step of a Pipeline, after the other steps; the ``best_estimator_`` of
    a search; the cosine of what ``transform`` makes of both views.

    Parameters
    ----------
    estimator : estimator
        A fitted matcher, retriever, aligner, or a Pipeline or search over one.
    pairs : ImageTextPairs, DataFrame or Hugging Face dataset
        Pairs with both views.

    Returns
    -------
    similarity : array of shape (n_texts, n_images) or (2, n_texts, n_images)
        A row for each pair and a column for each distinct image; the more alike
        the larger. Two of them where texts rank images by one and images rank texts
        by the other.

    Raises
    ------
    TypeError
        If the estimator has no way to compare texts and images.
    ValueError
        If a view is missing or the two views end in vectors of different length.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from itm_sklearn.model_selection import pair_similarity
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(2), np.array([[2.0, 0.0], [3.0, 4.0]]))
    >>> pair_similarity(FunctionTransformer(), pairs)
    array([[1. , 0. ],
           [0.6, 0.8]])
    """
    pairs = as_pairs(pairs)
    pairs.require_both_views()
    similarity = _similarity(estimator, pairs)
    check_similarity_shape(similarity, pairs, f" by {type(estimator).__name__}")
    return similarity


def check_similarity_shape(similarity, pairs, origin=""):
    """Raise a ValueError unless it is a matrix of the pairs, or one a direction."""
    expected = (len(pairs), pairs.n_images)
    if similarity.shape not in (expected, (2, *expected)):
        raise ValueError(
            f"The similarity{origin} has the shape {similarity.shape}, but {pairs!r} "
            f"need {expected}: a row for each text, a column for each image."
        )


def _similarity(estimator, pairs):
    if isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    if hasattr(estimator, "similarity"):
        return estimator.similarity(pairs)
    if isinstance(estimator, Pipeline) and hasattr(estimator[-1], "similarity"):
        # A Pipeline without its only step has nothing to transform with.
        if len(estimator) > 1:
            pairs = estimator[:-1].transform(pairs)
        return estimator[-1].similarity(pairs)
    if hasattr(estimator, "best_estimator_"):
        return _similarity(estimator.best_estimator_, pairs)
    if not hasattr(estimator, "transform"):
        raise TypeError(
            f"{type(estimator).__name__} has neither similarity nor transform. End a "
            "Pipeline with SimilarityMatcher() or an aligner such as CCA()."
        )
    return _cosine(estimator.transform(pairs), estimator)


def _cosine(pairs, estimator):
    pairs = check_embedded(pairs, estimator)
    images, texts = (getattr(view, "shape", ()) for view in (pairs.images, pairs.texts))
    if len(images) != 2 or len(texts) != 2 or images[1] != texts[1]:
        raise ValueError(
            f"{type(estimator).__name__}.transform gave {pairs!r}. Texts and images "
            "need vectors of one length to be compared: add an aligner such as CCA()."
        )
    return cosine_similarity(pairs.texts, pairs.images)
