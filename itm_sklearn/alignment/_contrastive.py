"""Contrastive learning: networks that bring matches together and the rest apart.

Where CCA solves for the best linear maps, this trains a network for each view, by
the loop in `_torch/_train.py` and the losses in `_torch/_losses.py`.
"""

import math
from dataclasses import replace
from numbers import Real

from sklearn.base import _fit_context
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn.alignment._network import NetworkAligner, train_contrast

__all__ = ["ContrastiveAligner"]

# Similarity from which the sigmoid loss calls a pair a match, to begin with.
_FIRST_OFFSET = 0.4


class ContrastiveAligner(NetworkAligner):
    """Networks for both views, trained so that matches are more alike than others.

    All captions of an image match it, and a text that several images share matches
    all of them: neither is ever pushed apart.

    Parameters
    ----------
    n_components : int, default=512
        Dimensions of the shared space.
    loss : {"infonce", "sigmoid", "triplet"}, default="infonce"
        "infonce" picks out a match among all mismatches in a batch [1]_, "sigmoid"
        judges each text with each image by itself [2]_, "triplet" keeps the
        hardest mismatch at a distance [3]_.
    hidden_layer_sizes : tuple of int, default=()
        Widths of the hidden layers of each network. Without any the maps are
        linear, which is best on top of good encoders.
    dropout : float, default=0.5
        Share of the hidden units that is left out in training.
    input_dropout : float, default=0.2
        Share of the features that is left out in training.
    temperature : float, default=0.07
        What similarities are divided by to begin with; "infonce" and "sigmoid"
        learn it.
    margin : float, default=0.2
        How much more alike a match has to be than the hardest mismatch. Only for
        "triplet".
    scale : bool, default=False
        Whether to divide each feature by its own deviation. Otherwise all features
        of a view are divided by one number, which leaves the noise in features
        that hardly vary as small as it is.
    max_iter : int, default=20
        Passes over the pairs.
    batch_size : int, default=512
        Pairs in a step, of as many different images as possible. More pairs make
        the choice harder, and mostly the result better. Small data are cut into
        smaller batches, so that a pass has about ten.
    learning_rate : float or "auto", default="auto"
        Highest step size. It rises first, then falls to zero as a cosine. "auto" is
        0.03 over the root of the width of the narrower view, at most 0.01.
    weight_decay : float, default=0.01
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to hold out images and to keep the weights that retrieve best among
        them. Training stops after `n_iter_no_change` passes without improvement.
    validation_fraction : float, default=0.1
        Share of the images to hold out for early stopping.
    n_iter_no_change : int, default=5
        The patience of early stopping.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Numbers that the networks calculate in while they are trained. "auto" takes
        bfloat16 where the hardware has it, which is twice as fast or more.
    device : str, default=None
        Where to train: "cpu", "cuda", "mps". None takes the fastest there is. The
        fitted aligner works without.
    random_state : int, RandomState instance or None, default=None
        Draws weights, batches and what is left out. Pass an int for the same model
        in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    image_layers_, text_layers_ : list of (ndarray, ndarray)
        Weights and biases of each layer.
    image_mean_, image_scale_, text_mean_, text_scale_ : ndarray
        What is subtracted from the features first, and what they are divided by.
    temperature_ : float
        The learned temperature.
    loss_curve_ : list of float
        Mean loss of each pass.
    validation_scores_ : list of float
        Mean recall among the held-out images after each pass; empty without early
        stopping.
    n_iter_ : int
        The pass whose weights were kept.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : The linear maps that correlate most, in closed form.
    DeepCCA : Networks that correlate most.

    References
    ----------
    .. [1] A. van den Oord, Y. Li, O. Vinyals, "Representation learning with
       contrastive predictive coding", 2018, equation 4.
    .. [2] X. Zhai et al., "Sigmoid loss for language image pre-training",
       ICCV 2023, section 3.2.
    .. [3] F. Faghri et al., "VSE++: Improving visual-semantic embeddings with hard
       negatives", BMVC 2018, equation 6.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import ContrastiveAligner
    >>> rng = np.random.default_rng(0)
    >>> topics = rng.normal(size=(200, 3))
    >>> images = topics @ rng.normal(size=(3, 8))
    >>> texts = topics @ rng.normal(size=(3, 5))
    >>> aligner = ContrastiveAligner(16, random_state=0).fit(images, texts)
    >>> projected_images, projected_texts = aligner.transform(images, texts)
    >>> nearest = (projected_texts @ projected_images.T).argmax(axis=1)
    >>> bool((nearest == np.arange(200)).mean() > 0.5)
    True
    """

    _parameter_constraints: dict = {
        **NetworkAligner._parameter_constraints,
        "loss": [StrOptions({"infonce", "sigmoid", "triplet"})],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "margin": [Interval(Real, 0, None, closed="left")],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    def __init__(
        self,
        n_components=512,
        *,
        loss="infonce",
        hidden_layer_sizes=(),
        dropout=0.5,
        input_dropout=0.2,
        temperature=0.07,
        margin=0.2,
        scale=False,
        max_iter=20,
        batch_size=512,
        learning_rate="auto",
        weight_decay=0.01,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        precision="auto",
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.temperature = temperature
        self.margin = margin
        self.scale = scale
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.precision = precision
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Train both networks from scratch.

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
        self : ContrastiveAligner
            The fitted aligner.
        """
        pairs = self._begin(X, y)
        self._train(pairs, self._recipe(len(pairs)))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Train on with one pass over these pairs.

        The first call decides how features are standardised. The step size stays
        at `learning_rate`, and there is no early stopping.

        Parameters
        ----------
        X : ImageTextPairs or {array-like, sparse matrix}
            As for `fit`.
        y : {array-like, sparse matrix} of shape (n_pairs, n_text_features)
            As for `fit`.

        Returns
        -------
        self : ContrastiveAligner
            The aligner.
        """
        if hasattr(self, "image_layers_"):
            pairs = self._sort(X, y, reset=False)
        else:
            pairs = self._begin(X, y)
        steady = {"warmup": 0.0, "decay": False, "validation_fraction": 0.0}
        self._train(
            pairs, replace(self._recipe(len(pairs)), max_iter=1, **steady), go_on=True
        )
        return self

    def _begin(self, X, y):
        """Forget what was learned; pairs to start from."""
        pairs = self._sort(X, y, reset=True)
        self._learn_scales(pairs)
        self._draw_layers()
        self.temperature_, self._offset = self.temperature, _FIRST_OFFSET
        self.n_iter_, self._optimizer_states = 0, None
        self.loss_curve_, self.validation_scores_ = [], []
        return pairs

    def _train(self, pairs, recipe, *, go_on=False):
        heads = self._load_heads(1 / self.temperature_, self._offset)
        record = train_contrast(
            self,
            heads,
            [view.rows for view in self._views(pairs)],
            pairs,
            recipe,
            optimizer_states=self._optimizer_states,
            seed=self._seed + self.n_iter_,
            n_threads=self._n_threads(recipe.batch_size),
        )
        self._keep_heads(heads)
        self._keep_record(record, heads, go_on)

    def _keep_record(self, record, heads, go_on):
        self.temperature_ = math.exp(-heads.log_scale.item())
        self._offset = heads.offset.item()
        self.n_iter_ += record.best_iter
        self.loss_curve_ += record.losses
        self.validation_scores_ += [-loss for loss in record.held_out_losses]
        if go_on:
            self._optimizer_states = record.optimizer_states

    def _finish(self, output, view):
        return normalize(output)
