"""Ready pipelines to begin with, and models that do not look to compare with."""

from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.alignment import CCA
from itm_sklearn.base import PairClassifierMixin
from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import (
    HOG,
    ORB,
    SIFT,
    SURF,
    BagOfVisualWords,
    ColorHistogram,
    DenseSIFT,
)
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.pairs import as_pairs

__all__ = ["DummyMatcher", "make_baseline"]

# Encoders of keypoints need a vocabulary behind them; the others give rows at once.
_KEYPOINTS = {"sift": SIFT, "dense_sift": DenseSIFT, "orb": ORB, "surf": SURF}
_WHOLE_IMAGE = {"color": ColorHistogram, "hog": HOG}
_VECTORIZERS = {
    "tfidf": TfidfVectorizer,
    "bow": CountVectorizer,
    # Languages without spaces, whose clauses would each be one word.
    "characters": partial(TfidfVectorizer, analyzer="char"),
}


def make_baseline(
    image="sift",
    text="tfidf",
    *,
    n_words=1000,
    n_text_components=None,
    n_components=None,
    ridge=None,
    min_df=1,
    memory=None,
    n_jobs=None,
    random_state=None,
    verbose=0,
):
    """The classical pipeline for image-text matching, by the names of its parts.

    Parameters
    ----------
    image : str, default="sift"
        What describes the images: "sift", "dense_sift", "orb", "surf", "color",
        "hog", or several of them side by side as in "sift+color".
    text : {"tfidf", "bow", "characters"}, default="tfidf"
        What describes the texts: words and pairs of words, weighted or counted, or
        characters and pairs of them, for Chinese and other languages without spaces.
    n_words : int, default=1000
        Size of the visual vocabulary, where the images have keypoints.
    n_text_components : int, default=None
        The text features are reduced to this many by a truncated SVD. None leaves
        them as they are.
    n_components : int, default=None
        Dimensions of the shared space. None means as many as the views allow.
    ridge : float, tuple of two floats or "auto", default=None
        How much the correlations are smoothed, as in `itm_sklearn.alignment.CCA`;
        None means its default. It matters more than any other number here.
    min_df : int or float, default=1
        Terms in fewer texts than this are left out.
    memory : str or Path, default=None
        Directory that keeps the descriptors of each image, so that folds and grid
        points make them once.
    n_jobs : int, default=None
        Threads that describe images.
    random_state : int, RandomState instance or None, default=None
        Draws the vocabulary, the SVD and the mismatches of the threshold.
    verbose : int, default=0
        Whether to show progress bars while images are described.

    Returns
    -------
    model : sklearn.pipeline.Pipeline
        Steps ``dualencoder``, ``cca`` and ``similaritymatcher``.

    Raises
    ------
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> from itm_sklearn.baselines import make_baseline
    >>> from itm_sklearn.datasets import make_scenes
    >>> pairs = make_scenes(40, random_state=0).pairs
    >>> model = make_baseline("color", n_components=8).fit(pairs)
    >>> model[-1].similarity(model[:-1].transform(pairs)).shape == (len(pairs), 40)
    True
    """
    encoder = DualEncoder(
        image=_image_encoder(image, n_words, n_jobs, random_state, verbose),
        text=_text_encoder(text, n_text_components, min_df, random_state),
        memory=memory,
    )
    alignment = CCA(n_components) if ridge is None else CCA(n_components, ridge=ridge)
    return make_pipeline(
        encoder, alignment, SimilarityMatcher(random_state=random_state)
    )


def _image_encoder(names, *settings):
    encoders = [_one_image_encoder(name, *settings) for name in names.split("+")]
    return encoders[0] if len(encoders) == 1 else make_union(*encoders)


def _one_image_encoder(name, n_words, n_jobs, random_state, verbose):
    if name in _WHOLE_IMAGE:
        return make_pipeline(_WHOLE_IMAGE[name](n_jobs=n_jobs))
    if name in _KEYPOINTS:
        words = BagOfVisualWords(n_words, random_state=random_state, verbose=verbose)
        return make_pipeline(_KEYPOINTS[name](n_jobs=n_jobs), words)
    raise ValueError(_unknown("image", name, [*_KEYPOINTS, *_WHOLE_IMAGE]))


def _text_encoder(name, n_components, min_df, random_state):
    if name not in _VECTORIZERS:
        raise ValueError(_unknown("text", name, _VECTORIZERS))
    steps = [_VECTORIZERS[name](ngram_range=(1, 2), min_df=min_df)]
    if n_components is not None:
        steps.append(TruncatedSVD(n_components, random_state=random_state))
    return make_pipeline(*steps)


def _unknown(parameter, name, known):
    return f"{parameter}={name!r} is unknown. Choose one of {', '.join(known)}."


class DummyMatcher(PairClassifierMixin, BaseEstimator):
    """A matcher that looks at neither view: what any real one has to beat.

    Parameters
    ----------
    strategy : {"random", "constant"}, default="random"
        Scores drawn by lot, or the same score for all. Ties count against the
        model, so the constant one finds nothing that it could be wrong about.
    random_state : int, RandomState instance or None, default=None
        Draws the scores.

    Attributes
    ----------
    threshold_ : float
        The lowest score that is called a match.

    See Also
    --------
    sklearn.dummy.DummyClassifier : The same idea for labels.

    Examples
    --------
    >>> from itm_sklearn.baselines import DummyMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs([[0.0], [1.0]], ["a dog", "a cat"])
    >>> DummyMatcher(strategy="constant").fit(pairs).similarity(pairs)
    array([[0., 0.],
           [0., 0.]])
    """

    _parameter_constraints: dict = {
        "strategy": [StrOptions({"random", "constant"})],
        "random_state": ["random_state"],
    }

    def __init__(self, strategy="random", *, random_state=None):
        self.strategy = strategy
        self.random_state = random_state

    def fit(self, X, y=None):
        """Check the parameters; there is nothing to learn.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.
        y : None
            Ignored.

        Returns
        -------
        self : DummyMatcher
            The same matcher.

        Raises
        ------
        ValueError
            If there are no pairs.
        """
        self._validate_params()
        if not len(as_pairs(X)):
            raise ValueError(f"{X!r} holds no pairs to fit on. Give at least one.")
        self.threshold_ = 0.5
        return self

    def similarity(self, X):
        """A score for each text and image.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views.

        Returns
        -------
        similarity : ndarray of shape (n_texts, n_images)
            Between 0 and 1.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        pairs.require_both_views()
        shape = (len(pairs), pairs.n_images)
        if self.strategy == "constant":
            return np.zeros(shape)
        return check_random_state(self.random_state).uniform(size=shape)

    def decision_function(self, X):
        """A score for each pair.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            Between 0 and 1.
        """
        pairs = as_pairs(X)
        return self.similarity(pairs)[np.arange(len(pairs)), pairs.image_index]
