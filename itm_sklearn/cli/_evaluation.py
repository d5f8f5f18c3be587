"""Fit on one part of the pairs, score on the other: what all commands report."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from itm_sklearn.inspection import recall_curve
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import pair_similarity


@dataclass
class Evaluation:
    """A fitted model and how it ranks pairs that it has not seen.

    Examples
    --------
    >>> Evaluation(None, np.eye(2), {"rsum": 600.0}, {}, 0.1).report["rsum"]
    600.0
    """

    model: object
    similarity: np.ndarray
    report: dict
    curve: dict
    seconds: float


def evaluate_split(model, train, test):
    """Fit the model on the one part and rank the other, in both directions."""
    start = perf_counter()
    model.fit(train)
    similarity = pair_similarity(model, test)
    return Evaluation(
        model=model,
        similarity=similarity,
        report=retrieval_report(similarity, test),
        curve=recall_curve(test, similarity),
        seconds=perf_counter() - start,
    )


def mean_curve(evaluations):
    """Mean recall over folds, as far as the smallest fold reaches."""
    curves = [evaluation.curve for evaluation in evaluations]
    longest = min(len(recall) for curve in curves for recall in curve.values())
    return {
        way: np.mean([curve[way][:longest] for curve in curves], axis=0)
        for way in curves[0]
    }
