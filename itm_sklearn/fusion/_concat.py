"""Both vectors side by side: the fusion that needs no common space."""

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from itm_sklearn.fusion._pair_fusion import PairFusionMixin


class ConcatFusion(PairFusionMixin, BaseEstimator):
    """Put the image and the text vector of each pair side by side.

    The views may have different widths, and either may be sparse.

    Parameters
    ----------
    norm : "l2" or None, default="l2"
        "l2" gives both vectors length one first, so that neither view outweighs the
        other. None takes them as they are.

    Attributes
    ----------
    n_features_in_ : int
        The number of features of the images.
    n_text_features_in_ : int
        The number of features of the texts.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.fusion import ConcatFusion
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 2.0]]))
    >>> ConcatFusion().fit_transform(pairs)
    array([[1., 0., 0., 0., 1.]])
    """

    same_space = False
    accept_sparse = True

    def __init__(self, *, norm="l2"):
        self.norm = norm

    def _feature_counts(self):
        return {"image": self.n_features_in_, "text": self.n_text_features_in_}

    def _fuse(self, images, texts):
        if sparse.issparse(images) or sparse.issparse(texts):
            return sparse.hstack([images, texts], format="csr")
        return np.hstack([images, texts])
