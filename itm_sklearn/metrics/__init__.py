"""How good a ranking is, and how good captions are.

Those of rankings take ``y_true``, nonzero where an item is relevant to a query, and
``y_score``, the highest score first. Ties count against the model. Those of captions
take ``references``, a list of sentences for each image, and ``hypotheses``, one each.
"""

from itm_sklearn.metrics._all_relevant import average_precision, ndcg
from itm_sklearn.metrics._cider import cider_d
from itm_sklearn.metrics._exact_match import exact_match
from itm_sklearn.metrics._first_relevant import (
    mean_normalized_rank,
    mean_rank,
    mean_reciprocal_rank,
    median_rank,
    recall_at_k,
)
from itm_sklearn.metrics._meteor import meteor
from itm_sklearn.metrics._report import retrieval_report, rsum
from itm_sklearn.metrics._word_overlap import bleu, rouge_l

__all__ = [
    "average_precision",
    "bleu",
    "cider_d",
    "exact_match",
    "mean_normalized_rank",
    "mean_rank",
    "mean_reciprocal_rank",
    "median_rank",
    "meteor",
    "ndcg",
    "recall_at_k",
    "retrieval_report",
    "rouge_l",
    "rsum",
]
