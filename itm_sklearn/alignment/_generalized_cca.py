"""Canonical correlation analysis of three or more sets of features of the same pairs.

`CCA` in `_cca.py` is the case of two sets, one of images and one of texts.
"""

from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from scipy.linalg import eigh
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.alignment._covariance import Directions
from itm_sklearn.alignment._linear import CorrelationAligner, count_components, filled
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._ridge import warn_of_exact_fits
from itm_sklearn.alignment._whitening import Penalty, view_whitening

__all__ = ["GeneralizedCCA"]

# Correlations below this share of the largest are no more than rounding.
_NEGLIGIBLE = 1e-7


class GeneralizedCCA(CorrelationAligner):
    """Canonical correlation analysis of several encoders of a view at once.

    The columns of a view may come from several encoders, side by side as
    `sklearn.pipeline.make_union` puts them. Each encoder's columns are a set of their
    own, with their own ridge, and each set is projected so that all of them agree:
    the MAXVAR criterion of Kettenring [1]_. An image is the mean of what its sets
    say, and so is a text. With one set for each view this is `CCA`.

    Parameters
    ----------
    n_components : int, default=None
        Dimensions of the shared space. None takes as many as the narrowest set has
        features. Where the data hold fewer directions, the rest are zero.
    image_blocks : tuple of int, default=None
        How many columns each set of the images has, from left to right, such as
        ``(1280, 256)``. None makes the images one set.
    text_blocks : tuple of int, default=None
        The same for the texts.
    ridge : float or tuple of float, default=0.3
        Regularisation relative to the mean eigenvalue of each set: one number, or one
        for each set, those of the images first.
    power : float, default=1.0
        The projections are multiplied by the correlations to this power.
    scale : bool, default=True
        Whether to divide features by their standard deviations first.

    Attributes
    ----------
    correlations_ : ndarray of shape (n_components,)
        Mean regularised correlation between the sets along each direction, each set
        weighted by how much it takes part; in descending order.
    image_weights_ : ndarray of shape (n_image_features, n_components)
        Directions of the images, those of all sets in rows, over their number.
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
    CCA : One set for each view.

    References
    ----------
    .. [1] J. R. Kettenring, "Canonical analysis of several sets of variables",
       Biometrika 58(3), 1971.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import GeneralizedCCA
    >>> rng = np.random.default_rng(0)
    >>> topics = rng.normal(size=(200, 2))
    >>> views = [topics @ rng.normal(size=(2, width)) + rng.normal(size=(200, width))
    ...          for width in (5, 3, 4)]
    >>> images, texts = np.hstack(views[:2]), views[2]
    >>> aligner = GeneralizedCCA(2, image_blocks=(5, 3)).fit(images, texts)
    >>> aligner.correlations_.shape, aligner.transform_image(images).shape
    ((2,), (200, 2))
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "image_blocks": [tuple, list, None],
        "text_blocks": [tuple, list, None],
        "ridge": [Interval(Real, 0, None, closed="left"), tuple, list],
        "power": [Interval(Real, 0, None, closed="left")],
        "scale": ["boolean"],
    }

    def __init__(
        self,
        n_components=None,
        *,
        image_blocks=None,
        text_blocks=None,
        ridge=0.3,
        power=1.0,
        scale=True,
    ):
        self.n_components = n_components
        self.image_blocks = image_blocks
        self.text_blocks = text_blocks
        self.ridge = ridge
        self.power = power
        self.scale = scale

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Find the directions along which all sets agree.

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
        self : GeneralizedCCA
            The fitted aligner.
        """
        pairs = self._check_fit(X, y, accept_sparse="csr")
        blocks = (
            _block_widths("image", self.image_blocks, self.n_features_in_),
            _block_widths("text", self.text_blocks, self.n_text_features_in_),
        )
        widths = blocks[0] + blocks[1]
        n_components = count_components(self.n_components, *widths)
        strengths = _ridge_of_each(self.ridge, len(widths))
        warn_of_exact_fits(widths, len(pairs), strengths)
        penalties = [Penalty(strength, scale=self.scale) for strength in strengths]
        moments = PairMoments(np.float64)
        moments._add_checked(pairs.images, pairs.texts, pairs.image_index)
        directions = _agreeing_directions(moments, blocks, penalties, n_components)
        directions = filled(directions, n_components, self.n_components)
        self.correlations_ = directions.correlations
        self.image_weights_ = directions.image_weights
        self.text_weights_ = directions.text_weights
        self.image_mean_, self.text_mean_ = moments.image_mean, moments.text_mean
        return self

    def _projections(self):
        check_is_fitted(self)
        return super()._projections()


def _block_widths(name, blocks, n_features):
    """Numbers of columns that add up to those of the view."""
    if blocks is None:
        return (n_features,)
    whole = all(isinstance(width, Integral) and width > 0 for width in blocks)
    if not whole or sum(blocks) != n_features:
        raise ValueError(
            f"{name}_blocks={blocks!r} must be positive whole numbers that add up to "
            f"the {n_features} {name} features: one number of columns for each encoder."
        )
    return tuple(blocks)


def _ridge_of_each(ridge, n_sets):
    """One ridge for each set of features."""
    if isinstance(ridge, Real):
        return [ridge] * n_sets
    numbers = all(isinstance(strength, Real) and strength >= 0 for strength in ridge)
    if not numbers or len(ridge) != n_sets:
        raise ValueError(
            f"ridge={ridge!r} must be one number of at least 0, or one for each of the "
            f"{n_sets} sets of features, those of the images first."
        )
    return ridge


def _agreeing_directions(moments, blocks, penalties, n_components):
    """Directions along which all sets agree, as many as there are.

    Where each set is whitened, the covariance of all of them has identities in its
    diagonal. Its leading eigenvectors are the solution.
    """
    scatter = _joint_scatter(moments)
    sets = _whitened_sets(moments, scatter, blocks, penalties)
    values, vectors = _leading(_shared(scatter, sets), n_components)
    # From 1 where nothing agrees to the number of sets.
    correlations = (values - 1) / (len(sets) - 1)
    held = correlations > _NEGLIGIBLE * correlations[0]
    # The scatters are sums; canonical variables of two sets have unit variance.
    vectors = vectors * held * np.sqrt(len(sets) * moments.n_pairs)
    ends = np.cumsum([whitening.width for _, whitening in sets])
    weights = [
        whitening.unwhiten(part)
        for (_, whitening), part in zip(sets, np.split(vectors, ends[:-1]), strict=True)
    ]
    n_image_sets = len(blocks[0])
    return Directions(
        correlations * held,
        np.concatenate(weights[:n_image_sets]) / n_image_sets,
        np.concatenate(weights[n_image_sets:]) / len(blocks[1]),
    ).oriented(np.sqrt(np.diag(moments.image_scatter)))


def _joint_scatter(moments):
    """The scatter of the columns of both views side by side."""
    cross = moments.cross_scatter
    return np.block([[moments.image_scatter, cross], [cross.T, moments.text_scatter]])


def _leading(matrix, count):
    """The largest eigenvalues and their vectors, largest first."""
    size = len(matrix)
    largest = [size - min(count, size), size - 1]
    values, vectors = eigh(matrix, subset_by_index=largest, check_finite=False)
    return values[::-1], vectors[:, ::-1]


def _whitened_sets(moments, scatter, blocks, penalties):
    """Columns of each set among those of both views, and its whitening."""
    names = ["image"] * len(blocks[0]) + ["text"] * len(blocks[1])
    means = np.concatenate([moments.image_mean, moments.text_mean])
    edges = pairwise(np.cumsum([0, *blocks[0], *blocks[1]]))
    sets = []
    for name, penalty, (start, stop) in zip(names, penalties, edges, strict=True):
        columns = slice(start, stop)
        block = scatter[columns, columns]
        whitening = view_whitening(
            name, block, means[columns], moments.n_pairs, penalty
        )
        sets.append((columns, whitening))
    return sets


def _shared(scatter, sets):
    """What each two whitened sets share; each shares all with itself."""
    return np.block(
        [
            [
                np.eye(one.width)
                if one is other
                else other.whiten(one.whiten(scatter[rows, columns]).T).T
                for columns, other in sets
            ]
            for rows, one in sets
        ]
    )
