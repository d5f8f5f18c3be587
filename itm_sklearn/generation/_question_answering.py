"""Answers to questions about images: a classifier of pairs that looks.

`_answer_training.py` has what happens in `fit`, `_torch/_answers.py` the networks.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.generation._answer_training import AnswerTrainingMixin
from itm_sklearn.generation._answers import (
    common_answers,
    read_answers,
    rightness,
    shares,
)
from itm_sklearn.generation._inputs import captioned_pairs
from itm_sklearn.pairs import as_pairs

__all__ = ["VisualQuestionAnswering"]

_NETWORKS = {
    *("cross_attention", "concat", "multiply", "bilinear", "average", "weighted")
}
_POSITIVE = Interval(Integral, 1, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")


class VisualQuestionAnswering(AnswerTrainingMixin, ClassifierMixin, BaseEstimator):
    """Answer questions about images with one of the answers seen in training.

    Parameters
    ----------
    fusion : str or fusion estimator, default="cross_attention"
        How question and image come together. "cross_attention": each word looks at
        the regions of the image, is multiplied by what it sees, and is read again.
        The others know the image by one vector and the question by another: "concat"
        puts them side by side, "multiply" and "average" join them number by number,
        "weighted" lets the question say how much is to come from the image, and
        "bilinear" is a bilinear form of low rank [1]_. An estimator of
        `itm_sklearn.fusion` stands between the transformers `image` and `text` and a
        logistic classifier.
    image : "cnn", transformer or torch.nn.Module, default="cnn"
        What looks at the images, as `Captioner.encoder`: a small network, trained
        here; a transformer, such as a fitted `Captioner`, which stays as it is (in a
        `~sklearn.frozen.FrozenEstimator` also where this model is cloned, as in a grid
        search); or a module, such as ``captioner.encoder_``, of which a copy is
        trained on.
    text : "words" or transformer, default="words"
        What reads the questions: "words" are learned here. A transformer from
        strings to vectors is for a fusion estimator.
    n_components : int, default=128
        Width of words and regions, at least 32.
    n_layers : int, default=1
        Layers that the question goes through; with "cross_attention" before it looks,
        and as many behind.
    n_region_layers : int, default=0
        Layers in which the regions look at each other first.
    dropout : float, default=0.1
        Share of the layers that is left out in training.
    input_dropout : float, default=0.0
        Share of the features of a frozen encoder that is left out in training.
    image_size : int, default=64
        Side in pixels of the squares that "cnn" or a module sees.
    min_count : int, default=1
        How often an answer has to be given to be one of the classes.
    max_iter : int, default=10
        Passes over the questions.
    batch_size : int, default=128
        Questions in a step. Small data are cut into smaller batches.
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
    classes_ : ndarray of str
        The answers, in alphabetical order.
    weights_ : dict of str to ndarray
        What the network learned; absent with a fusion estimator.
    pipeline_ : Pipeline
        What was fitted around a fusion estimator; absent otherwise.
    loss_curve_ : list of float
        Mean loss of each pass.

    See Also
    --------
    itm_sklearn.datasets.make_questions : Questions that need the picture.
    itm_sklearn.fusion.NeuralFusion : Fusions to go before any classifier.

    References
    ----------
    .. [1] J.-H. Kim et al., "Hadamard product for low-rank bilinear pooling",
       ICLR 2017, equation 5.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_questions
    >>> from itm_sklearn.generation import VisualQuestionAnswering
    >>> data = make_questions(40, image_size=16, random_state=0)
    >>> model = VisualQuestionAnswering(
    ...     n_components=32, image_size=16, max_iter=1, random_state=0
    ... )
    >>> model.fit(data.pairs, data.answers).predict_proba(data.pairs[:2]).shape[0]
    2
    """

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "fusion": [StrOptions(_NETWORKS), HasMethods(["fit", "transform"])],
        "image": [
            StrOptions({"cnn"}),
            HasMethods(["fit", "transform"]),
            HasMethods(["state_dict", "forward"]),
        ],
        "text": [StrOptions({"words"}), HasMethods(["fit", "transform"])],
        "n_components": [Interval(Integral, 32, None, closed="left")],
        "n_layers": [_POSITIVE],
        "n_region_layers": [Interval(Integral, 0, None, closed="left")],
        "dropout": [_SHARE],
        "input_dropout": [_SHARE],
        "image_size": [Interval(Integral, 16, None, closed="left")],
        "min_count": [_POSITIVE],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    def __init__(
        self,
        fusion="cross_attention",
        *,
        image="cnn",
        text="words",
        n_components=128,
        n_layers=1,
        n_region_layers=0,
        dropout=0.1,
        input_dropout=0.0,
        image_size=64,
        min_count=1,
        max_iter=10,
        batch_size=128,
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
        self.fusion = fusion
        self.image = image
        self.text = text
        self.n_components = n_components
        self.n_layers = n_layers
        self.n_region_layers = n_region_layers
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.image_size = image_size
        self.min_count = min_count
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

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Learn to answer.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Images, with the questions as texts.
        y : sequence of str, or of lists of str, of length n_pairs
            The answer to each question, or those that several people gave.

        Returns
        -------
        self : VisualQuestionAnswering
            The fitted model.
        """
        pairs = captioned_pairs(as_pairs(X))
        given = read_answers(y, len(pairs))
        self.classes_ = common_answers(given, self.min_count)
        learn = self._train if isinstance(self.fusion, str) else self._fit_pipeline
        learn(pairs, shares(given, self.classes_))
        return self

    def predict(self, X):
        """The most probable answer to each question.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Images, with the questions as texts.

        Returns
        -------
        answers : ndarray of str of shape (n_pairs,)
            Some of `classes_`.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X):
        """The probability of each answer.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            As for `predict`.

        Returns
        -------
        probabilities : ndarray of shape (n_pairs, n_classes)
            Columns as in `classes_`.
        """
        check_is_fitted(self)
        pairs = captioned_pairs(as_pairs(X))
        if not isinstance(self.fusion, str):
            return self._pipeline_proba(pairs)
        return self._network_proba(pairs)

    def score(self, X, y, sample_weight=None):
        """Accuracy; with several answers to a question, the soft accuracy of VQA.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Images with questions.
        y : sequence of str, or of lists of str
            The answers. Of a list each answer counts as right by a third of those
            who gave it, at most 1 [1]_.
        sample_weight : array-like of shape (n_pairs,), default=None
            Weights of the questions.

        Returns
        -------
        score : float
            From 0 to 1.

        References
        ----------
        .. [1] S. Antol et al., "VQA: visual question answering", ICCV 2015,
           section 3.
        """
        found = self.predict(X)
        given = read_answers(y, len(found))
        right = [rightness(*both) for both in zip(found, given, strict=True)]
        return float(np.average(right, weights=sample_weight))

    @property
    def encoder(self):
        """What looks at the images, by the name that captioners have for it."""
        return self.image

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_") or hasattr(self, "pipeline_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
