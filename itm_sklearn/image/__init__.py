"""Images to arrays: every class is a plain scikit-learn transformer."""

from itm_sklearn.image._bag_of_visual_words import BagOfVisualWords
from itm_sklearn.image._dense_sift import DenseSIFT
from itm_sklearn.image._local_descriptors import LocalDescriptors
from itm_sklearn.image._orb import ORB
from itm_sklearn.image._sift import SIFT
from itm_sklearn.image._surf import SURF

__all__ = [
    "ORB",
    "SIFT",
    "SURF",
    "BagOfVisualWords",
    "DenseSIFT",
    "LocalDescriptors",
]
