"""Ridge regression from one view to the other.

`_procrustes.py` and `_cca.py` treat both views alike; this one does not.
"""

from numbers import Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.alignment._linear import LinearAligner
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._whitening import Penalty, view_units, whitening

__all__ = ["RidgeAligner"]


class RidgeAligner(LinearAligner):
    """One view predicts the other by ridge regression; the other is the space.

    Predicting from texts to images leaves fewer images that are near to everything
    than the other direction does [1]_.

    Parameters
    ----------
    target : {"image", "text"}, default="image"
        The view that is predicted. The shared space has its features, standardised
        if `scale`.
    ridge : float, default=1.0
        Regularisation relative to the mean eigenvalue of the predicting view.
    scale : bool, default=True
        Whether to divide the features of both views by their standard deviations.

    Attributes
    ----------
    image_weights_ : ndarray of shape (n_image_features, n_target_features)
        Matrix of the images: coefficients, or the units of the target.
    text_weights_ : ndarray of shape (n_text_features, n_target_features)
        Matrix of the texts.
    image_mean_, text_mean_ : ndarray
        Means over the pairs.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : Treats both views alike.

    References
    ----------
    .. [1] Y. Shigeto et al., "Ridge regression, hubness, and zero-shot learning",
       ECML PKDD 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import RidgeAligner
    >>> images = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0], [3.0, 0.0]])
    >>> texts = images @ [[2.0], [0.5]]
    >>> aligner = RidgeAligner("text", ridge=0.0, scale=False).fit(images, texts)
    >>> aligner.image_weights_.round(3)
    array([[2. ],
           [0.5]])
    """

    _parameter_constraints = {
        "target": [StrOptions({"image", "text"})],
        "ridge": [Interval(Real, 0, None, closed="left")],
        "scale": ["boolean"],
    }

    def __init__(self, target="image", *, ridge=1.0, scale=True):
        self.target = target
        self.ridge = ridge
        self.scale = scale

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn to predict the target view.

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
        self : RidgeAligner
            The fitted aligner.
        """
        pairs = self._check_fit(X, y, accept_sparse="csr")
        moments = PairMoments(np.float64)
        moments._add_checked(pairs.images, pairs.texts, pairs.image_index)
        self.image_mean_, self.text_mean_ = moments.image_mean, moments.text_mean
        image_units, text_units = view_units(moments, scale=self.scale)
        if self.target == "text":
            predictor, cross = moments.image_scatter, moments.cross_scatter
            target_units, varying = text_units, image_units > 0
        else:
            predictor, cross = moments.text_scatter, moments.cross_scatter.T
            target_units, varying = image_units, text_units > 0
        solver = whitening(predictor, varying, Penalty(self.ridge, scale=self.scale))
        coefficients = solver.unwhiten(solver.whiten(cross * target_units))
        weights = coefficients, np.diag(target_units)
        if self.target == "image":
            weights = weights[::-1]
        self.image_weights_, self.text_weights_ = weights
        return self

    def _projections(self):
        check_is_fitted(self)
        return self.image_weights_, self.text_weights_
