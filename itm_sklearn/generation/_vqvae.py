"""Images as a few codes out of a codebook, and back: the words that a prior writes.

The networks are in `_torch/_vqvae.py`; `TextToImage` learns to write such codes.
"""

from numbers import Integral
from os import PathLike

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn._views import length
from itm_sklearn.generation._inputs import image_view, load_pictures
from itm_sklearn.generation._vqvae_training import VQTrainingMixin

__all__ = ["VQVAE"]

_POSITIVE = Interval(Integral, 1, None, closed="left")


class VQVAE(
    VQTrainingMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Images as a few whole numbers, from which they can be painted again.

    An autoencoder between whose halves there are only vectors out of a codebook [1]_.
    What stands out from the picture's mean colour counts more while it learns: small
    objects are a small share of all pixels.

    Parameters
    ----------
    n_codes : int, default=256
        Vectors in the codebook. With `n_paints`, half of them are for forms.
    image_size : int, default=32
        Side in pixels of the squares that images are made into, a multiple of
        `patch_size`.
    patch_size : int, default=4
        Side in pixels of the cells that get a code each, a power of two.
    n_components : int, default=64
        Channels of the layers next to the codes.
    code_size : int, default=16
        Length of the vectors in the codebook.
    n_layers : int, default=1
        Residual blocks on either side of the codes.
    n_paints : int, default=None
        Layers of paint. Forms and colours get codes of their own then: how far pixels
        stand out becomes a grid of codes and those the outlines of the layers, a few
        more codes become their colours. So forms are known in colours that they were
        never seen in, and steps between neighbouring pixels count in the loss. None
        paints all pixels from one grid, which is better for pictures with many
        details.
    pretrained : str or path, default=None
        A ``VQModel`` of diffusers to take as it is: a directory or a name on the hub.
        `fit` then only reads it, and of the parameters above `image_size` alone
        counts.
    max_iter : int, default=10
        Passes over the images.
    batch_size : int, default=64
        Images in a step. Small data are cut into smaller batches.
    learning_rate : float, default=4e-3
        Highest step size. It rises first, then falls to zero as a cosine.
    weight_decay : float, default=0.0
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to stop after `n_iter_no_change` passes without improvement on
        images that are held out.
    validation_fraction : float, default=0.1
        Share of the images to hold out for early stopping.
    n_iter_no_change : int, default=5
        The patience of early stopping.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Numbers to calculate in while training. "auto" takes bfloat16 where the
        hardware has it.
    device : str, default=None
        "cpu", "cuda", "mps". None takes the fastest there is.
    random_state : int, RandomState instance or None, default=None
        Draws weights and batches. Pass an int for the same codes in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        What the network learned, by the names of its parts.
    usage_ : float
        Share of the codes that the images of `fit` use.
    loss_curve_ : list of float
        Mean loss of each pass.

    See Also
    --------
    TextToImage : Writes codes for texts.

    References
    ----------
    .. [1] A. van den Oord, O. Vinyals, K. Kavukcuoglu, "Neural discrete
       representation learning", NeurIPS 2017, section 3.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_scenes
    >>> from itm_sklearn.generation import VQVAE
    >>> images = make_scenes(64, image_size=16, random_state=0).pairs.images
    >>> model = VQVAE(
    ...     16, image_size=16, n_components=32, max_iter=2, random_state=0
    ... ).fit(images)
    >>> codes = model.transform(images[:3])
    >>> codes.shape
    (3, 16)
    >>> model.inverse_transform(codes).shape
    (3, 16, 16, 3)
    """

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "n_codes": [Interval(Integral, 2, None, closed="left")],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "patch_size": [Options(Integral, {4, 8, 16, 32})],
        "n_components": [Interval(Integral, 32, None, closed="left")],
        "code_size": [_POSITIVE],
        "n_layers": [_POSITIVE],
        "n_paints": [Interval(Integral, 2, None, closed="left"), None],
        "pretrained": [str, PathLike, None],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    def __init__(
        self,
        n_codes=256,
        *,
        image_size=32,
        patch_size=4,
        n_components=64,
        code_size=16,
        n_layers=1,
        n_paints=None,
        pretrained=None,
        max_iter=10,
        batch_size=64,
        learning_rate=4e-3,
        weight_decay=0.0,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        precision="auto",
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.n_codes = n_codes
        self.image_size = image_size
        self.patch_size = patch_size
        self.n_components = n_components
        self.code_size = code_size
        self.n_layers = n_layers
        self.n_paints = n_paints
        self.pretrained = pretrained
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
        """Learn a codebook, and how to paint from it.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.
        y : None
            Ignored.

        Returns
        -------
        self : VQVAE
            The fitted model.
        """
        require("torch", extra="deep", caller="VQVAE")
        images = image_view(X)
        if not length(images):
            raise ValueError("X has no images: at least one is needed.")
        if self.image_size % self.patch_size:
            raise ValueError(
                f"image_size={self.image_size} is no multiple of patch_size="
                f"{self.patch_size}. Choose one that is."
            )
        pixels = load_pictures(images, self.image_size)
        self.loss_curve_, self.n_iter_ = [], 0
        if self.pretrained is not None:
            self._read_pretrained()
        else:
            self._train(pixels)
        used = np.unique(self._encode(pixels))
        self.usage_ = len(used) / self.load_network().n_codes
        return self

    def transform(self, X):
        """The codes of each image.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.

        Returns
        -------
        codes : ndarray of int64 of shape (n_images, n_places)
            Numbers of vectors in the codebook.
        """
        check_is_fitted(self)
        images = image_view(X)
        return self._encode(load_pictures(images, self.image_size))

    def inverse_transform(self, X):
        """Images from codes.

        Parameters
        ----------
        X : array-like of int of shape (n_images, n_places)
            Codes as `transform` gives them.

        Returns
        -------
        images : ndarray of uint8 of shape (n_images, image_size, image_size, 3)
            The painted images.
        """
        from itm_sklearn._torch._vqvae import decode_codes

        network = self.load_network()
        codes = check_array(X, dtype=np.int64, ensure_min_samples=0, input_name="X")
        if codes.shape[1] != network.n_places:
            raise ValueError(
                f"X has {codes.shape[1]} codes an image, but an image has "
                f"{network.n_places}. Pass what `transform` gives."
            )
        if codes.size and not 0 <= codes.min() <= codes.max() < network.n_codes:
            raise ValueError(
                f"X has codes from {codes.min()} to {codes.max()}, but they go from 0 "
                f"to {network.n_codes - 1}. Pass what `transform` gives."
            )
        return decode_codes(network, codes)

    def score(self, X, y=None, sample_weight=None):
        """Peak signal-to-noise ratio of the images painted again.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_images,), default=None
            Weights of the images.

        Returns
        -------
        score : float
            In decibels, the mean over images; higher is better.
        """
        check_is_fitted(self)
        pixels = load_pictures(image_view(X), self.image_size)
        painted = self.inverse_transform(self._encode(pixels))
        errors = ((painted.astype(np.float32) - pixels) ** 2).mean(axis=(1, 2, 3))
        # A perfect image would have no finite ratio: half a level is counted at least.
        ratios = 10 * np.log10(255**2 / np.maximum(errors, 0.25))
        return float(np.average(ratios, weights=sample_weight))

    @property
    def _n_features_out(self):
        return self.load_network().n_places

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
