"""One score for each pair, by whatever model there is.

`itm_sklearn.model_selection.pair_similarity` scores every text with every image; here
a row is asked for its own image alone.
"""

import numpy as np
from sklearn.preprocessing import normalize

from itm_sklearn.model_selection import embed_pairs, is_transductive

__all__ = ["score_function"]

# Rows whose own score is taken out of one small similarity matrix.
_FEW = 64


def score_function(model):
    """A function from pairs to a score for each of their rows.

    Parameters
    ----------
    model : estimator or callable
        What has ``decision_function`` or ``score_pairs`` is asked by these; a
        classifier with probabilities alone, for that of its second class; a
        retriever, by its model; an aligner, for the cosine of both views; what has
        ``similarity`` alone, in small blocks. Anything else that can be called gets
        the pairs.

    Returns
    -------
    score : callable
        From ImageTextPairs to an array of shape (n_pairs,).

    Raises
    ------
    TypeError
        If the model is none of these.
    ValueError
        If its scores depend on the other pairs that are scored with them.

    Examples
    --------
    >>> from itm_sklearn.matching import SimilarityMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(2), np.ones((2, 2)))
    >>> score_function(SimilarityMatcher().fit(pairs))(pairs).round(2)
    array([0.71, 0.71])
    >>> score_function(lambda pairs: pairs.texts[:, 0])(pairs)
    array([1., 1.])
    """
    if is_transductive(model):
        raise ValueError(
            f"{type(model).__name__} scores a pair by the others beside it, so a score "
            "can't be explained by one pair. Explain the model without that step."
        )
    raw = _raw_function(model)

    def score(pairs):
        scores = np.asarray(raw(pairs), dtype=np.float64)
        if scores.shape != (len(pairs),) or not np.isfinite(scores).all():
            wrong = "not all of them finite" if scores.shape == (len(pairs),) else ""
            raise ValueError(
                f"{type(model).__name__} gave scores of shape {scores.shape} {wrong}"
                f"for {len(pairs)} pairs, where one finite number a pair is needed."
            )
        return scores

    return score


def _raw_function(model):
    for name in ("decision_function", "score_pairs"):
        if hasattr(model, name):
            return getattr(model, name)
    if hasattr(model, "predict_proba"):
        return lambda pairs: model.predict_proba(pairs)[:, 1]
    if hasattr(model, "model_"):
        return _raw_function(model.model_)
    if hasattr(model, "transform"):
        return lambda pairs: _cosines(embed_pairs(model, pairs))
    if hasattr(model, "similarity"):
        return lambda pairs: _diagonal(model, pairs)
    if callable(model):
        return model
    raise TypeError(
        f"{type(model).__name__} has neither decision_function nor score_pairs, "
        "transform or similarity, and can't be called. Give a fitted matcher, a "
        "Pipeline, or a function from ImageTextPairs to one score a row."
    )


def _cosines(vectors):
    images, texts = normalize(vectors.images), normalize(vectors.texts)
    return np.einsum("ij,ij->i", texts, images[vectors.image_index])


def _diagonal(model, pairs):
    blocks = [pairs[start : start + _FEW] for start in range(0, len(pairs), _FEW)]
    return np.concatenate(
        [
            np.asarray(model.similarity(b))[np.arange(len(b)), b.image_index]
            for b in blocks
        ]
    )
