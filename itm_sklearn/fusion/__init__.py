"""Fusion: from pairs of feature vectors to one array, with a row for each pair."""

from itm_sklearn.fusion._average import AverageFusion
from itm_sklearn.fusion._concat import ConcatFusion
from itm_sklearn.fusion._neural import NeuralFusion
from itm_sklearn.fusion._pair_fusion import PairFusionMixin
from itm_sklearn.fusion._product import ProductFusion
from itm_sklearn.fusion._weighted import WeightedFusion

__all__ = [
    "AverageFusion",
    "ConcatFusion",
    "NeuralFusion",
    "PairFusionMixin",
    "ProductFusion",
    "WeightedFusion",
]
