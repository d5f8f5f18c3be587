"""A small network that learns which features of both views tell the target.

The fusions beside it learn nothing, or a single weight.
"""

from numbers import Integral, Real

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, _fit_context
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

from itm_sklearn._optional import require
from itm_sklearn.fusion._pair_fusion import PairFusionMixin
from itm_sklearn.pairs import as_pairs

__all__ = ["NeuralFusion"]

_POSITIVE = Interval(Integral, 1, None, closed="left")
# Small data are cut into smaller batches, but not smaller than this.
_SMALLEST_BATCH = 16


class NeuralFusion(PairFusionMixin, BaseEstimator):
    """Fuse both vectors of each pair by a network that was trained to tell `y`.

    The views may have different widths and scales.

    Parameters
    ----------
    n_components : int, default=64
        Width of the fused vectors.
    method : {"gated", "bilinear"}, default="gated"
        "gated" mixes both views; for each pair and feature a gate decides how much
        the image counts and how much the text [1]_. "bilinear" multiplies both
        views, a bilinear map of low rank [2]_: better where the target lies in how
        they go together, as for matches.
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
        Where to train: "cpu", "cuda", "mps". None takes the fastest there is. The
        fitted fusion works without.
    random_state : int, RandomState instance or None, default=None
        Draws weights, batches and what is left out. Pass an int for the same model
        in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    layers_ : list of (ndarray, ndarray)
        Weights and biases for the image, for the text and, if gated, for the gate,
        of both side by side.
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
    _parameter_constraints: dict = {
        "n_components": [_POSITIVE],
        "method": [StrOptions({"gated", "bilinear"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_iter": [_POSITIVE],
        "batch_size": [_POSITIVE],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_POSITIVE],
        "device": [str, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
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
            Feature vectors of both views.
        y : array-like of shape (n_pairs,) or (n_pairs, n_outputs), default=None
            Classes, or numbers to predict. None has the network tell the pairs from
            mismatches.

        Returns
        -------
        self : NeuralFusion
            The fitted fusion.
        """
        require("torch", extra="deep", caller="NeuralFusion")
        images, texts, image_index = self._check_views(X, reset=True)
        kind, targets = _read_target(y, len(texts))
        scalers = [StandardScaler().fit(view) for view in (images, texts)]
        images, texts = scalers[0].transform(images), scalers[1].transform(texts)
        views = images[image_index], texts, targets, kind
        layers = self._train(views, image_index, as_pairs(X).relevance())
        self.layers_ = _take_in(layers, scalers)
        return self

    def _train(self, views, image_index, relevance):
        from itm_sklearn._torch._device import pick_device, seeded
        from itm_sklearn._torch._fusion import fusion_loss
        from itm_sklearn._torch._train import train

        images, texts, targets, kind = views

        def matches(rows, others):
            found = relevance[rows, image_index[others]]
            return np.asarray(found, dtype=bool).ravel()

        seed = check_random_state(self.random_state).randint(2**31 - 1)
        with seeded(seed):
            network = self._make_network(targets, kind).to(pick_device(self.device))
        loss = fusion_loss(network, images, texts, targets, kind=kind, matches=matches)
        record = train(
            network,
            image_index,
            loss,
            self._recipe(len(texts)),
            seed=seed,
            n_threads=1,
            verbose=self.verbose,
        )
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter
        return network.get_layers()

    def _make_network(self, targets, kind):
        from itm_sklearn._torch._fusion import FusionNetwork

        n_targets = {
            "classes": lambda: targets.max() + 1,
            "numbers": lambda: targets.shape[1],
            "matches": lambda: 1,
        }[kind]()
        return FusionNetwork(
            self.n_features_in_,
            self.n_text_features_in_,
            self.n_components,
            int(n_targets),
            self.method == "gated",
            self.dropout,
        )

    def _recipe(self, n_pairs):
        from itm_sklearn._torch._recipe import Recipe

        return Recipe(
            max_iter=self.max_iter,
            batch_size=min(self.batch_size, max(_SMALLEST_BATCH, n_pairs // 10)),
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            validation_fraction=self.early_stopping * self.validation_fraction,
            patience=self.n_iter_no_change,
        )

    def _feature_counts(self):
        return {"neural": self.n_components}

    def _fuse(self, images, texts):
        image, text, *gate = [
            [part.astype(images.dtype) for part in layer] for layer in self.layers_
        ]
        of_image = np.tanh(images @ image[0] + image[1])
        of_text = np.tanh(texts @ text[0] + text[1])
        if not gate:
            return of_image * of_text
        weights, bias = gate[0]
        width = images.shape[1]
        share = expit(images @ weights[:width] + texts @ weights[width:] + bias)
        return share * of_image + (1 - share) * of_text

    def __sklearn_is_fitted__(self):
        return hasattr(self, "layers_")


def _read_target(y, n_pairs):
    """What kind of target `y` is, and the target as the network is to see it."""
    if y is None:
        return "matches", None
    y = np.asarray(y)
    check_consistent_length(y, range(n_pairs))
    if type_of_target(y).startswith("continuous"):
        numbers = y.reshape(n_pairs, -1)
        return "numbers", StandardScaler().fit_transform(numbers)
    return "classes", LabelEncoder().fit_transform(y)


def _take_in(layers, scalers):
    """Layers that standardise by themselves."""
    means = [scaler.mean_ for scaler in scalers]
    scales = [scaler.scale_ for scaler in scalers]
    means.append(np.concatenate(means))
    scales.append(np.concatenate(scales))
    taken_in = []
    for (weights, bias), mean, scale in zip(layers, means, scales, strict=False):
        weights = weights / scale[:, np.newaxis]
        taken_in.append((weights, bias - mean @ weights))
    return taken_in
