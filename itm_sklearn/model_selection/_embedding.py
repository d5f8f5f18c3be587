"""The vectors of pairs in the shared space of a model, for an index to search."""

from sklearn.pipeline import Pipeline

from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = ["embed_pairs"]


def embed_pairs(estimator, pairs):
    """Bring pairs into the space in which a model compares them.

    A Pipeline that ends in a matcher is followed up to the matcher; of a search
    the ``best_estimator_`` is asked.

    Parameters
    ----------
    estimator : estimator
        A fitted aligner or matcher, or a Pipeline or search over one.
    pairs : ImageTextPairs, DataFrame or Hugging Face dataset
        Pairs; a query may lack a view.

    Returns
    -------
    embedded : ImageTextPairs
        The same rows, as vectors.

    Raises
    ------
    TypeError
        If the estimator has neither ``transform`` nor ``similarity``.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.matching import SimilarityMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> embed_pairs(SimilarityMatcher(), ImageTextPairs(np.eye(2)))
    ImageTextPairs(2 pairs; 2 images of float64 × 2; no texts)
    """
    pairs = as_pairs(pairs)
    if hasattr(estimator, "best_estimator_"):
        return embed_pairs(estimator.best_estimator_, pairs)
    if isinstance(estimator, Pipeline) and _only_compares(estimator[-1]):
        return estimator[:-1].transform(pairs) if len(estimator) > 1 else pairs
    if hasattr(estimator, "transform"):
        return check_embedded(estimator.transform(pairs), estimator)
    if hasattr(estimator, "similarity"):
        # A matcher by itself compares the vectors that it is given.
        return pairs
    raise TypeError(
        f"{type(estimator).__name__} has neither transform nor similarity. End a "
        "Pipeline with SimilarityMatcher() or an aligner such as CCA()."
    )


def check_embedded(embedded, estimator):
    """What an estimator made of pairs, if it is pairs again."""
    if not isinstance(embedded, ImageTextPairs):
        raise TypeError(
            f"{type(estimator).__name__}.transform turned pairs into "
            f"{type(embedded).__name__}. Only ImageTextPairs of vectors can be "
            "compared: use an aligner such as CCA()."
        )
    return embedded


def _only_compares(step):
    """Whether the step takes vectors as they are, and makes none itself."""
    return hasattr(step, "similarity") and not hasattr(step, "transform")
