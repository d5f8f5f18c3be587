"""Fisher vectors: how an image would change a mixture of Gaussians."""

import warnings
from numbers import Real

import numpy as np
from scipy.special import logsumexp
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import Interval

from itm_sklearn.image._encoders import AT_LEAST_ONE
from itm_sklearn.image._pooling import DescriptorPooling, check_enough, signed_power
from itm_sklearn.image._words import WordFinder, learn_words

# Keeps the variance of a Gaussian on equal descriptors above zero.
_LEAST_VARIANCE = 1e-6


class FisherVector(DescriptorPooling):
    """Gradients of a Gaussian mixture with respect to its means and variances.

    The mixture is a vocabulary with soft borders. For each Gaussian, an image is
    described by how far its descriptors lie from the mean and how much more or
    less they spread, both in standard deviations [1]_.

    Parameters
    ----------
    n_words : int, default=32
        Gaussians in the mixture.
    descriptor_size : int or None, default=64
        Descriptors are first reduced to this many principal components, as the
        Gaussians assume that values do not correlate. None leaves them.
    power : float, default=0.5
        Values are raised to this power under their sign, before rows are scaled to
        length 1. 1 changes nothing.
    n_samples : int, default=100_000
        Descriptors that the mixture is learned from, at most.
    max_iter : int, default=30
        Rounds of expectation maximisation at most.
    random_state : int, RandomState or None, default=None
        For the sample and the beginning of the mixture.
    verbose : int, default=0
        Whether to show progress bars.

    Attributes
    ----------
    mixture_ : sklearn.mixture.GaussianMixture
        With diagonal covariances.
    pca_ : sklearn.decomposition.PCA or None
        What reduces the descriptors.

    See Also
    --------
    VLAD : Hard assignment and means only; faster.

    References
    ----------
    .. [1] J. Sánchez et al., "Image classification with the Fisher vector: theory
       and practice", International Journal of Computer Vision 105, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import FisherVector
    >>> random = np.random.default_rng(0)
    >>> images = [random.normal(size=(20, 8)) for _ in range(5)]
    >>> fisher = FisherVector(3, descriptor_size=4, random_state=0)
    >>> fisher.fit_transform(images).shape
    (5, 24)
    """

    _parameter_constraints: dict = {
        **DescriptorPooling._parameter_constraints,
        "n_words": [AT_LEAST_ONE],
        "descriptor_size": [AT_LEAST_ONE, None],
        "power": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        n_words=32,
        *,
        descriptor_size=64,
        power=0.5,
        n_samples=100_000,
        max_iter=30,
        random_state=None,
        verbose=0,
    ):
        self.n_words = n_words
        self.descriptor_size = descriptor_size
        self.power = power
        self.n_samples = n_samples
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose

    def _learn(self, sample, random):
        if sample.dtype == np.uint8:
            raise TypeError(
                f"Descriptors of {sample.shape[1]} uint8 are bits, which no Gaussian "
                "describes. Use BagOfVisualWords or VLAD with ORB."
            )
        check_enough(sample, "n_words", self.n_words)
        self._kind = sample[:0]
        self.pca_ = None
        # As many components as descriptors or values are the most there can be.
        size = min(self.descriptor_size or sample.shape[1], *sample.shape)
        if size < sample.shape[1]:
            self.pca_ = PCA(size, random_state=random).fit(sample)
        points = self._reduce(sample)
        words = learn_words(points, self.n_words, max_iter=5, random_state=random)
        self.mixture_ = self._fit_mixture(points, words, random)

    def _fit_mixture(self, points, words, random):
        """A mixture that begins with the words, their shares and their spread."""
        labels, _ = WordFinder(words).nearest(points)
        shares = np.bincount(labels[:, 0], minlength=len(words)) + 1.0
        variance = points.var(axis=0) + _LEAST_VARIANCE
        mixture = GaussianMixture(
            len(words),
            covariance_type="diag",
            reg_covar=_LEAST_VARIANCE,
            max_iter=self.max_iter,
            weights_init=shares / shares.sum(),
            means_init=words,
            precisions_init=np.tile(1 / variance, (len(words), 1)),
            random_state=random,
        )
        with warnings.catch_warnings():
            # A mixture close to its optimum serves as well.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return mixture.fit(points)

    def _reduce(self, descriptors):
        if self.pca_ is not None and len(descriptors):
            descriptors = self.pca_.transform(descriptors)
        return descriptors.astype(np.float32, copy=False)

    def _pool_batch(self, batch):
        batch.check_like(self._kind)
        points = self._reduce(batch.descriptors)
        rows = np.zeros((len(batch), self._n_features_out), dtype=np.float32)
        for row, count in enumerate(batch.counts):
            if count:
                own = slice(batch.offsets[row], batch.offsets[row + 1])
                rows[row] = self._gradient(points[own])
        return normalize(signed_power(rows, self.power), copy=False)

    def _gradient(self, points):
        """Equations 17 and 18 of [1]_, from sums over the descriptors."""
        weights, means = self.mixture_.weights_[:, None], self.mixture_.means_
        variances = self.mixture_.covariances_
        shares = self._posteriors(points)
        zeroth = shares.sum(axis=0)[:, None] / len(points)
        first = shares.T @ points / len(points)
        second = shares.T @ points**2 / len(points)
        by_mean = (first - means * zeroth) / np.sqrt(weights * variances)
        spread = second - 2 * means * first + (means**2 - variances) * zeroth
        by_variance = spread / (np.sqrt(2 * weights) * variances)
        return np.concatenate([by_mean.ravel(), by_variance.ravel()])

    def _posteriors(self, points):
        """Share of each Gaussian in each descriptor, as two matrix products."""
        means, variances = self.mixture_.means_, self.mixture_.covariances_
        constant = np.log(self.mixture_.weights_)
        constant = constant - 0.5 * (np.log(variances) + means**2 / variances).sum(
            axis=1
        )
        logarithms = (
            points @ (means / variances).T - 0.5 * points**2 @ (1 / variances).T
        )
        logarithms += constant
        return np.exp(logarithms - logsumexp(logarithms, axis=1, keepdims=True))

    @property
    def _n_features_out(self):
        return 2 * self.mixture_.means_.size
