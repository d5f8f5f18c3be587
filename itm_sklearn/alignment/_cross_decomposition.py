"""scikit-learn's two-view estimators as aligners of pairs.

They take arrays of as many rows each; here an image may have several texts, and a text
is projected without an image.
"""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    _fit_context,
    clone,
)
from sklearn.cross_decomposition import PLSSVD
from sklearn.utils._param_validation import HasMethods

from itm_sklearn.base import PairTransformerMixin

__all__ = ["CrossDecompositionAligner"]


class CrossDecompositionAligner(
    ClassNamePrefixFeaturesOutMixin, PairTransformerMixin, BaseEstimator
):
    """An estimator of `sklearn.cross_decomposition` in a place for aligners.

    `PLSCanonical`, `PLSSVD` and `PLSRegression` fit and transform two arrays; this
    brings them into pipelines and grids of pairs. They find directions that covary,
    where `CCA` finds directions that correlate [1]_, and so need no ridge.

    Parameters
    ----------
    estimator : estimator, default=None
        Anything with ``fit(X, y)`` and ``transform(X, y)`` that projects each view by
        itself. Its own parameters say how many components there are. None means
        `PLSSVD` with as many as the narrower view has features.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator, images as its ``X`` and texts as its ``y``.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : In closed form; much faster than `sklearn.cross_decomposition.CCA`.
    ProcrustesAligner : What `PLSSVD` does, for large and for sparse views.

    References
    ----------
    .. [1] J. A. Wegelin, "A survey of partial least squares (PLS) methods, with
       emphasis on the two-block case", University of Washington, 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cross_decomposition import PLSCanonical
    >>> from itm_sklearn.alignment import CrossDecompositionAligner
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> rng = np.random.default_rng(0)
    >>> images = rng.normal(size=(50, 4))
    >>> texts = np.repeat(images, 2, axis=0)[:, :3] + rng.normal(size=(100, 3))
    >>> pairs = ImageTextPairs(images, texts, np.repeat(np.arange(50), 2))
    >>> aligner = CrossDecompositionAligner(PLSCanonical(2)).fit(pairs)
    >>> aligner.transform(pairs)
    ImageTextPairs(100 pairs; 50 images of float64 × 2; 100 texts of float64 × 2)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "transform"]), None]
    }

    def __init__(self, estimator=None):
        self.estimator = estimator

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the estimator on the rows of both views.

        Parameters
        ----------
        X : ImageTextPairs or array-like of shape (n_pairs, n_image_features)
            Pairs of feature vectors with both views, or image features.
        y : array-like of shape (n_pairs, n_text_features)
            Text features, if X are image features. With pairs, labels of which
            those that are 0 mark rows to leave out, or None.

        Returns
        -------
        self : CrossDecompositionAligner
            The fitted aligner.
        """
        pairs = self._check_fit(X, y)
        images = pairs.images[pairs.image_index]
        if self.estimator is None:
            estimator = PLSSVD(min(*images.shape, self.n_text_features_in_))
        else:
            estimator = clone(self.estimator)
        self.estimator_ = estimator.fit(images, pairs.texts)
        return self

    def transform_image(self, X):
        """Project images into the shared space.

        Parameters
        ----------
        X : array-like of shape (n_images, n_image_features)
            Image features.

        Returns
        -------
        projected : ndarray of shape (n_images, n_components)
            The scores of ``X``.
        """
        return self.estimator_.transform(self._check_image(X))

    def transform_text(self, y):
        """Project texts into the shared space.

        Parameters
        ----------
        y : array-like of shape (n_texts, n_text_features)
            Text features.

        Returns
        -------
        projected : ndarray of shape (n_texts, n_components)
            The scores of ``y``.
        """
        texts = self._check_text(y)
        # scikit-learn projects a ``y`` beside some ``X`` only, which changes nothing.
        blank = np.zeros((len(texts), self.n_features_in_))
        return self.estimator_.transform(blank, texts)[1]

    @property
    def _n_features_out(self):
        return len(self.estimator_.get_feature_names_out())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
