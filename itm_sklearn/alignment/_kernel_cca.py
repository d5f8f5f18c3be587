"""Canonical correlation analysis of similarities: directions that need not be linear.

`CCA` in `_cca.py` correlates the features themselves, and `DeepCCA` in `_deep_cca.py`
what networks make of them. `_kernel_map.py` turns similarities into features.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn.alignment._covariance import (
    canonical_directions,
    settled_signs,
)
from itm_sklearn.alignment._kernel_map import (
    Kernel,
    KernelMap,
    default_gamma,
    draw_landmarks,
)
from itm_sklearn.alignment._linear import CorrelationAligner, filled
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._ridge import read_ridge, warn_of_exact_fits

__all__ = ["KernelCCA"]

_KERNELS = {"cosine", "linear", "poly", "rbf", "sigmoid"}
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class KernelCCA(CorrelationAligner):
    """Canonical correlation analysis of similarities to some of the pairs.

    A kernel says how similar two images are, and two texts. The directions are the
    sums of such similarities to landmarks that correlate most [1]_. With all rows as
    landmarks the solution is exact; a sample of them, Nyström's approximation [2]_,
    costs little accuracy and makes time and memory linear in the number of pairs.

    Parameters
    ----------
    n_components : int, default=None
        Dimensions of the shared space. None takes as many as the narrower view
        has features, or as there are landmarks. Where the data hold fewer
        directions, the rest are zero.
    kernel : {"rbf", "linear", "poly", "cosine", "sigmoid"}, callable \
or tuple of two, default="rbf"
        Similarity of rows as in `sklearn.metrics.pairwise.pairwise_kernels`, or a
        function of two matrices that gives a row for each row of the first and a
        column for each of the second. Two of them are for images and for texts.
    gamma : float, "scale" or tuple of two, default="scale"
        Coefficient of the kernels "rbf", "poly" and "sigmoid". "scale" is one over
        the number of features times their variance.
    degree : float, default=3
        Degree of the kernel "poly".
    coef0 : float, default=1.0
        Constant of the kernels "poly" and "sigmoid".
    ridge : float or tuple of two floats, default=3e-4
        Regularisation as a share of the sum of all variances under the kernel: one
        number, or one for images and one for texts. For a linear kernel on `p`
        features it is that of ``CCA(scale=False)`` over `p`.
    power : float, default=1.0
        The projections are multiplied by the correlations to this power.
    n_landmarks : int, default=1000
        How many images and how many texts are landmarks, drawn at random. All of
        them where there are not more, or if None.
    random_state : int, RandomState instance or None, default=None
        Draws the landmarks.

    Attributes
    ----------
    correlations_ : ndarray of shape (n_components,)
        Regularised correlations on the training pairs, in descending order.
    image_landmarks_ : {ndarray, sparse array} of shape (n_landmarks, \
n_image_features)
        The images to which others are compared.
    text_landmarks_ : {ndarray, sparse array} of shape (n_landmarks, n_text_features)
        The texts to which others are compared.
    image_weights_ : ndarray of shape (n_landmarks, n_components)
        Weights of the similarities of an image. The canonical variables have unit
        variance under the ridge; the largest value of a landmark is positive.
    text_weights_ : ndarray of shape (n_landmarks, n_components)
        Weights of the similarities of a text.
    image_offset_, text_offset_ : ndarray of shape (n_components,)
        Means of the weighted similarities over the pairs.
    gamma_ : tuple of two floats
        The coefficient of the images and that of the texts.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : Correlates the features themselves.
    DeepCCA : Correlates what networks make of the features.

    References
    ----------
    .. [1] D. R. Hardoon, S. Szedmak, J. Shawe-Taylor, "Canonical correlation
       analysis: an overview with application to learning methods", Neural
       Computation 16(12), 2004.
    .. [2] C. K. I. Williams, M. Seeger, "Using the Nyström method to speed up kernel
       machines", NIPS 2000.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import CCA, KernelCCA
    >>> angles = np.random.default_rng(0).uniform(-1, 1, size=(200, 1))
    >>> images, texts = np.hstack([angles, angles**3]), angles**2
    >>> CCA(1).fit(images, texts).correlations_.round(1)
    array([0.1])
    >>> KernelCCA(1).fit(images, texts).correlations_.round(1)
    array([1.])
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "kernel": [StrOptions(_KERNELS), callable, tuple, list],
        "gamma": [_NOT_NEGATIVE, StrOptions({"scale"}), tuple, list],
        "degree": [_NOT_NEGATIVE],
        "coef0": [Interval(Real, None, None, closed="neither")],
        "ridge": [_NOT_NEGATIVE, tuple, list],
        "power": [_NOT_NEGATIVE],
        "n_landmarks": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components=None,
        *,
        kernel="rbf",
        gamma="scale",
        degree=3,
        coef0=1.0,
        ridge=3e-4,
        power=1.0,
        n_landmarks=1000,
        random_state=None,
    ):
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.ridge = ridge
        self.power = power
        self.n_landmarks = n_landmarks
        self.random_state = random_state

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
        self : KernelCCA
            The fitted aligner.
        """
        pairs = self._check_fit(X, y, accept_sparse="csr")
        views = pairs.images, pairs.texts
        image_counts = np.bincount(pairs.image_index, minlength=pairs.n_images)
        counts = image_counts, np.ones(len(pairs))
        gammas = _pair("gamma", self.gamma)
        self.gamma_ = tuple(
            default_gamma(view, repeats) if gamma == "scale" else gamma
            for gamma, view, repeats in zip(gammas, views, counts, strict=True)
        )
        rng = check_random_state(self.random_state)
        self.image_landmarks_, self.text_landmarks_ = (
            draw_landmarks(view, self.n_landmarks, rng) for view in views
        )
        self._learn_weights(
            KernelMap(pairs.images, self.image_landmarks_, self._kernel(0)),
            KernelMap(pairs.texts, self.text_landmarks_, self._kernel(1)),
            pairs.image_index,
        )
        return self

    def _learn_weights(self, images, texts, image_index):
        n_components = self._count_components()
        strengths = read_ridge(self.ridge)
        widths = images.shape[1], texts.shape[1]
        warn_of_exact_fits(widths, len(image_index), strengths)
        penalties = images.penalty(strengths[0]), texts.penalty(strengths[1])
        moments = PairMoments(np.float64)._add_checked(images, texts, image_index)
        found = canonical_directions(moments, n_components, penalties)
        found = filled(found, n_components, self.n_components)
        landmarks = images.landmark_coordinates - moments.image_mean
        found = found.signed(settled_signs(landmarks @ found.image_weights))
        self.correlations_ = found.correlations
        self.image_weights_ = images.landmark_weights(found.image_weights)
        self.text_weights_ = texts.landmark_weights(found.text_weights)
        self.image_offset_ = moments.image_mean @ found.image_weights
        self.text_offset_ = moments.text_mean @ found.text_weights

    def _count_components(self):
        limit = min(self.image_landmarks_.shape[0], self.text_landmarks_.shape[0])
        if self.n_components is None:
            return min(limit, self.n_features_in_, self.n_text_features_in_)
        if self.n_components > limit:
            raise ValueError(
                f"n_components={self.n_components} is more than the {limit} landmarks "
                "of a view. Lower n_components, raise n_landmarks or fit on more pairs."
            )
        return self.n_components

    def _kernel(self, view):
        function = _pair("kernel", self.kernel)[view]
        if not callable(function) and function not in _KERNELS:
            raise ValueError(
                f"kernel={self.kernel!r} holds {function!r}, which is no function and "
                f"none of {sorted(_KERNELS)}."
            )
        return Kernel(
            function,
            {"gamma": self.gamma_[view], "degree": self.degree, "coef0": self.coef0},
        )

    def transform_image(self, X):
        """Project images into the shared space.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_images, n_image_features)
            Image features.

        Returns
        -------
        projected : ndarray of shape (n_images, n_components)
            In the precision of X.
        """
        images = self._check_image(X, accept_sparse="csr")
        weighted = self._kernel(0).weighted(
            images, self.image_landmarks_, self.image_weights_
        )
        return self._scaled(weighted - self.image_offset_, images.dtype)

    def transform_text(self, y):
        """Project texts into the shared space.

        Parameters
        ----------
        y : {array-like, sparse matrix} of shape (n_texts, n_text_features)
            Text features.

        Returns
        -------
        projected : ndarray of shape (n_texts, n_components)
            In the precision of y.
        """
        texts = self._check_text(y, accept_sparse="csr")
        weighted = self._kernel(1).weighted(
            texts, self.text_landmarks_, self.text_weights_
        )
        return self._scaled(weighted - self.text_offset_, texts.dtype)

    def _scaled(self, projected, dtype):
        return (projected * self.correlations_**self.power).astype(dtype, copy=False)


def _pair(name, value):
    """A value for the images and one for the texts, from two of them or from one."""
    if not isinstance(value, tuple | list):
        return value, value
    if len(value) != 2:
        raise ValueError(
            f"{name}={value!r} must be one value, or two: one for the images and one "
            "for the texts."
        )
    return tuple(value)
