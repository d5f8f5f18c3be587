"""Orthogonal alignment: rotate both views onto each other, stretch nothing.

`_cca.py` also divides by the covariance of each view, which needs more pairs.
"""

from numbers import Integral

import numpy as np
from scipy.linalg import svd
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.alignment._covariance import Directions
from itm_sklearn.alignment._linear import LinearAligner, count_components
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._whitening import view_units

__all__ = ["ProcrustesAligner"]


class ProcrustesAligner(LinearAligner):
    """Orthogonal directions of both views along which they vary together most.

    The orthogonal Procrustes problem [1]_ asks for the rotation that brings one view
    closest to the other. Its solution is the product of the singular vectors of the
    cross-covariance; here each view is turned by its own, which gives the same inner
    products, and the views may differ in width. Nothing is divided by a covariance,
    so that few pairs suffice where the spaces are alike already.

    Parameters
    ----------
    n_components : int, default=None
        Dimensions of the shared space. None takes as many as the narrower view has
        features; all of them make a rotation.
    scale : bool, default=False
        Whether to divide features by their standard deviations first.

    Attributes
    ----------
    covariances_ : ndarray of shape (n_components,)
        Covariance of the two views along each direction, in descending order.
    image_weights_ : ndarray of shape (n_image_features, n_components)
        Directions of the images; orthonormal columns, before any scaling. The
        largest weight of each is positive.
    text_weights_ : ndarray of shape (n_text_features, n_components)
        Directions of the texts.
    image_mean_, text_mean_ : ndarray
        Means over the pairs.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : Directions that correlate most.
    RidgeAligner : One view predicts the other.

    References
    ----------
    .. [1] P. H. Schönemann, "A generalized solution of the orthogonal Procrustes
       problem", Psychometrika 31(1), 1966.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import ProcrustesAligner
    >>> texts = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0], [0.0, -2.0]])
    >>> quarter_turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> aligner = ProcrustesAligner().fit(texts @ quarter_turn, texts)
    >>> images, texts = aligner.transform(texts @ quarter_turn, texts)
    >>> bool(np.allclose(images, texts))
    True
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "scale": ["boolean"],
    }

    def __init__(self, n_components=None, *, scale=False):
        self.n_components = n_components
        self.scale = scale

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find the directions of the pairs.

        Parameters
        ----------
        X : ImageTextPairs or {array-like, sparse matrix}
            Pairs of feature vectors with both views, or image features of shape
            (n_pairs, n_image_features).
        y : {array-like, sparse matrix} of shape (n_pairs, n_text_features)
            Text features, if X are image features. With pairs, labels of which
            those that are 0 mark rows to leave out, or None.

        Returns
        -------
        self : ProcrustesAligner
            The fitted aligner.
        """
        pairs = self._check_fit(X, y, accept_sparse="csr")
        widths = self.n_features_in_, self.n_text_features_in_
        n_components = count_components(self.n_components, *widths)
        moments = PairMoments(np.float64)
        moments._add_checked(pairs.images, pairs.texts, pairs.image_index)
        image_units, text_units = view_units(moments, scale=self.scale)
        cross = moments.cross_scatter * np.outer(image_units, text_units)
        left, sums, right = svd(cross, full_matrices=False)
        kept = slice(n_components)
        directions = Directions(sums[kept] / len(pairs), left[:, kept], right[kept].T)
        directions = directions.oriented(np.ones(len(left)))
        self.covariances_ = directions.correlations
        self.image_weights_ = directions.image_weights * image_units[:, np.newaxis]
        self.text_weights_ = directions.text_weights * text_units[:, np.newaxis]
        self.image_mean_, self.text_mean_ = moments.image_mean, moments.text_mean
        return self

    def _projections(self):
        check_is_fitted(self)
        return self.image_weights_, self.text_weights_
