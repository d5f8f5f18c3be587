"""Whether a model needs all queries at once, which a search of one query can't give."""

from sklearn.pipeline import Pipeline

__all__ = ["is_transductive"]

# Where a search, a wrapper, a retriever or a re-ranker keeps the models that it asks.
_PARTS = ("best_estimator_", "estimator", "model_", "matcher_", "first_stage_")


def is_transductive(model):
    """Whether a score depends on the other queries that are scored with it.

    Such scores are higher than those of a search that answers one query at a time,
    and must not be compared with them.

    Parameters
    ----------
    model : estimator or ndarray
        Says it by its attribute ``transductive``; a Pipeline, search, fusion,
        retriever or `FrozenEstimator` is asked for the models inside.

    Returns
    -------
    transductive : bool
        False if nothing says so: of a ready matrix it can't be known.

    Examples
    --------
    >>> from itm_sklearn.matching import SimilarityMatcher
    >>> is_transductive(SimilarityMatcher())
    False
    """
    if getattr(model, "transductive", False):
        return True
    if isinstance(model, Pipeline):
        return any(is_transductive(step) for _, step in model.steps)
    parts = [getattr(model, name, None) for name in _PARTS]
    parts += getattr(model, "estimators_", [])
    return any(is_transductive(part) for part in parts if part is not None)
