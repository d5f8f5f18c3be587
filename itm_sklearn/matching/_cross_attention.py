"""A network that looks for each word of a text among the regions of an image."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn._views import check_numbers
from itm_sklearn.matching._network import NetworkMatcher

__all__ = ["CrossAttentionMatcher"]


class CrossAttentionMatcher(NetworkMatcher):
    """Match words with regions: each looks for itself on the other side.

    Regions and words are projected into one space. Each word is compared with the
    average of the regions, in which those count most that are like it [1]_. The score
    of a pair is the mean over its words; how much each word counts is learned.

    Images are arrays of shape (n_images, n_regions, width), or maps of shape
    (n_images, height, width, n_channels) as ``CNNEncoder(layer="grid")`` gives them;
    texts are arrays of shape (n_texts, n_words, width) as
    ``TransformerTextEncoder(pooling="tokens")`` gives them. A row of zeros is padding.

    Parameters
    ----------
    n_components : int, default=256
        Dimensions of the joint space.
    attend : {"words", "regions", "both"}, default="words"
        Who looks: words at regions, regions at words, or both, whose scores are
        averaged.
    pooling : {"mean", "logsumexp"}, default="mean"
        How the cosines of the words (or regions) become one score: "logsumexp" lets
        the highest count most.
    loss : {"infonce", "triplet"}, default="infonce"
        Both learn from the mismatches of a batch, of which the hard ones count:
        "infonce" weighs all by how hard they are, "triplet" takes the hardest of each
        text and of each image [2]_. Other captions of an image are no mismatches.
    margin : float, default=0.2
        How much higher a match has to score than the hardest mismatch. Only for
        "triplet".
    dropout : float, default=0.2
        Share of the joint space that is left out in training.
    input_dropout : float, default=0.4
        Share of the features that is left out in training.
    max_iter : int, default=10
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
        Number of features of a region.
    n_text_features_in_ : int
        Number of features of a word.

    See Also
    --------
    NeuralMatcher : Compares one vector with one vector.
    itm_sklearn.image.CNNEncoder : Maps of regions.
    itm_sklearn.text.TransformerTextEncoder : Vectors of words in their context.

    Notes
    -----
    A pair costs about as many products as it has words, times regions, times
    components: rank by vectors first, and let this matcher look at the best.

    References
    ----------
    .. [1] K.-H. Lee et al., "Stacked cross attention for image-text matching",
       ECCV 2018, section 3.1.
    .. [2] F. Faghri et al., "VSE++: Improving visual-semantic embeddings with hard
       negatives", BMVC 2018, equation 6.

    Examples
    --------
    The words of a text are some of the regions of its image, in another order:

    >>> import numpy as np
    >>> from itm_sklearn.matching import CrossAttentionMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> regions = np.random.default_rng(0).normal(size=(100, 4, 6))
    >>> pairs = ImageTextPairs(regions, regions[:, [2, 0]])
    >>> matcher = CrossAttentionMatcher(
    ...     16, max_iter=30, learning_rate=0.01, random_state=0
    ... )
    >>> matcher = matcher.fit(pairs)
    >>> bool(matcher.predict(pairs).mean() > 0.8)
    True
    """

    _parameter_constraints: dict = {
        **NetworkMatcher._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "attend": [StrOptions({"words", "regions", "both"})],
        "pooling": [StrOptions({"mean", "logsumexp"})],
    }

    def __init__(
        self,
        n_components=256,
        *,
        attend="words",
        pooling="mean",
        loss="infonce",
        margin=0.2,
        dropout=0.2,
        input_dropout=0.4,
        max_iter=10,
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
        self.attend = attend
        self.pooling = pooling
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
        from itm_sklearn._torch._attention import CrossAttentionNetwork

        return CrossAttentionNetwork(
            self.n_features_in_,
            self.n_text_features_in_,
            self.n_components,
            self.attend,
            self.pooling,
            self.dropout,
            self.input_dropout,
        )

    def _check_view(self, view, name):
        view = check_numbers(view, name)
        if view.ndim == 4 and name == "images":
            view = view.reshape(len(view), -1, view.shape[-1])
        if view.ndim != 3:
            raise ValueError(
                f"The {name} have the shape {view.shape}, but words are matched with "
                "regions: three dimensions are needed. Encode images by "
                'CNNEncoder(layer="grid") and texts by '
                'TransformerTextEncoder(pooling="tokens").'
            )
        return view

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
