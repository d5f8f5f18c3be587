"""Images to arrays: every class is a plain scikit-learn transformer."""

from itm_sklearn.image._bag_of_visual_words import BagOfVisualWords
from itm_sklearn.image._clip import CLIPImageEncoder
from itm_sklearn.image._cnn import CNNEncoder
from itm_sklearn.image._color_histogram import ColorHistogram
from itm_sklearn.image._dense_sift import DenseSIFT
from itm_sklearn.image._fisher_vector import FisherVector
from itm_sklearn.image._hog import HOG
from itm_sklearn.image._local_descriptors import LocalDescriptors
from itm_sklearn.image._orb import ORB
from itm_sklearn.image._sift import SIFT
from itm_sklearn.image._surf import SURF
from itm_sklearn.image._vlad import VLAD

__all__ = [
    "HOG",
    "ORB",
    "SIFT",
    "SURF",
    "VLAD",
    "BagOfVisualWords",
    "CLIPImageEncoder",
    "CNNEncoder",
    "ColorHistogram",
    "DenseSIFT",
    "FisherVector",
    "LocalDescriptors",
]
