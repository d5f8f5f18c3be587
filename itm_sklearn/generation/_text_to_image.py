"""Images for texts, by networks that draw.

`_drawing_training.py` has what happens while it learns, `_drawing.py` what it can be
asked. The networks are in `_torch/_image_prior.py`, `_gan.py` and `_cvae.py`.
"""

from numbers import Integral, Real

from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.generation._drawing import DrawingMixin
from itm_sklearn.generation._drawing_training import METHODS, DrawingTrainingMixin
from itm_sklearn.generation._inputs import paired_texts

__all__ = ["TextToImage"]

_POSITIVE = Interval(Integral, 1, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")


class TextToImage(DrawingTrainingMixin, DrawingMixin, BaseEstimator):
    """Draw images that show what texts say: samples of P(x | y).

    Parameters
    ----------
    method : {"vqvae-gpt2", "gan", "cvae"}, default="vqvae-gpt2"
        What draws. "vqvae-gpt2": images are made of the codes of a `VQVAE`, and a
        GPT-2 writes texts and codes in one vocabulary [1]_. "gan": a generator
        learns to pass a discriminator that also refuses real images with wrong
        texts [2]_. "cvae": a variational autoencoder whose two halves are told the
        text [3]_.
    encoder : VQVAE, default=None
        The codes of "vqvae-gpt2"; what is fitted is used as it is, otherwise a copy
        is fitted. None means ``VQVAE(image_size=image_size)``.
    guidance : estimator, default=None
        A fitted matcher whose gradient tells the generator of "gan" what is missing.
        It makes the first passes worth more; after many there is little left to say.
    matcher : estimator, default=None
        A fitted matcher that chooses among `n_candidates` images. None takes
        `guidance`.
    n_candidates : int, default=1
        Images drawn for each text in `predict`, of which the best is kept.
    n_components : int, default=128
        Width of words and layers.
    n_layers : int, default=2
        Layers of what writes; of "gan" and "cvae" the most figures that they paint
        on a ground.
    n_latents : int, default=64
        Width of the noise of "gan" and "cvae".
    dropout : float, default=0.1
        Share of the layers that is left out in training.
    text_dropout : float, default=0.0
        Share of the texts that are left out in training of "vqvae-gpt2", so that
        `text_weight` has something to compare with.
    text_weight : float, default=1.0
        Above 1, "vqvae-gpt2" prefers codes that are more probable with the text than
        without it [4]_.
    temperature : float, default=1.0
        Below 1, images are drawn more carefully and are more alike.
    image_size : int, default=32
        Side in pixels of the square images.
    min_count : int, default=1
        How often a word has to occur to be learned.
    max_length : int, default=None
        The most tokens of a text that are read. None is the length of the longest
        one learned from.
    augment : callable, default=None
        From images (n, size, size, 3) of uint8, texts and a `RandomState` to such
        images and texts, for each batch: pictures mirrored together with their
        texts, for example.
    max_iter : int, default=10
        Passes over the pairs.
    batch_size : int, default=64
        Pairs in a step. Small data are cut into smaller batches.
    learning_rate : float, default=None
        Highest step size. None takes what suits the method.
    weight_decay : float, default=0.01
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to stop after `n_iter_no_change` passes without improvement on
        images that are held out.
    validation_fraction : float, default=0.1
        Share of the images to hold out for early stopping.
    n_iter_no_change : int, default=5
        The patience of early stopping.
    device : str, default=None
        "cpu", "cuda", "mps". None takes the fastest there is.
    random_state : int, RandomState instance or None, default=None
        Draws weights, batches and the noise that images are made of. Pass an int for
        the same model in every fit. A fitted model draws the same image of a text
        every time; `sample` draws others.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        What the network learned, by the names of its parts.
    vocabulary_ : object
        With ``encode(texts)`` and ``decode(tokens)``.
    max_length_ : int
        The most tokens of a text, its end included.
    encoder_ : VQVAE
        The codes of "vqvae-gpt2"; absent otherwise.
    loss_curve_ : list of float or of list of float
        Mean loss of each pass, for each part that is trained.
    n_iter_ : int
        The pass whose weights were kept.

    See Also
    --------
    VQVAE : Images as a few codes.
    Captioner : The other way, from images to texts.

    References
    ----------
    .. [1] A. Ramesh et al., "Zero-shot text-to-image generation", ICML 2021,
       section 2.
    .. [2] S. Reed et al., "Generative adversarial text to image synthesis", ICML 2016,
       section 4.2.
    .. [3] K. Sohn, H. Lee, X. Yan, "Learning structured output representation using
       deep conditional generative models", NeurIPS 2015, section 4.
    .. [4] J. Ho and T. Salimans, "Classifier-free diffusion guidance", 2022,
       equation 6.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_scenes
    >>> from itm_sklearn.generation import TextToImage
    >>> pairs = make_scenes(32, kinds="place", image_size=16, random_state=0).pairs
    >>> model = TextToImage(
    ...     "cvae", n_components=32, image_size=16, max_iter=2, random_state=0
    ... ).fit(pairs)
    >>> model.predict(["a small red circle at the top"]).shape
    (1, 16, 16, 3)
    >>> model.sample(["a small red circle at the top"], 4).shape
    (1, 4, 16, 16, 3)
    """

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "method": [StrOptions(set(METHODS))],
        "encoder": [HasMethods(["fit", "transform", "inverse_transform"]), None],
        "guidance": [HasMethods("fit"), None],
        "matcher": [HasMethods("fit"), None],
        "n_candidates": [_POSITIVE],
        "n_components": [Interval(Integral, 32, None, closed="left")],
        "n_layers": [_POSITIVE],
        "n_latents": [_POSITIVE],
        "dropout": [_SHARE],
        "text_dropout": [_SHARE],
        "text_weight": [Interval(Real, 0, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "min_count": [_POSITIVE],
        "max_length": [Interval(Integral, 2, None, closed="left"), None],
        "augment": [callable, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        method="vqvae-gpt2",
        *,
        encoder=None,
        guidance=None,
        matcher=None,
        n_candidates=1,
        n_components=128,
        n_layers=2,
        n_latents=64,
        dropout=0.1,
        text_dropout=0.0,
        text_weight=1.0,
        temperature=1.0,
        image_size=32,
        min_count=1,
        max_length=None,
        augment=None,
        max_iter=10,
        batch_size=64,
        learning_rate=None,
        weight_decay=0.01,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.method = method
        self.encoder = encoder
        self.guidance = guidance
        self.matcher = matcher
        self.n_candidates = n_candidates
        self.n_components = n_components
        self.n_layers = n_layers
        self.n_latents = n_latents
        self.dropout = dropout
        self.text_dropout = text_dropout
        self.text_weight = text_weight
        self.temperature = temperature
        self.image_size = image_size
        self.min_count = min_count
        self.max_length = max_length
        self.augment = augment
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
        """Learn to draw.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of str
            Texts with images, or texts alone.
        y : sequence of images, default=None
            The image of each text, if X are texts. Ignored with pairs.

        Returns
        -------
        self : TextToImage
            Ready to draw.
        """
        require("torch", extra="deep", caller="TextToImage")
        self._train(paired_texts(X, y))
        return self
