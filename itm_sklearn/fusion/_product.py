"""Products and differences, feature by feature: how alike, and in what.

A linear classifier on sums of both views can't tell whether they agree; on these
features it can.
"""

import numpy as np
from sklearn.base import BaseEstimator

from itm_sklearn.fusion._pair_fusion import PairFusionMixin


class ProductFusion(PairFusionMixin, BaseEstimator):
    """Multiply the image and the text vector of each pair, feature by feature.

    The products of a pair sum to its similarity, so a linear classifier behind this
    step learns how much each direction of the space says about a match. Both views
    must be in one space, where an aligner such as CCA brings them.

    Parameters
    ----------
    difference : bool, default=True
        Also give the absolute difference of the two vectors [1]_.
    norm : "l2" or None, default="l2"
        "l2" gives both vectors length one first. None takes them as they are.

    Attributes
    ----------
    n_features_in_ : int
        The number of features of the images.
    n_text_features_in_ : int
        The number of features of the texts.

    References
    ----------
    .. [1] A. Conneau et al., "Supervised learning of universal sentence
       representations from natural language inference data", EMNLP 2017,
       section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.fusion import ProductFusion
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.array([[3.0, 1.0]]), np.array([[2.0, 2.0]]))
    >>> ProductFusion(norm=None).fit_transform(pairs)
    array([[6., 2., 1., 1.]])
    """

    _parameter_constraints: dict = {
        **PairFusionMixin._parameter_constraints,
        "difference": ["boolean"],
    }

    def __init__(self, *, difference=True, norm="l2"):
        self.difference = difference
        self.norm = norm

    def _feature_counts(self):
        names = ["product", "difference"] if self.difference else ["product"]
        return dict.fromkeys(names, self.n_features_in_)

    def _fuse(self, images, texts):
        if not self.difference:
            return images * texts
        return np.hstack([images * texts, np.abs(images - texts)])
