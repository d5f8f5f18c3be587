"""A network that judges a text and an image by both vectors and what they share."""

from numbers import Integral

from sklearn.utils._param_validation import Interval

from itm_sklearn.matching._network import NetworkMatcher

__all__ = ["NeuralMatcher"]


class NeuralMatcher(NetworkMatcher):
    """Match by a network that sees two vectors, their distance and their product.

    The score of a pair is the cosine of its two vectors u and v, corrected by a network
    on u, v, their distance and their product in each dimension [1]_. The vectors may
    come from encoders as they are: views of different widths are projected into one
    space first, by maps that are learned too.

    Parameters
    ----------
    n_components : int, default=None
        Width that both views are projected to. None takes the width of the narrower
        view, and leaves vectors of one width, as an aligner makes them, as they are.
    hidden_layer_sizes : tuple of int, default=(128,)
        Widths of the hidden layers of that network.
    loss : {"infonce", "triplet"}, default="infonce"
        Both learn from the mismatches of a batch, of which the hard ones count:
        "infonce" weighs all by how hard they are, "triplet" takes the hardest of each
        text and of each image. Other captions of an image are no mismatches.
    margin : float, default=0.2
        How much higher a match has to score than the hardest mismatch. Only for
        "triplet".
    dropout : float, default=0.5
        Share of the hidden units that is left out in training.
    input_dropout : float, default=0.4
        Share of the features that is left out in training.
    max_iter : int, default=20
        Passes over the pairs.
    batch_size : int, default=128
        Pairs in a step, of as many different images as possible. Small data are cut
        into smaller batches, so that a pass has about ten.
    learning_rate : float, default=1e-3
        Highest step size. It rises first, then falls to zero as a cosine.
    weight_decay : float, default=0.05
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to stop after `n_iter_no_change` passes without improvement on a
        tenth (or `validation_fraction`) of the images trained on.
    validation_fraction : float, default=0.1
        Share of the images that the network is not trained on, but probabilities and
        the threshold are learned from. With 0 both are learned from the images
        trained on, and are too sure.
    n_iter_no_change : int, default=5
        The patience of early stopping.
    n_negatives : int, default=1
        Mismatches sampled for each pair to learn probabilities from. Ignored if
        labels are given.
    calibration : {"sigmoid", "isotonic"}, default="sigmoid"
        How a score becomes a probability.
    threshold : str, callable or float, default="balanced_accuracy"
        The lowest score that `predict` calls a match: the one that does best by the
        scorer of that name, or by a scorer. Or a number.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Numbers that the network calculates in while it is trained. "auto" takes
        bfloat16 where the hardware has it.
    device : str, default=None
        "cpu", "cuda", "mps". None takes the fastest there is.
    random_state : int, RandomState instance or None, default=None
        Draws weights, batches, held-out images and mismatches. Pass an int for the
        same model in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    weights_ : dict of str to ndarray
        What the network learned, by the names of its parts.
    loss_curve_ : list of float
        Mean loss of each pass.
    n_iter_ : int
        The pass whose weights were kept.
    threshold_ : float
        The lowest score that is called a match.
    calibrator_ : LogisticRegression or IsotonicRegression
        Makes probabilities of scores.
    classes_ : ndarray of shape (2,)
        0 for a mismatch, 1 for a match.
    n_features_in_ : int
        Number of features of an image.
    n_text_features_in_ : int
        Number of features of a text.

    See Also
    --------
    SimilarityMatcher : The cosine alone, with nothing to train.
    CrossAttentionMatcher : Compares regions with words.

    References
    ----------
    .. [1] A. Conneau et al., "Supervised learning of universal sentence
       representations from natural language inference data", EMNLP 2017, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.matching import NeuralMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> rng = np.random.default_rng(0)
    >>> topics = rng.normal(size=(200, 3))
    >>> images = topics @ rng.normal(size=(3, 8))
    >>> texts = topics @ rng.normal(size=(3, 5))
    >>> pairs = ImageTextPairs(images, texts)
    >>> matcher = NeuralMatcher(16, random_state=0).fit(pairs)
    >>> bool(matcher.predict(pairs).mean() > 0.8)
    True
    """

    _parameter_constraints: dict = {
        **NetworkMatcher._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "hidden_layer_sizes": ["array-like"],
    }

    def __init__(
        self,
        n_components=None,
        *,
        hidden_layer_sizes=(128,),
        loss="infonce",
        margin=0.2,
        dropout=0.5,
        input_dropout=0.4,
        max_iter=20,
        batch_size=128,
        learning_rate=1e-3,
        weight_decay=0.05,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        n_negatives=1,
        calibration="sigmoid",
        threshold="balanced_accuracy",
        precision="auto",
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.loss = loss
        self.margin = margin
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.n_negatives = n_negatives
        self.calibration = calibration
        self.threshold = threshold
        self.precision = precision
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _make_network(self):
        from itm_sklearn._torch._pair_head import PairNetwork

        widths = self.n_features_in_, self.n_text_features_in_
        n_components = self.n_components
        if n_components is None and widths[0] != widths[1]:
            n_components = min(widths)
        return PairNetwork(
            *widths,
            n_components,
            self.hidden_layer_sizes,
            self.dropout,
            self.input_dropout,
        )
