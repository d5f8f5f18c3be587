"""How good a ranking is: functions of what is relevant and of what was scored.

All take ``y_true``, nonzero where an item is relevant to a query, and
``y_score``, the highest score first. Ties count against the model.
"""

from itm_sklearn.metrics._all_relevant import average_precision, ndcg
from itm_sklearn.metrics._first_relevant import (
    mean_normalized_rank,
    mean_rank,
    mean_reciprocal_rank,
    median_rank,
    recall_at_k,
)
from itm_sklearn.metrics._report import retrieval_report, rsum

__all__ = [
    "average_precision",
    "mean_normalized_rank",
    "mean_rank",
    "mean_reciprocal_rank",
    "median_rank",
    "ndcg",
    "recall_at_k",
    "retrieval_report",
    "rsum",
]
