"""Images and texts from one hidden vector, each of which may be missing.

`_joint_views.py` has what a trained one can be asked. `TextToImage` draws images of
given texts and does nothing else.
"""

from numbers import Integral, Real

from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval

from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.generation._drawing_training import DrawingTrainingMixin
from itm_sklearn.generation._inputs import captioned_pairs
from itm_sklearn.generation._joint_views import JointViewsMixin

__all__ = ["JointVAE"]

_POSITIVE = Interval(Integral, 1, None, closed="left")


class JointVAE(
    DrawingTrainingMixin,
    JointViewsMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """A variational autoencoder of pairs: P(x, y), with either view left out at will.

    Each view is an expert on a hidden vector z, and the product of their densities is
    what both say of it [1]_. Images are painted, and texts written, from z. What a
    single view says is pulled towards what both say [2]_, so that a text leads to
    images and an image to texts.

    Parameters
    ----------
    n_latents : int, default=32
        Width of z.
    n_components : int, default=128
        Width of words and layers, at least 32.
    n_layers : int, default=2
        Layers of what writes.
    dropout : float, default=0.1
        Share of its layers that is left out in training.
    text_weight : float, default=20.0
        How much the probability of a text counts beside that of an image, which has
        many more numbers than a text has words.
    image_size : int, default=32
        Side in pixels of the square images.
    min_count : int, default=1
        How often a word has to occur to be learned.
    max_length : int, default=None
        The most tokens of a text. None is the length of the longest one learned from.
    n_beams : int, default=3
        Beginnings of texts that beam search follows at a time.
    augment : callable, default=None
        As for `TextToImage`.
    max_iter : int, default=10
        Passes over the pairs.
    batch_size : int, default=64
        Pairs in a step. Small data are cut into smaller batches.
    learning_rate : float, default=None
        Highest step size; None takes 0.002.
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
        Draws weights, batches and what `sample` starts from. Pass an int for the same
        model in every fit.
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
    loss_curve_ : list of float
        Mean loss of each pass.
    n_iter_ : int
        The pass whose weights were kept.

    See Also
    --------
    TextToImage : Draws images for texts, and does nothing else.
    Captioner : Writes texts for images, and does nothing else.

    References
    ----------
    .. [1] M. Wu and N. Goodman, "Multimodal generative models for scalable
       weakly-supervised learning", NeurIPS 2018, section 2.2.
    .. [2] M. Suzuki, K. Nakayama, Y. Matsuo, "Joint multimodal learning with deep
       generative models", 2016, section 3.3.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_scenes
    >>> from itm_sklearn.generation import JointVAE
    >>> pairs = make_scenes(32, kinds="place", image_size=16, random_state=0).pairs
    >>> model = JointVAE(8, n_components=32, image_size=16, max_iter=2, random_state=0)
    >>> model.fit(pairs).transform(pairs).shape == (len(pairs), 8)
    True
    >>> model.predict_image(["a small red circle at the top"]).shape
    (1, 16, 16, 3)
    >>> len(model.predict_text(pairs.images[:2]))
    2
    >>> model.sample(3)
    ImageTextPairs(3 pairs; 3 images of uint8 × 16 × 16 × 3; 3 texts of str)
    """

    # What a model that draws may have and this one has not.
    guidance = None

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "n_latents": [_POSITIVE],
        "n_components": [Interval(Integral, 32, None, closed="left")],
        "n_layers": [_POSITIVE],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "text_weight": [Interval(Real, 0, None, closed="neither")],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "min_count": [_POSITIVE],
        "max_length": [Interval(Integral, 2, None, closed="left"), None],
        "n_beams": [_POSITIVE],
        "augment": [callable, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(
        self,
        n_latents=32,
        *,
        n_components=128,
        n_layers=2,
        dropout=0.1,
        text_weight=20.0,
        image_size=32,
        min_count=1,
        max_length=None,
        n_beams=3,
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
        self.n_latents = n_latents
        self.n_components = n_components
        self.n_layers = n_layers
        self.dropout = dropout
        self.text_weight = text_weight
        self.image_size = image_size
        self.min_count = min_count
        self.max_length = max_length
        self.n_beams = n_beams
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
        """Learn what images and texts have in common.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            Pairs with both views, or images alone.
        y : sequence of str or of lists of str, default=None
            The texts, if X are images. Ignored with pairs.

        Returns
        -------
        self : JointVAE
            The fitted model.
        """
        require("torch", extra="deep", caller="JointVAE")
        self._train(captioned_pairs(X, y))
        return self

    def _fit_pictures(self, pixels):
        """There is no model of the pictures alone."""

    def _make_network(self):
        from itm_sklearn._torch._drawing import DrawingSizes
        from itm_sklearn._torch._joint_vae import JointNetwork

        return JointNetwork(
            DrawingSizes(
                n_words=len(self.vocabulary_),
                length=self.max_length_ + 1,
                image_size=self.image_size,
                n_components=self.n_components,
                n_layers=self.n_layers,
                n_latents=self.n_latents,
                dropout=self.dropout,
                text_weight=self.text_weight,
            )
        )
