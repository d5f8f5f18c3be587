"""Aligners: from pairs of feature vectors to pairs in one shared space."""

from itm_sklearn.alignment._cca import CCA
from itm_sklearn.alignment._contrastive import ContrastiveAligner
from itm_sklearn.alignment._cross_decomposition import CrossDecompositionAligner
from itm_sklearn.alignment._deep_cca import DeepCCA
from itm_sklearn.alignment._generalized_cca import GeneralizedCCA
from itm_sklearn.alignment._kernel_cca import KernelCCA
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._procrustes import ProcrustesAligner
from itm_sklearn.alignment._ridge_aligner import RidgeAligner
from itm_sklearn.alignment._semantic import SemanticAligner
from itm_sklearn.alignment._tower import TowerAligner

__all__ = [
    "CCA",
    "ContrastiveAligner",
    "CrossDecompositionAligner",
    "DeepCCA",
    "GeneralizedCCA",
    "KernelCCA",
    "PairMoments",
    "ProcrustesAligner",
    "RidgeAligner",
    "SemanticAligner",
    "TowerAligner",
]
