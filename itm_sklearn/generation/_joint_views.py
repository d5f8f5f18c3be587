"""What a `JointVAE` can be asked: vectors, images, texts and pairs."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.generation._inputs import (
    captioned_pairs,
    image_view,
    load_pictures,
    text_view,
)
from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = ["JointViewsMixin"]


class JointViewsMixin:
    """Mixin with the methods of a trained model, behind a `DrawingTrainingMixin`."""

    def transform(self, X):
        """The mean of z, by the views that are there.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            Pairs, of which either view may be missing, or images.

        Returns
        -------
        latents : ndarray of float32 of shape (n_pairs, n_latents)
            A row for each pair.
        """
        check_is_fitted(self)
        return self._infer(_as_joint_pairs(X))

    def _infer(self, pairs):
        from itm_sklearn._torch._joint_vae import infer_latents

        if not len(pairs):
            return np.empty((0, self.n_latents), np.float32)
        pixels = tokens = None
        index = np.arange(len(pairs))
        if pairs.images is not None:
            pixels = load_pictures(pairs.images, self.image_size)
            index = pairs.image_index
        if pairs.texts is not None:
            tokens = self._tokens(text_view(pairs))
        return infer_latents(self._load_network(), pixels, tokens, index)

    def predict_image(self, X):
        """Paint the most probable image of each text.

        Parameters
        ----------
        X : sequence of str, ImageTextPairs or DataFrame
            Texts; of pairs, each row.

        Returns
        -------
        images : ndarray of uint8 of shape (n_texts, image_size, image_size, 3)
            From z at its mean, so that what the text leaves open is neither here nor
            there.
        """
        check_is_fitted(self)
        return self._paint(self._infer(ImageTextPairs(texts=text_view(X))))

    def predict_text(self, X):
        """Write the most probable text of each image.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.

        Returns
        -------
        texts : list of n_images str
            The best that beam search found.
        """
        check_is_fitted(self)
        return self._write(self._infer(ImageTextPairs(images=image_view(X))))

    def sample(self, n=1):
        """Draw pairs of which image and text come from the same z.

        Parameters
        ----------
        n : int, default=1
            How many.

        Returns
        -------
        pairs : ImageTextPairs
            Images of uint8 and texts. The first ones of a longer sample are a shorter
            one.
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=1)
        rng = np.random.default_rng(self._seed)
        latents = rng.standard_normal((n, self.n_latents), dtype=np.float32)
        return ImageTextPairs(self._paint(latents), self._write(latents))

    def _paint(self, latents):
        from itm_sklearn._torch._joint_vae import paint_latents

        if not len(latents):
            return np.empty((0, self.image_size, self.image_size, 3), np.uint8)
        return paint_latents(self._load_network(), latents)

    def _write(self, latents):
        from itm_sklearn._torch._beam_search import BeamSettings
        from itm_sklearn._torch._joint_vae import write_latents

        settings = BeamSettings(
            self.vocabulary_.start,
            self.vocabulary_.end,
            self.vocabulary_.banned,
            n_beams=self.n_beams,
            max_length=self.max_length_,
        )
        tokens = write_latents(self._load_network(), latents, settings)
        return [self.vocabulary_.decode(words) for words in tokens]

    def score_pairs(self, X, y=None):
        """A lower bound of log P(x, y), up to the draw of z, of each pair.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            Pairs with both views, or images alone.
        y : sequence of str, default=None
            The texts, if X are images.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            In nats.
        """
        check_is_fitted(self)
        return self._score(captioned_pairs(X, y))

    def score(self, X, y=None, sample_weight=None):
        """Mean of `score_pairs`; higher is better.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            As for `score_pairs`.
        y : sequence of str, default=None
            As for `score_pairs`.
        sample_weight : array-like of shape (n_pairs,), default=None
            Weights of the pairs.

        Returns
        -------
        score : float
            Comparable among models of the same data.
        """
        return float(np.average(self.score_pairs(X, y), weights=sample_weight))

    @property
    def _n_features_out(self):
        return self.n_latents

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        return tags


def _as_joint_pairs(X):
    """Pairs as they are; images as pairs without texts."""
    if isinstance(X, ImageTextPairs) or hasattr(X, "columns"):
        return as_pairs(X)
    return ImageTextPairs(images=image_view(X))
