"""What a trained captioner can be asked: captions, their probabilities, features.

`CaptionScoreMixin` judges everything that has ``predict(images)``.
"""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._views import length
from itm_sklearn.generation._inputs import captioned_pairs, image_view, references_of
from itm_sklearn.metrics import cider_d
from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = ["CaptionScoreMixin", "WritingMixin"]


class CaptionScoreMixin:
    """Mixin for what has ``predict(images)``, captions.

    Examples
    --------
    >>> from itm_sklearn.generation import CaptionScoreMixin
    >>> class AlwaysADog(CaptionScoreMixin):
    ...     def predict(self, images):
    ...         return ["a dog runs on grass"] * len(images)
    >>> captions = ["a dog runs on grass", "two cats sleep in bed"]
    >>> round(AlwaysADog().score(["dog.jpg", "cats.jpg"], captions), 2)
    5.0
    """

    def score(self, X, y=None, sample_weight=None):
        """CIDEr-D of the captions against those that the images have.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or sequence of images
            Images with what people said of them.
        y : sequence of str or of lists of str, default=None
            The captions, if X are images.
        sample_weight : None
            Present for scikit-learn's metadata routing; there are no weights.

        Returns
        -------
        score : float
            From 0 to 10. It depends on the images it is taken over: compare only
            scores of the same ones.
        """
        if sample_weight is not None:
            raise ValueError(
                f"{type(self).__name__}.score has no use for sample_weight. Leave it "
                "out, or pass average=None to itm_sklearn.metrics.cider_d."
            )
        pairs = captioned_pairs(X, y)
        return cider_d(references_of(pairs), self.predict(pairs.images))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        # Pairs hold their captions; only plain images need them as y.
        tags.target_tags.required = False
        return tags


class WritingMixin(CaptionScoreMixin):
    """Mixin with the methods of a trained captioner."""

    def predict(self, X):
        """Describe each image.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.

        Returns
        -------
        captions : list of n_images str
            The best caption that beam search found.
        """
        return [captions[0][0] for captions in self.predict_beams(X, 1)]

    def predict_beams(self, X, n=3):
        """The best captions of each image, with their probabilities.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.
        n : int, default=3
            How many captions of each image.

        Returns
        -------
        captions : list of n_images lists of (str, float)
            The best first: a caption and log P(y | x). There may be fewer than `n`
            if the vocabulary is tiny.
        """
        check_is_fitted(self)
        check_scalar(n, "n", Integral, min_val=1)
        return self._write(image_view(X), n)

    def score_pairs(self, X):
        """The log-probability of each text, given its image.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            Log P(y | x), the sum over the words and the end of the caption.
        """
        from itm_sklearn._torch._captioning import score_captions

        check_is_fitted(self)
        pairs = captioned_pairs(as_pairs(X))
        view, tokens = self._load_view(pairs.images), self._encode_texts(pairs.texts)
        return score_captions(self._load_network(), view, tokens, pairs.image_index)

    def similarity(self, X):
        """The log-probability of every text, given each image.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            Log P(y | x). It costs as much as training on each entry once: let a
            faster matcher choose candidates, as `itm_sklearn.retrieval.Reranker` does.
        """
        from itm_sklearn._torch._captioning import score_captions

        check_is_fitted(self)
        pairs = captioned_pairs(as_pairs(X))
        view, tokens = self._load_view(pairs.images), self._encode_texts(pairs.texts)
        network = self._load_network()
        columns = [
            score_captions(network, view, tokens, np.full(len(tokens), image))
            for image in range(pairs.n_images)
        ]
        return np.stack(columns, axis=1)

    def attend(self, X):
        """Describe each image, and tell where each word looked.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images; of pairs each image once.

        Returns
        -------
        words : list of n_images lists of str
            The caption of `predict`, word by word.
        maps : list of n_images ndarrays of shape (n_words, n_regions)
            Shares of the attention, which sum to 1 for each word; means over layers
            and heads. They tell where was looked, not why a word was chosen.
        """
        from itm_sklearn._torch._captioning import attention_maps

        check_is_fitted(self)
        if self.decoder.startswith("gpt2"):
            raise ValueError(
                f"decoder={self.decoder!r} does not tell where it looks. Take 'gru', "
                "'lstm' or 'transformer'."
            )
        images = image_view(X)
        captions = self.predict(images)
        maps = attention_maps(
            self._load_network(),
            self._load_view(images),
            self._encode_texts(captions),
        )
        return [caption.split() for caption in captions], maps

    def transform(self, X):
        """What the encoder sees in each image.

        Parameters
        ----------
        X : sequence of images, ImageTextPairs or DataFrame
            Images, or pairs, whose images are encoded.

        Returns
        -------
        features : ndarray of shape (n_images, ...) or ImageTextPairs
            Maps (n_images, height, width, n_channels) of the small network, or what
            the given encoder makes. Pairs for pairs.
        """
        check_is_fitted(self)
        if isinstance(X, ImageTextPairs) or hasattr(X, "columns"):
            return as_pairs(X).map(image=self._encode)
        return self._encode(image_view(X))

    def _encode(self, images):
        from itm_sklearn._torch._captioning import encode_images

        if self._frozen is not None:
            return self._frozen.transform(images)
        if not length(images):
            return np.empty((0, *self.grid_shape_), np.float32)
        return encode_images(self._load_network(), self._load_view(images))

    @property
    def encoder_(self):
        """The fitted encoder: another captioner takes it as `encoder=`.

        A transformer, or the trained module, which can be trained on.
        """
        check_is_fitted(self)
        return self._load_network().encoder if self._frozen is None else self._frozen

    @property
    def _n_features_out(self):
        return self.grid_shape_[1]

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")
