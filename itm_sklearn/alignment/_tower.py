"""Fine-tuning: networks of your own, trained on pairs together with the heads.

`ContrastiveAligner` in `_contrastive.py` trains heads alone, on features that stay
as they are.
"""

import math
from dataclasses import replace
from numbers import Integral, Real

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.alignment._network import (
    known_text_id,
    sort_by_content,
    train_contrast,
)
from itm_sklearn.base import PairTransformerMixin

__all__ = ["TowerAligner"]

_ANY_SHAPE = {"allow_nd": True, "dtype": "numeric"}
# Pairs from which threads are worth their start.
_ENOUGH_TO_SHARE = 1000


class TowerAligner(
    TrainingMixin, ClassNamePrefixFeaturesOutMixin, PairTransformerMixin, BaseEstimator
):
    """Torch modules for both views, trained so that matches are more alike.

    A tower turns a batch of items, such as pictures or numbers of tokens, into
    vectors; a linear head of each view takes these into the shared space. All of it
    is trained at once, the towers by smaller steps. Captions of an image are never
    each other's mismatches.

    Parameters
    ----------
    image_tower : torch.nn.Module, default=None
        From a tensor of images to one of vectors. It gets what the pairs hold, floats
        as float32 and integers as they are, and is copied before it is trained. None
        takes the images as vectors.
    text_tower : torch.nn.Module, default=None
        The same for texts.
    n_components : int, default=256
        Dimensions of the shared space.
    tower_share : float, default=0.1
        Step size of the towers as a share of `learning_rate`. 0 leaves their weights
        as they are.
    loss : {"infonce", "sigmoid", "triplet"}, default="infonce"
        As for `ContrastiveAligner`.
    temperature : float, default=0.07
        What similarities are divided by to begin with; "infonce" and "sigmoid"
        learn it.
    margin : float, default=0.2
        How much more alike a match has to be than the hardest mismatch. Only for
        "triplet".
    input_dropout : float, default=0.0
        Share of what comes out of the towers that is left out in training.
    max_iter : int, default=20
        Passes over the pairs.
    batch_size : int, default=128
        Pairs in a step, of as many different images as possible. Small data are cut
        into smaller batches, so that a pass has about ten.
    learning_rate : float, default=3e-3
        Highest step size. It rises first, then falls to zero as a cosine.
    weight_decay : float, default=0.01
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to hold out images and keep the weights that retrieve best among them.
    validation_fraction : float, default=0.1
        Share of the images to hold out for early stopping.
    n_iter_no_change : int, default=5
        Passes without improvement after which early stopping stops.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Numbers to calculate in while training. "auto" takes bfloat16 where the
        hardware has it.
    device : str, default=None
        "cpu", "cuda", "mps". None takes the fastest there is.
    random_state : int, RandomState instance or None, default=None
        Draws the heads, batches and what is left out. Pass an int for the same model
        in every fit.
    verbose : int, default=0
        Whether to show a progress bar over the passes.

    Attributes
    ----------
    image_network_, text_network_ : torch.nn.Sequential
        The trained ``tower``, the standardisation ``scaler`` and the ``head``.
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
        Length of the first dimension of an image.
    n_text_features_in_ : int
        Length of the first dimension of a text.

    See Also
    --------
    ContrastiveAligner : Heads alone, on features from any encoder.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> rng = np.random.default_rng(0)
    >>> pairs = ImageTextPairs(rng.random((64, 3, 8, 8)), rng.random((64, 5)))
    >>> tower = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Flatten())
    >>> aligner = TowerAligner(tower, max_iter=2, random_state=0).fit(pairs)
    >>> aligner.transform(pairs)
    ImageTextPairs(64 pairs; 64 images of float64 × 256; 64 texts of float64 × 256)
    """

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "image_tower": [HasMethods(["state_dict", "forward"]), None],
        "text_tower": [HasMethods(["state_dict", "forward"]), None],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "tower_share": [Interval(Real, 0, None, closed="left")],
        "loss": [StrOptions({"infonce", "sigmoid", "triplet"})],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "margin": [Interval(Real, 0, None, closed="left")],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    def __init__(
        self,
        image_tower=None,
        text_tower=None,
        *,
        n_components=256,
        tower_share=0.1,
        loss="infonce",
        temperature=0.07,
        margin=0.2,
        input_dropout=0.0,
        max_iter=20,
        batch_size=128,
        learning_rate=3e-3,
        weight_decay=0.01,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        precision="auto",
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.image_tower = image_tower
        self.text_tower = text_tower
        self.n_components = n_components
        self.tower_share = tower_share
        self.loss = loss
        self.temperature = temperature
        self.margin = margin
        self.input_dropout = input_dropout
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
        """Train copies of the towers with their heads.

        Parameters
        ----------
        X : ImageTextPairs or array-like
            Pairs with both views, arrays of n items of any shape; or the images.
        y : array-like of n_pairs items
            The texts, if X are images. With pairs, labels of which those that are 0
            mark rows to leave out, or None.

        Returns
        -------
        self : TowerAligner
            The fitted aligner.
        """
        require("torch", extra="deep", caller="TowerAligner")
        pairs = self._check_fit(X, y, **_ANY_SHAPE)
        pairs = sort_by_content(pairs, known_text_id(X, y))
        heads, record = self._train(pairs)
        self.image_network_, self.text_network_ = heads.image.cpu(), heads.text.cpu()
        self.temperature_ = math.exp(-heads.log_scale.item())
        self.n_iter_, self.loss_curve_ = record.best_iter, record.losses
        self.validation_scores_ = [-loss for loss in record.held_out_losses]
        return self

    def _train(self, pairs):
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        heads = self._make_heads(pairs, seed)
        record = train_contrast(
            self,
            heads,
            (pairs.images.__getitem__, pairs.texts.__getitem__),
            pairs,
            self._recipe(len(pairs)),
            seed=seed,
            n_threads=1 if len(pairs) < _ENOUGH_TO_SHARE else None,
        )
        return heads, record

    def _recipe(self, n_pairs):
        shares = dict.fromkeys(["image.tower.", "text.tower."], self.tower_share)
        return replace(super()._recipe(n_pairs), shares=shares)

    def _make_heads(self, pairs, seed):
        from itm_sklearn._torch._device import pick_device, seeded
        from itm_sklearn._torch._heads import Heads
        from itm_sklearn._torch._towers import put_head_on

        device = pick_device(self.device)
        shape = self.n_components, self.input_dropout, device
        with seeded(seed, device):
            image = put_head_on(self.image_tower, pairs.images, *shape)
            text = put_head_on(self.text_tower, pairs.texts, *shape)
        return Heads(image, text, scale=1 / self.temperature).to(device)

    def transform_image(self, X):
        """Project images into the shared space.

        Parameters
        ----------
        X : array-like of n_images items
            Images as in `fit`.

        Returns
        -------
        projected : ndarray of shape (n_images, n_components)
            Of length one; in the precision of X, or float32 for integers.
        """
        return self._embed(self._check_image(X, **_ANY_SHAPE), self.image_network_)

    def transform_text(self, y):
        """Project texts into the shared space.

        Parameters
        ----------
        y : array-like of n_texts items
            Texts as in `fit`.

        Returns
        -------
        projected : ndarray of shape (n_texts, n_components)
            Of length one; in the precision of y, or float32 for integers.
        """
        return self._embed(self._check_text(y, **_ANY_SHAPE), self.text_network_)

    def _embed(self, items, network):
        from itm_sklearn._torch._device import pick_device
        from itm_sklearn._torch._towers import embed

        vectors = embed(network, items, pick_device(self.device))
        return vectors.astype(items.dtype) if items.dtype.kind == "f" else vectors

    @property
    def _n_features_out(self):
        return self.n_components

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        takes_vectors = self.image_tower is None and self.text_tower is None
        tags.input_tags.two_d_array = takes_vectors
        tags.target_tags.required = takes_vectors
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
