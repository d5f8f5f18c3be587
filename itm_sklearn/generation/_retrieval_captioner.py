"""Captions that others wrote: the baseline that every captioner has to beat."""

import numpy as np
from sklearn.base import BaseEstimator, _fit_context, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import batch_slices, take_rows
from itm_sklearn._views import length
from itm_sklearn.generation._inputs import captioned_pairs, image_view
from itm_sklearn.generation._writing import CaptionScoreMixin
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["RetrievalCaptioner"]

# Scores in memory at a time.
_BLOCK = 2**24


class RetrievalCaptioner(CaptionScoreMixin, BaseEstimator):
    """Describe each image by the training caption that fits it best.

    Its sentences are flawless, and share many words with those of people, but they
    state what some other image shows: judge by `itm_sklearn.metrics.exact_match` too.

    Parameters
    ----------
    matcher : estimator
        Compares images with texts: a matcher, an aligner, a Pipeline that ends in one
        or a `CrossModalRetriever`, which encodes the captions once. What is fitted is
        used as it is, otherwise a copy is fitted.

    Attributes
    ----------
    matcher_ : estimator
        The fitted matcher.
    texts_ : list of str
        The captions to choose from, each once. For a retriever that was fitted
        before, those of its gallery.

    See Also
    --------
    Captioner : Writes sentences of its own.

    Examples
    --------
    The colour of a picture is all that this matcher knows:

    >>> import numpy as np
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from itm_sklearn.alignment import RidgeAligner
    >>> from itm_sklearn.compose import DualEncoder
    >>> from itm_sklearn.generation import RetrievalCaptioner
    >>> from itm_sklearn.image import ColorHistogram
    >>> reds = np.full((2, 8, 8, 3), (200, 0, 0), np.uint8)
    >>> images = np.concatenate([reds, reds[..., ::-1]])
    >>> texts = CountVectorizer(dtype=float)
    >>> matcher = make_pipeline(DualEncoder(ColorHistogram(), texts), RidgeAligner())
    >>> captions = ["so red", "very red", "so blue", "very blue"]
    >>> captioner = RetrievalCaptioner(matcher).fit(images, captions)
    >>> "blue" in captioner.predict(images[3:])[0]
    True
    """

    _parameter_constraints: dict = {"matcher": [HasMethods("fit")]}

    def __init__(self, matcher):
        self.matcher = matcher

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Keep the captions, and fit the matcher unless it is fitted.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            Images with captions, or images alone.
        y : sequence of str or of lists of str, default=None
            The captions of each image, if X are images.

        Returns
        -------
        self : RetrievalCaptioner
            Ready to search.
        """
        pairs = captioned_pairs(X, y)
        try:
            check_is_fitted(self.matcher)
            self.matcher_ = self.matcher
        except NotFittedError:
            self.matcher_ = clone(self.matcher).fit(pairs)
        gallery = getattr(self.matcher_, "gallery_", pairs)
        self.texts_ = list(dict.fromkeys(gallery.texts))
        return self

    def predict(self, X):
        """The best caption for each image.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.

        Returns
        -------
        captions : list of n_images str
            One of `texts_` each.
        """
        check_is_fitted(self)
        images = image_view(X)
        if not length(images):
            return []
        if hasattr(self.matcher_, "retrieve_texts"):
            found = self.matcher_.retrieve_texts(images, n_neighbors=1)
            texts = self.matcher_.gallery_.texts
            return [texts[row] for row in found.indices[:, 0]]
        size = max(1, _BLOCK // len(self.texts_))
        best = [
            self._best(take_rows(images, np.arange(rows.start, rows.stop)))
            for rows in batch_slices(length(images), size)
        ]
        return [self.texts_[row] for row in np.concatenate(best)]

    def _best(self, images):
        """The row of the caption that fits each image best."""
        # All are scored with all: it does not matter which of them are pairs.
        no_index = np.zeros(len(self.texts_), dtype=np.intp)
        pairs = ImageTextPairs(images, self.texts_, no_index)
        similarity = np.asarray(pair_similarity(self.matcher_, pairs))
        # Where the directions differ, images ask by the second matrix.
        by_image = similarity[1] if similarity.ndim == 3 else similarity
        return by_image.argmax(axis=0)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "texts_")
