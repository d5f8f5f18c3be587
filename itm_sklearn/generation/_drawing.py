"""What a model that draws can be asked: images, and how probable an image is.

Subclasses write ``_draw(texts, n)`` and ``_score(pairs)``.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.generation._inputs import paired_texts, text_view
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["DrawingMixin"]


class DrawingMixin:
    """Mixin with the methods of a trained model, before a `DrawingTrainingMixin`."""

    def predict(self, X):
        """Draw an image for each text.

        Parameters
        ----------
        X : sequence of str, ImageTextPairs or DataFrame
            Texts; of pairs, each row.

        Returns
        -------
        images : ndarray of uint8 of shape (n_texts, image_size, image_size, 3)
            The first sample, or the one of `n_candidates` that the matcher likes
            best.
        """
        return self._predict(text_view(X))

    def _predict(self, texts):
        drawn = self.sample(texts, self.n_candidates)
        if self.n_candidates == 1 or not len(texts):
            return drawn[:, 0]
        best = [
            self._fit_of(text, images).argmax()
            for text, images in zip(texts, drawn, strict=True)
        ]
        return drawn[np.arange(len(texts)), best]

    def _fit_of(self, text, images):
        """How well the matcher finds that each image fits the text."""
        matcher = self.guidance if self.matcher is None else self.matcher
        if matcher is None:
            raise ValueError(
                f"n_candidates={self.n_candidates}, but there is no matcher to choose "
                "among them. Pass a fitted one as matcher=, or set n_candidates=1."
            )
        # All are scored with all: it does not matter which of them are pairs.
        pairs = ImageTextPairs(images, [text], np.zeros(1, dtype=np.intp))
        similarity = np.asarray(pair_similarity(matcher, pairs))
        by_text = similarity[0] if similarity.ndim == 3 else similarity
        return by_text[0]

    def sample(self, X, n=8):
        """Draw several images for each text.

        Parameters
        ----------
        X : sequence of str, ImageTextPairs or DataFrame
            Texts; of pairs, each row.
        n : int, default=8
            Images of each text.

        Returns
        -------
        images : ndarray of uint8 of shape (n_texts, n, image_size, image_size, 3)
            The first ones of a longer sample are a shorter one.
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=1)
        texts = text_view(X)
        if not texts:
            return np.empty((0, n, self.image_size, self.image_size, 3), np.uint8)
        return self._draw(texts, n)

    def score_pairs(self, X, y=None):
        """How probable each image is, given its text.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of str
            Texts with images, or texts alone.
        y : sequence of images, default=None
            The image of each text, if X are texts.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            Log P(codes | text) of "vqvae-gpt2", a lower bound of log P(image | text)
            of "cvae". A GAN knows no probabilities: the discriminator's log-odds
            that image and text belong together.
        """
        check_is_fitted(self)
        return self._score(paired_texts(X, y))

    def score(self, X, y=None, sample_weight=None):
        """Mean of `score_pairs`; higher is better.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of str
            As for `score_pairs`.
        y : sequence of images, default=None
            As for `score_pairs`.
        sample_weight : array-like of shape (n_pairs,), default=None
            Weights of the pairs.

        Returns
        -------
        score : float
            Comparable among models of one method.
        """
        return float(np.average(self.score_pairs(X, y), weights=sample_weight))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.target_tags.required = False
        return tags
