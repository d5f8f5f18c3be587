"""Does this text fit this image? Classifiers of pairs into mismatch and match."""

from itm_sklearn.matching._cross_attention import CrossAttentionMatcher
from itm_sklearn.matching._negatives import sample_mismatches
from itm_sklearn.matching._neural import NeuralMatcher
from itm_sklearn.matching._score_fusion import ScoreFusion
from itm_sklearn.matching._similarity import SimilarityMatcher

__all__ = [
    "CrossAttentionMatcher",
    "NeuralMatcher",
    "ScoreFusion",
    "SimilarityMatcher",
    "sample_mismatches",
]
