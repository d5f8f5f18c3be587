"""How a model learns to draw: vocabulary, network, training loop, weights as arrays.

`METHODS` is the one table of the networks; what they offer is in `_torch/_drawing.py`.
`_text_to_image.py` is the estimator; this is the half that users do not see.
"""

from dataclasses import replace
from importlib import import_module
from zlib import crc32

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.generation._inputs import load_pictures
from itm_sklearn.generation._vocabulary import WordVocabulary, cut_to, longest
from itm_sklearn.generation._vqvae import VQVAE

__all__ = ["METHODS", "DrawingTrainingMixin", "normal_noise"]

# Where the network of each method is, and its name.
METHODS = {
    "vqvae-gpt2": ("_image_prior", "ImagePrior"),
    "gan": ("_gan", "ConditionalGAN"),
    "cvae": ("_cvae", "ConditionalVAE"),
}
# Pairs from which threads are worth their start.
_ENOUGH_TO_SHARE = 2000


class DrawingTrainingMixin(TrainingMixin):
    """Mixin with all that happens in `fit`, and between texts and images."""

    def _train(self, pairs):
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._device import pick_device, seeded
        from itm_sklearn._torch._train import train

        self._seed = check_random_state(self.random_state).randint(2**31 - 1)
        self.vocabulary_ = WordVocabulary.learn(pairs.texts, min_count=self.min_count)
        self.max_length_ = self.max_length or longest(
            self.vocabulary_.encode(pairs.texts)
        )
        pixels = load_pictures(pairs.images, self.image_size)
        self._fit_pictures(pixels)
        with seeded(self._seed):
            network = self._make_network()
        network = network.to(pick_device(self.device))
        record = train(
            network,
            pairs.image_index,
            network.steps(self._batches(network, pixels, pairs), self.guidance),
            self._recipe_of(network, len(pairs)),
            seed=self._seed,
            n_threads=1 if len(pairs) < _ENOUGH_TO_SHARE else None,
            verbose=self.verbose,
        )
        self.weights_ = to_arrays(network)
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter

    def _fit_pictures(self, pixels):
        """The codes of "vqvae-gpt2": as they were fitted, or fitted here."""
        vars(self).pop("encoder_", None)
        if self.method != "vqvae-gpt2":
            return
        encoder = self.encoder
        if encoder is None:
            encoder = VQVAE(n_paints=3, image_size=self.image_size)
            encoder.set_params(device=self.device, random_state=self._seed)
        try:
            check_is_fitted(encoder)
            self.encoder_ = encoder
        except NotFittedError:
            self.encoder_ = clone(encoder).fit(pixels)
        if self.encoder_.image_size != self.image_size:
            raise ValueError(
                f"image_size={self.image_size}, but the encoder paints images of "
                f"{self.encoder_.image_size} pixels. Give both the same size."
            )

    def _recipe_of(self, network, n_pairs):
        recipe = replace(self._recipe(n_pairs), **network.recipe)
        if self.learning_rate is None:
            return recipe
        return replace(recipe, learning_rate=self.learning_rate)

    def _highest_step(self):
        # The network knows its own.
        return self.learning_rate or 1e-3

    def _batches(self, network, pixels, pairs):
        """A function from row numbers to what the network is trained on."""
        from itm_sklearn._torch._drawing import DrawingBatch, as_pictures

        device = next(network.parameters()).device
        rng = np.random.RandomState(self._seed)

        def batch_of(rows):
            images = pixels[pairs.image_index[rows]]
            texts = [pairs.texts[row] for row in rows]
            if self.augment is not None:
                images, texts = self.augment(images, texts, rng)
            tokens = self._tokens(texts).to(device)
            return DrawingBatch(tokens, as_pictures(images, device), texts)

        return batch_of

    def _tokens(self, texts):
        """A matrix of tokens; what is too long is cut, which is said aloud."""
        from itm_sklearn._torch._captioning import pad_tokens

        tokens = cut_to(self.vocabulary_.encode(texts), self.max_length_)
        return pad_tokens(tokens, self.max_length_ + 1)

    def _make_network(self):
        from itm_sklearn._torch._drawing import DrawingSizes

        sizes = DrawingSizes(
            n_words=len(self.vocabulary_),
            length=self.max_length_ + 1,
            image_size=self.image_size,
            n_components=self.n_components,
            n_layers=self.n_layers,
            n_latents=self.n_latents,
            dropout=self.dropout,
            text_dropout=self.text_dropout,
            text_weight=self.text_weight,
            temperature=self.temperature,
            pictures=self._load_pictures(),
        )
        module, name = METHODS[self.method]
        module = import_module(f"itm_sklearn._torch.{module}")
        return getattr(module, name)(sizes)

    def _load_pictures(self):
        if not hasattr(self, "encoder_"):
            return None
        return self.encoder_.load_network(self.device).requires_grad_(False)

    def _load_network(self):
        from itm_sklearn._torch._arrays import from_arrays

        return from_arrays(self._make_network, self.weights_, self.device)

    def _draw(self, texts, n):
        """`n` images of each text, (n_texts, n, size, size, 3)."""
        from itm_sklearn._torch._drawing import draw_images

        network = self._load_network()
        noise = [normal_noise(self._seed, text, n, network.n_noise) for text in texts]
        tokens = self._tokens(texts).repeat_interleave(n, dim=0)
        drawn = draw_images(network, tokens, np.concatenate(noise))
        return drawn.reshape(len(texts), n, *drawn.shape[1:])

    def _score(self, pairs):
        from itm_sklearn._torch._drawing import score_images

        pixels = load_pictures(pairs.images, self.image_size)
        tokens = self._tokens(pairs.texts)
        return score_images(self._load_network(), pixels, tokens, pairs.image_index)


def normal_noise(seed, text, n, width):
    """Noise that depends on the text, not on the texts around it.

    Examples
    --------
    >>> normal_noise(0, "a dog", 2, 3).shape
    (2, 3)
    """
    rng = np.random.default_rng([seed, crc32(text.encode())])
    return rng.standard_normal((n, width), dtype=np.float32)
