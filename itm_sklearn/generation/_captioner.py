"""Captions for images, by networks that write while they look.

`_training.py` has what happens while it learns, `_writing.py` what it can be asked, and
`_retrieval_captioner.py` finds captions instead of writing them.
"""

from dataclasses import replace
from numbers import Integral, Real
from os import PathLike

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.generation._inputs import captioned_pairs
from itm_sklearn.generation._training import CaptionTrainingMixin
from itm_sklearn.generation._writing import WritingMixin

__all__ = ["Captioner"]

_POSITIVE = Interval(Integral, 1, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")


class Captioner(
    CaptionTrainingMixin,
    WritingMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Describe images by sentences, written word by word.

    A decoder is trained to tell the next word of a caption from the words before it
    and from the regions of the image: P(y | x) is the product of these probabilities.
    Beam search then looks for the caption with the highest one.

    Parameters
    ----------
    encoder : "cnn", transformer or torch.nn.Module, default="cnn"
        What looks at the images. "cnn" is a small network with a grid of 8 x 8
        regions, trained with the decoder. A transformer of images, such as
        ``CNNEncoder(layer="grid")`` or a fitted `Captioner`, stays as it is and sees
        each image once; it is fitted before, unless it is fitted already. A module
        takes pictures of shape (n, 3, height, width) between 0 and 1, gives maps,
        tokens or vectors, and a copy of it is trained on.
    decoder : {"transformer", "gru", "lstm", "gpt2", "gpt2-prefix"}, \
default="transformer"
        What writes. "gru" and "lstm" look at the regions between two recurrent
        layers [1]_, "transformer" in each layer [2]_. "gpt2" is a GPT-2 with
        cross-attention; "gpt2-prefix" gets a few tokens made of the regions in front
        of the caption [3]_.
    n_components : int, default=128
        Width of words and regions, at least 32.
    n_layers : int, default=2
        Layers of "transformer" and "gpt2".
    n_region_layers : int, default=0
        Layers in which the regions look at each other first.
    dropout : float, default=0.1
        Share of the layers that is left out in training.
    input_dropout : float, default=0.0
        Share of the encoder's features that is left out in training.
    pretrained : str or path, default=None
        A GPT-2 of the Hugging Face kind to start from: a directory or a name on the
        hub. Its tokenizer takes the place of whole words.
    image_size : int, default=64
        Side in pixels of the squares that "cnn" or a module sees.
    min_count : int, default=1
        How often a word has to occur to be learned.
    max_length : int, default=None
        The most tokens of a caption. None is the length of the longest one learned
        from.
    n_beams : int, default=3
        Beginnings that beam search follows at a time; 1 takes the best word each
        time.
    length_penalty : float, default=1.0
        Captions are compared by log P / length ** length_penalty.
    max_iter : int, default=10
        Passes over the captions.
    batch_size : int, default=64
        Captions in a step, of as many different images as possible. Small data are
        cut into smaller batches.
    learning_rate : float, default=1e-3
        Highest step size. It rises first, then falls to zero as a cosine.
    weight_decay : float, default=0.05
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
        Draws weights, batches and what is left out. Pass an int for the same model
        in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        What the network learned, by the names of its parts.
    vocabulary_ : object
        With ``encode(texts)`` and ``decode(tokens)``.
    max_length_ : int
        The most tokens of a caption, its end included.
    grid_shape_ : tuple of int
        Number and width of the regions.
    loss_curve_ : list of float
        Mean loss of a word in each pass.
    n_iter_ : int
        The pass whose weights were kept.

    See Also
    --------
    RetrievalCaptioner : Captions found among those of other images.
    itm_sklearn.metrics.exact_match : Judges captions by what they state.

    References
    ----------
    .. [1] K. Xu et al., "Show, attend and tell: neural image caption generation with
       visual attention", ICML 2015, section 3.
    .. [2] A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.
    .. [3] R. Mokady, A. Hertz, A. H. Bermano, "ClipCap: CLIP prefix for image
       captioning", 2021, section 3.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_scenes
    >>> from itm_sklearn.generation import Captioner
    >>> pairs = make_scenes(32, image_size=16, random_state=0).pairs
    >>> captioner = Captioner(
    ...     n_components=32, image_size=16, max_iter=2, n_beams=1, random_state=0
    ... )
    >>> captions = captioner.fit(pairs).predict(pairs.images[:2])
    >>> len(captions)
    2
    >>> captioner.score_pairs(pairs).shape
    (98,)
    >>> captioner.transform(pairs.images).shape
    (32, 8, 8, 32)
    """

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "encoder": [
            StrOptions({"cnn"}),
            HasMethods(["fit", "transform"]),
            HasMethods(["state_dict", "forward"]),
        ],
        "decoder": [StrOptions({"transformer", "gru", "lstm", "gpt2", "gpt2-prefix"})],
        "n_components": [Interval(Integral, 32, None, closed="left")],
        "n_layers": [_POSITIVE],
        "n_region_layers": [Interval(Integral, 0, None, closed="left")],
        "dropout": [_SHARE],
        "input_dropout": [_SHARE],
        "pretrained": [str, PathLike, None],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "min_count": [_POSITIVE],
        "max_length": [Interval(Integral, 2, None, closed="left"), None],
        "n_beams": [_POSITIVE],
        "length_penalty": [Interval(Real, 0, None, closed="left")],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    def __init__(
        self,
        encoder="cnn",
        decoder="transformer",
        *,
        n_components=128,
        n_layers=2,
        n_region_layers=0,
        dropout=0.1,
        input_dropout=0.0,
        pretrained=None,
        image_size=64,
        min_count=1,
        max_length=None,
        n_beams=3,
        length_penalty=1.0,
        max_iter=10,
        batch_size=64,
        learning_rate=1e-3,
        weight_decay=0.05,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        precision="auto",
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.encoder = encoder
        self.decoder = decoder
        self.n_components = n_components
        self.n_layers = n_layers
        self.n_region_layers = n_region_layers
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.pretrained = pretrained
        self.image_size = image_size
        self.min_count = min_count
        self.max_length = max_length
        self.n_beams = n_beams
        self.length_penalty = length_penalty
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
        """Train encoder and decoder, or the decoder alone.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            Images with captions, or images alone.
        y : sequence of str or of lists of str, default=None
            The captions of each image, if X are images. Ignored with pairs.

        Returns
        -------
        self : Captioner
            The fitted captioner.
        """
        pairs = self._check(X, y)
        weights = self._begin(pairs)
        self._train(pairs, self._recipe(len(pairs)), weights)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Train on with one pass over these captions.

        The first call decides on the words and the greatest length. The step size
        stays at `learning_rate`, and there is no early stopping.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            As for `fit`.
        y : sequence of str or of lists of str, default=None
            As for `fit`.

        Returns
        -------
        self : Captioner
            The captioner.
        """
        pairs = self._check(X, y)
        weights = None if hasattr(self, "weights_") else self._begin(pairs)
        steady = {"warmup": 0.0, "decay": False, "validation_fraction": 0.0}
        recipe = replace(self._recipe(len(pairs)), max_iter=1, **steady)
        self._train(pairs, recipe, weights, go_on=True)
        return self

    def _check(self, X, y):
        require("torch", extra="deep", caller="Captioner")
        return captioned_pairs(X, y)
