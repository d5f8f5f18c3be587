"""Splits by image, scores of retrieval, and evaluations with their uncertainty."""

from itm_sklearn.model_selection._comparison import (
    RetrievalComparison,
    compare_retrieval,
)
from itm_sklearn.model_selection._embedding import embed_pairs
from itm_sklearn.model_selection._evaluation import evaluate_retrieval
from itm_sklearn.model_selection._evaluation_result import RetrievalEvaluation
from itm_sklearn.model_selection._leakage import LeakageReport, check_leakage
from itm_sklearn.model_selection._scoring import retrieval_scoring
from itm_sklearn.model_selection._similarity import pair_similarity
from itm_sklearn.model_selection._split import (
    ImageKFold,
    ImageShuffleSplit,
    train_test_split_pairs,
)
from itm_sklearn.model_selection._transductive import is_transductive

__all__ = [
    "ImageKFold",
    "ImageShuffleSplit",
    "LeakageReport",
    "RetrievalComparison",
    "RetrievalEvaluation",
    "check_leakage",
    "compare_retrieval",
    "embed_pairs",
    "evaluate_retrieval",
    "is_transductive",
    "pair_similarity",
    "retrieval_scoring",
    "train_test_split_pairs",
]
