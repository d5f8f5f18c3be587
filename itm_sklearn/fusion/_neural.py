"""A small network that learns which features of both views tell the target.

The fusions beside it learn nothing, or a single weight.
"""

from numbers import Integral, Real

from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.fusion._pair_fusion import PairFusionMixin
from itm_sklearn.fusion._parts import check_parts
from itm_sklearn.fusion._target import read_target
from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = ["NeuralFusion"]


class NeuralFusion(TrainingMixin, PairFusionMixin, BaseEstimator):
    """Fuse both views of each pair by a network that was trained to tell `y`.

    The views may have different widths and scales. Vectors become one vector; with
    "cross_attention" so do the regions of an image and the words of a text.

    Parameters
    ----------
    n_components : int, default=64
        Width of the fused vectors.
    method : {"gated", "bilinear", "cross_attention"}, default="gated"
        "gated" mixes both views; for each pair and feature a gate decides how much
        the image counts and how much the text [1]_. "bilinear" multiplies both
        views, a bilinear map of low rank [2]_: better where the target lies in how
        they go together, as for matches. "cross_attention" is a layer of a
        transformer in which words look at each other and at regions [3]_: better
        where it lies in a part of the image. Images are then arrays of shape
        (n_images, n_regions, width) or maps (n_images, height, width, n_channels),
        and texts arrays of shape (n_pairs, n_words, width). Rows of zeros are
        padding, and vectors count as a single part.
    dropout : float, default=0.5
        Share of the fused features that is left out in training.
    max_iter : int, default=30
        Passes over the pairs.
    batch_size : int, default=128
        Pairs in a step. Small data are cut into smaller batches.
    learning_rate : float, default=3e-3
        Highest step size. It rises first, then falls to zero as a cosine.
    weight_decay : float, default=0.1
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to hold out images and to keep the weights that do best on them.
    validation_fraction : float, default=0.1
        Share of the images to hold out for early stopping.
    n_iter_no_change : int, default=5
        Passes without improvement after which early stopping stops.
    device : str, default=None
        Where the network runs: "cpu", "cuda", "mps". None takes the fastest there
        is.
    random_state : int, RandomState instance or None, default=None
        Draws weights, batches and what is left out. Pass an int for the same model
        in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    weights_ : dict of ndarray
        Weights of the network by name.
    loss_curve_ : list of float
        Mean loss of each pass.
    n_iter_ : int
        The pass whose weights were kept.
    n_features_in_ : int
        The number of features of the images.
    n_text_features_in_ : int
        The number of features of the texts.

    References
    ----------
    .. [1] J. Arevalo, T. Solorio, M. Montes-y-Gómez, F. González, "Gated multimodal
       units for information fusion", ICLR workshop 2017, section 3.1.
    .. [2] J.-H. Kim et al., "Hadamard product for low-rank bilinear pooling",
       ICLR 2017, equation 5.
    .. [3] J. Li et al., "Align before fuse: Vision and language representation
       learning with momentum distillation", NeurIPS 2021, section 3.1.

    Examples
    --------
    The class is whether both views have the same sign, which neither shows alone:

    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from itm_sklearn.fusion import NeuralFusion
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> rng = np.random.default_rng(0)
    >>> pairs = ImageTextPairs(rng.normal(size=(300, 3)), rng.normal(size=(300, 2)))
    >>> y = pairs.images[:, 0] * pairs.texts[:, 0] > 0
    >>> fusion = NeuralFusion(method="bilinear", random_state=0)
    >>> model = make_pipeline(fusion, LogisticRegression()).fit(pairs, y)
    >>> model.score(pairs, y) > 0.9
    True
    """

    same_space = False
    _smallest_batch = 16
    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions({"gated", "bilinear", "cross_attention"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        n_components=64,
        *,
        method="gated",
        dropout=0.5,
        max_iter=30,
        batch_size=128,
        learning_rate=3e-3,
        weight_decay=0.1,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.method = method
        self.dropout = dropout
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Train the network.

        Parameters
        ----------
        X : ImageTextPairs
            Features of both views.
        y : array-like of shape (n_pairs,) or (n_pairs, n_outputs), default=None
            Classes, or numbers to predict. None has the network tell the pairs from
            mismatches.

        Returns
        -------
        self : NeuralFusion
            The fitted fusion.
        """
        require("torch", extra="deep", caller="NeuralFusion")
        pairs = ImageTextPairs(*self._check_views(X, reset=True))
        target = read_target(y, len(pairs))
        self._train(pairs, target, as_pairs(X).relevance())
        return self

    def _train(self, pairs, target, relevance):
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._device import pick_device, seeded
        from itm_sklearn._torch._fusion import fusion_loss
        from itm_sklearn._torch._matching import learn_scales
        from itm_sklearn._torch._train import train

        seed = check_random_state(self.random_state).randint(2**31 - 1)
        with seeded(seed):
            network = self._make_network(target.n_outputs)
        learn_scales(network, pairs)
        network = network.to(pick_device(self.device))
        record = train(
            network,
            pairs.image_index,
            fusion_loss(network, pairs, target, relevance),
            self._recipe(len(pairs)),
            seed=seed,
            n_threads=1,
            verbose=self.verbose,
        )
        self.weights_ = to_arrays(network)
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter

    def _make_network(self, n_outputs):
        from itm_sklearn._torch._fusion import VectorFusion
        from itm_sklearn._torch._part_fusion import PartFusion

        widths = self.n_features_in_, self.n_text_features_in_
        sizes = *widths, self.n_components, n_outputs, self.dropout
        if self.method == "cross_attention":
            return PartFusion(*sizes)
        return VectorFusion(*sizes, is_gated=self.method == "gated")

    def _fuse_pairs(self, images, texts, image_index):
        from itm_sklearn._torch._arrays import from_arrays
        from itm_sklearn._torch._fusion import fuse_in_batches

        n_outputs = len(self.weights_["target.bias"])
        network = from_arrays(
            lambda: self._make_network(n_outputs), self.weights_, self.device
        )
        return fuse_in_batches(network, images, texts, image_index)

    def _check_view(self, view, name):
        if self.method == "cross_attention":
            return check_parts(view, name)
        return super()._check_view(view, name)

    def _feature_counts(self):
        return {"neural": self.n_components}

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")
