"""Splits by image and scores of retrieval, for scikit-learn's own searches."""

from itm_sklearn.model_selection._embedding import embed_pairs
from itm_sklearn.model_selection._scoring import retrieval_scoring
from itm_sklearn.model_selection._similarity import pair_similarity
from itm_sklearn.model_selection._split import (
    ImageKFold,
    ImageShuffleSplit,
    train_test_split_pairs,
)

__all__ = [
    "ImageKFold",
    "ImageShuffleSplit",
    "embed_pairs",
    "pair_similarity",
    "retrieval_scoring",
    "train_test_split_pairs",
]
