"""Canonical correlation analysis: the linear projections that agree most.

`_covariance.py` and `_gram.py` hold the mathematics; this is the estimator.
"""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.alignment._covariance import canonical_directions
from itm_sklearn.alignment._gram import gram_directions
from itm_sklearn.alignment._linear import LinearAligner
from itm_sklearn.alignment._moments import PairMoments

__all__ = ["CCA"]

# With a ridge below this share of the variance a view can fit noise exactly.
_TINY_RIDGE = 1e-6
# With eigenvalues above this, single precision moves correlations by 1e-7 at most.
_SINGLE_PRECISION_MARGIN = 2e-3


class CCA(LinearAligner):
    """Canonical correlation analysis with a ridge, in closed form.

    Finds the linear projections of images and of texts that correlate most, one
    pair of directions after the other [1]_. The ridge, a share of the mean
    variance added to every variance [2]_, keeps directions that hardly vary from
    fitting noise, and matters more for retrieval than any other parameter.

    Parameters
    ----------
    n_components : int, default=None
        Dimensions of the shared space. None takes as many as the narrower view
        has features. Where the data hold fewer directions, the rest are zero.
    ridge : float or tuple of two floats, default=0.1
        Regularisation relative to the mean eigenvalue of each view, or one for
        images and one for texts. 0 is plain CCA, as in
        `sklearn.cross_decomposition.CCA`.
    power : float, default=1.0
        The projections are multiplied by the correlations to this power, so that
        directions on which the views agree count more in distances and cosines
        [3]_. 0 gives all directions the same weight.
    scale : bool, default=True
        Whether to divide features by their standard deviations first. Without a
        ridge the result is the same either way.
    solver : {"auto", "covariance", "gram"}, default="auto"
        "covariance" works on matrices of features by features, "gram" on matrices
        of rows by rows. "auto" takes "gram" for more features than rows.

    Attributes
    ----------
    correlations_ : ndarray of shape (n_components,)
        Regularised correlations on the training pairs, in descending order.
    image_weights_ : ndarray of shape (n_image_features, n_components)
        Directions of the images. The canonical variables have unit variance under
        the ridge; the largest standardised weight of each is positive.
    text_weights_ : ndarray of shape (n_text_features, n_components)
        Directions of the texts.
    image_mean_, text_mean_ : ndarray
        Means over the pairs, where an image counts once for each of its texts.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    sklearn.cross_decomposition.CCA : Unregularised, by an iteration.

    References
    ----------
    .. [1] H. Hotelling, "Relations between two sets of variates", Biometrika
       28(3/4), 1936.
    .. [2] H. D. Vinod, "Canonical ridge and econometrics of joint production",
       Journal of Econometrics 4(2), 1976.
    .. [3] Y. Gong, Q. Ke, M. Isard, S. Lazebnik, "A multi-view embedding space for
       modeling internet images, tags, and their semantics", IJCV 106(2), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import CCA
    >>> rng = np.random.default_rng(0)
    >>> topics = rng.normal(size=(200, 2))
    >>> images = topics @ rng.normal(size=(2, 5)) + rng.normal(size=(200, 5))
    >>> texts = topics @ rng.normal(size=(2, 4)) + rng.normal(size=(200, 4))
    >>> cca = CCA(n_components=2, ridge=0.0).fit(images, texts)
    >>> cca.correlations_.round(2)
    array([0.86, 0.61])
    >>> projected_images, projected_texts = cca.transform(images, texts)
    >>> projected_images.shape
    (200, 2)
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "ridge": [Interval(Real, 0, None, closed="left"), tuple, list],
        "power": [Interval(Real, 0, None, closed="left")],
        "scale": ["boolean"],
        "solver": [StrOptions({"auto", "covariance", "gram"})],
    }

    def __init__(
        self, n_components=None, *, ridge=0.1, power=1.0, scale=True, solver="auto"
    ):
        self.n_components = n_components
        self.ridge = ridge
        self.power = power
        self.scale = scale
        self.solver = solver

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
        self : CCA
            The fitted aligner.
        """
        pairs = self._check_fit(X, y, accept_sparse="csr")
        n_components = self._count_components(pairs)
        ridge = self._check_ridge()
        self._warn_of_free_fits(pairs, ridge)
        if self._chosen_solver(pairs) == "gram":
            directions, means = gram_directions(
                pairs, n_components, ridge, scale=self.scale
            )
        else:
            directions, means = self._from_moments(pairs, n_components, ridge)
        self.image_mean_, self.text_mean_ = means
        return self._keep(directions, n_components)

    def _from_moments(self, pairs, n_components, ridge):
        views = pairs.images, pairs.texts, pairs.image_index
        for dtype in (np.float32, np.float64):
            moments = PairMoments(dtype).update(*views)
            directions, margin = canonical_directions(
                moments, n_components, ridge, scale=self.scale
            )
            if margin > _SINGLE_PRECISION_MARGIN:
                break
        return directions, (moments.image_mean, moments.text_mean)

    def _keep(self, directions, n_components):
        """Store the directions, filled up with zeros to a width that is known."""
        if self.n_components is not None and directions.rank < n_components:
            warnings.warn(
                f"n_components={n_components} is more than the {directions.rank} "
                "directions that the pairs hold; the others are zero. Lower "
                "n_components or fit on more pairs.",
                UserWarning,
                stacklevel=3,
            )
        padding = (0, n_components - len(directions.correlations))
        self.correlations_ = np.pad(directions.correlations, padding)
        both = (0, 0), padding
        self.image_weights_ = np.pad(directions.image_weights, both)
        self.text_weights_ = np.pad(directions.text_weights, both)
        return self

    def _count_components(self, pairs):
        most = min(pairs.images.shape[1], pairs.texts.shape[1])
        if self.n_components is None:
            return most
        if self.n_components > most:
            raise ValueError(
                f"n_components={self.n_components} is more than the {most} features "
                "of the narrower view. Lower n_components, or leave it None."
            )
        return self.n_components

    def _check_ridge(self):
        ridge = self.ridge
        if isinstance(ridge, Real):
            return ridge, ridge
        if len(ridge) == 2 and all(isinstance(r, Real) and r >= 0 for r in ridge):
            return tuple(ridge)
        raise ValueError(
            f"ridge={ridge!r} must be one number of at least 0, or two: one for the "
            "images and one for the texts."
        )

    def _warn_of_free_fits(self, pairs, ridge):
        widths = pairs.images.shape[1], pairs.texts.shape[1]
        free = sum(
            width
            for width, strength in zip(widths, ridge, strict=True)
            if strength < _TINY_RIDGE
        )
        if free >= len(pairs):
            warnings.warn(
                f"{free} features without a ridge can fit {len(pairs)} pairs exactly: "
                "correlations come out as 1 even on noise. Set ridge=0.1 or more, or "
                "reduce the features (PCA, TruncatedSVD) first.",
                UserWarning,
                stacklevel=3,
            )

    def _chosen_solver(self, pairs):
        if self.solver != "auto":
            return self.solver
        fewer = pairs.n_images < pairs.images.shape[1]
        return "gram" if fewer or len(pairs) < pairs.texts.shape[1] else "covariance"

    def _projections(self):
        check_is_fitted(self)
        factors = self.correlations_**self.power
        return self.image_weights_ * factors, self.text_weights_ * factors
