"""Canonical correlation analysis: the linear projections that agree most.

This is the estimator; `_solve_cca.py` chooses among the ways to solve it.
"""

from numbers import Integral, Real

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn.alignment._linear import CorrelationAligner, count_components, filled
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._ridge import read_ridge, warn_of_exact_fits
from itm_sklearn.alignment._solve_cca import (
    Problem,
    add_to_folds,
    solve_moments,
    solve_pairs,
)
from itm_sklearn.alignment._whitening import Penalty

__all__ = ["CCA"]


class CCA(CorrelationAligner):
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
    ridge : float, tuple of two floats or "auto", default=0.3
        Regularisation relative to the mean eigenvalue of each view: one number, or
        one for images and one for texts. 0 is plain CCA, as in
        `sklearn.cross_decomposition.CCA`. "auto" chooses both from a grid, 0.001 to
        10, by the sum of correlations on images left out of three folds. It needs
        no more passes over the data, only more solutions.
    power : float, default=1.0
        The projections are multiplied by the correlations to this power, so that
        directions on which the views agree count more in distances and cosines
        [3]_. 0 gives all directions the same weight.
    scale : bool, default=True
        Whether to divide features by their standard deviations first, so that a
        feature in a small unit is not lost under the ridge of one in a large unit.
        Without a ridge the result is the same either way.
    solver : {"auto", "covariance", "gram", "sparse", "randomized"}, default="auto"
        "covariance" works on matrices of features by features, "gram" on matrices
        of rows by rows, and "sparse" iterates on a wide sparse view, such as words,
        without making it dense; the other view is to be narrow. "auto" takes
        "sparse" for sparse views of more than 4,096 features, "gram" for more
        features than rows, and otherwise "covariance". "randomized" is "covariance"
        with singular vectors from a randomised block Krylov space [4]_: faster for
        few components of views with some 4,096 features or more, exact to rounding
        where the correlations asked for stand out, and to two digits where they
        hardly fall.

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
    ridge_ : tuple of two floats
        The ridge of the images and that of the texts.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    PairMoments : What the covariance solver needs of the data, to sum anywhere.
    sklearn.cross_decomposition.CCA : Unregularised, by an iteration.

    References
    ----------
    .. [1] H. Hotelling, "Relations between two sets of variates", Biometrika
       28(3/4), 1936.
    .. [2] H. D. Vinod, "Canonical ridge and econometrics of joint production",
       Journal of Econometrics 4(2), 1976.
    .. [3] Y. Gong, Q. Ke, M. Isard, S. Lazebnik, "A multi-view embedding space for
       modeling internet images, tags, and their semantics", IJCV 106(2), 2014.
    .. [4] C. Musco, C. Musco, "Randomized block Krylov methods for stronger and
       faster approximate singular value decomposition", NeurIPS 2015, algorithm 2.

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
        "ridge": [
            Interval(Real, 0, None, closed="left"),
            tuple,
            list,
            StrOptions({"auto"}),
        ],
        "power": [Interval(Real, 0, None, closed="left")],
        "scale": ["boolean"],
        "solver": [StrOptions({"auto", "covariance", "gram", "sparse", "randomized"})],
    }

    def __init__(
        self, n_components=None, *, ridge=0.3, power=1.0, scale=True, solver="auto"
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
        problem = self._problem(len(pairs))
        self._folds = None
        return self._keep(solve_pairs(pairs, problem, self.solver), problem)

    def fit_transform(self, X, y=None):
        """Fit, then project both views, as `sklearn.cross_decomposition.CCA` does.

        Parameters
        ----------
        X : ImageTextPairs or {array-like, sparse matrix}
            As for `fit`.
        y : {array-like, sparse matrix} of shape (n_pairs, n_text_features)
            As for `fit`.

        Returns
        -------
        projected : ImageTextPairs or tuple of two ndarrays
            As from ``transform(X, y)``.
        """
        return self.fit(X, y).transform(X, y)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Add pairs to those of earlier calls.

        The result is that of `fit` on all pairs at once, in any order and however
        they are cut up. It is worked out when it is first asked for. Chunks in
        float32 are multiplied in float32, good to about 1e-7 of the variances: pass
        float64 if features are nearly collinear and the ridge is tiny.

        Parameters
        ----------
        X : ImageTextPairs, array-like or PairMoments
            As for `fit`, or moments that were summed elsewhere.
        y : array-like of shape (n_pairs, n_text_features)
            As for `fit`.

        Returns
        -------
        self : CCA
            The aligner. `fit` keeps no sums, so that the first call after it
            begins anew.
        """
        first = getattr(self, "_folds", None) is None
        if not isinstance(X, PairMoments):
            X = self._check_fit(X, y, accept_sparse="csr", reset=first, min_pairs=1)
        else:
            self._check_moments(X, reset=first)
        self._problem(0)
        self._folds = add_to_folds(
            None if first else self._folds, X, choose=self.ridge == "auto"
        )
        self._solution = None
        return self

    def _check_moments(self, moments, *, reset):
        if moments.n_pairs == 0:
            raise ValueError(f"{moments!r} hold nothing to learn. Add pairs to them.")
        if reset:
            self.n_features_in_ = len(moments.image_mean)
            self.n_text_features_in_ = len(moments.text_mean)
        moments._check_widths(self.n_features_in_, self.n_text_features_in_)

    def _problem(self, n_pairs):
        """What is asked for, checked against the widths of the views."""
        widths = self.n_features_in_, self.n_text_features_in_
        n_components = count_components(self.n_components, *widths)
        strengths = read_ridge(self.ridge)
        if strengths is not None:
            warn_of_exact_fits(widths, n_pairs, strengths)
        penalties = tuple(
            Penalty(strength, scale=self.scale) for strength in strengths or (0.0, 0.0)
        )
        randomized = self.solver == "randomized"
        return Problem(n_components, penalties, strengths is None, randomized)

    def _keep(self, solution, problem):
        solution.directions = filled(
            solution.directions, problem.n_components, self.n_components
        )
        self._solution = solution
        return self

    @property
    def _solved(self):
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"This {type(self).__name__} is not fitted yet.")
        if self._solution is None:
            n_pairs = sum(fold.n_pairs for fold in self._folds)
            problem = self._problem(n_pairs)
            self._keep(solve_moments(self._folds, problem), problem)
        return self._solution

    @property
    def correlations_(self):
        """Regularised correlations, in descending order."""
        return self._solved.directions.correlations

    @property
    def image_weights_(self):
        """Directions of the images, a column each."""
        return self._solved.directions.image_weights

    @property
    def text_weights_(self):
        """Directions of the texts, a column each."""
        return self._solved.directions.text_weights

    @property
    def image_mean_(self):
        """Mean of the images over the pairs."""
        return self._solved.means[0]

    @property
    def text_mean_(self):
        """Mean of the texts."""
        return self._solved.means[1]

    @property
    def ridge_(self):
        """The ridge of the images and that of the texts."""
        return self._solved.ridge

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_solution")
