"""The mean of both vectors: the fusion without anything to choose.

`_weighted.py` lets one view count for more.
"""

from sklearn.base import BaseEstimator

from itm_sklearn.fusion._pair_fusion import PairFusionMixin


class AverageFusion(PairFusionMixin, BaseEstimator):
    """Average the image and the text vector of each pair.

    Both views must be in one space, where an aligner such as CCA brings them.

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

    See Also
    --------
    WeightedFusion : One view counts for more.
    ConcatFusion : For views of different spaces.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.fusion import AverageFusion
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.array([[1.0, 0.0]]), np.array([[0.0, 2.0]]))
    >>> AverageFusion().fit_transform(pairs)
    array([[0.5, 0.5]])
    """

    def __init__(self, *, norm="l2"):
        self.norm = norm

    def _feature_counts(self):
        return {"average": self.n_features_in_}

    def _fuse(self, images, texts):
        return (images + texts) / 2
