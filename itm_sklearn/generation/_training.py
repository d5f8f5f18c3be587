"""How a captioner learns: vocabulary, network, training loop, weights as arrays.

`_captioner.py` is the estimator; this is the half that users do not see.
"""

from sklearn.utils import check_random_state

from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn._views import length
from itm_sklearn.generation._looking import LookingMixin
from itm_sklearn.generation._vocabulary import (
    TokenizerVocabulary,
    WordVocabulary,
    longest,
)

__all__ = ["CaptionTrainingMixin"]

# Captions from which threads are worth their start.
_ENOUGH_TO_SHARE = 2000


class CaptionTrainingMixin(LookingMixin, TrainingMixin):
    """Mixin with all that happens in `fit` and `partial_fit`."""

    _texts_are = "captions"

    def _begin(self, pairs):
        """Forget what was learned; decide on words, sizes and first weights."""
        self._frozen = self._fit_encoder(pairs.images)
        self._gpt2, weights, self.vocabulary_ = None, None, None
        if self.pretrained is not None:
            self._gpt2, weights, self.vocabulary_ = self._read_pretrained()
        if self.vocabulary_ is None:
            self.vocabulary_ = WordVocabulary.learn(
                pairs.texts, min_count=self.min_count
            )
        self.max_length_ = self._find_max_length(pairs.texts)
        self.loss_curve_, self.n_iter_ = [], 0
        vars(self).pop("weights_", None)
        self._optimizer_states = None
        self._seed = check_random_state(self.random_state).randint(2**31 - 1)
        return weights

    def _read_pretrained(self):
        from itm_sklearn._torch._gpt2 import read_gpt2

        if not self.decoder.startswith("gpt2"):
            raise ValueError(
                f"pretrained={self.pretrained!r} is a GPT-2, but decoder="
                f"{self.decoder!r}. Set decoder='gpt2' or 'gpt2-prefix'."
            )
        config, weights, tokenizer = read_gpt2(self.pretrained)
        end = config["eos_token_id"]
        start = config.get("bos_token_id", end)
        vocabulary = TokenizerVocabulary(tokenizer, start, end, config["vocab_size"])
        return config, weights, vocabulary

    def _find_max_length(self, texts):
        length_seen = longest(self.vocabulary_.encode(texts))
        if self.max_length is not None:
            length_seen = min(length_seen, self.max_length)
        if self._gpt2 is None:
            return length_seen
        from itm_sklearn._torch import _gpt2

        n_taken = _gpt2.N_PREFIX if self.decoder == "gpt2-prefix" else 0
        return min(length_seen, self._gpt2["n_positions"] - n_taken - 1)

    def _train(self, pairs, recipe, weights=None, *, go_on=False):
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._captioning import caption_loss
        from itm_sklearn._torch._device import pick_precision
        from itm_sklearn._torch._train import train

        view, tokens = self._load_view(pairs.images), self._encode_texts(pairs.texts)
        network = self._first_network(view, weights)
        dtype = pick_precision(self.precision, next(network.parameters()).device)
        record = train(
            network,
            pairs.image_index,
            caption_loss(network, view, tokens, pairs.image_index, dtype),
            recipe,
            optimizer_states=self._optimizer_states,
            seed=self._seed + len(self.loss_curve_),
            n_threads=1 if len(pairs) < _ENOUGH_TO_SHARE else None,
            verbose=self.verbose,
        )
        self.weights_ = to_arrays(network)
        self.n_iter_ = len(self.loss_curve_) + record.best_iter
        self.loss_curve_ = self.loss_curve_ + record.losses
        if go_on:
            self._optimizer_states = record.optimizer_states

    def _first_network(self, view, weights):
        """The network to train: as it was left, or with fresh weights."""
        from itm_sklearn._torch._device import pick_device, seeded

        if hasattr(self, "weights_"):
            return self._load_network()
        with seeded(self._seed):
            self.grid_shape_ = self._find_grid_shape(view)
            network = self._make_network()
        if weights is not None:
            network.decoder.model.load_state_dict(weights, strict=False)
        return network.to(pick_device(self.device))

    def _make_decoder(self):
        from itm_sklearn._torch import _decoders

        n_words, width = len(self.vocabulary_), self.n_components
        if self.decoder in ("gru", "lstm"):
            return _decoders.RecurrentDecoder(
                n_words, width, cell=self.decoder, dropout=self.dropout
            )
        sizes = {
            "n_layers": self.n_layers,
            "dropout": self.dropout,
            "max_length": self.max_length_ + 1,
        }
        if self.decoder == "transformer":
            return _decoders.TransformerDecoder(n_words, width, **sizes)
        from itm_sklearn._torch._gpt2 import GPT2Decoder, gpt2_config

        config = self._gpt2 or gpt2_config(n_words, width, **sizes)
        return GPT2Decoder(config, width, prefix=self.decoder == "gpt2-prefix")

    def _settings(self, n_best):
        from itm_sklearn._torch._beam_search import BeamSettings

        vocabulary = self.vocabulary_
        return BeamSettings(
            vocabulary.start,
            vocabulary.end,
            vocabulary.banned,
            n_beams=max(self.n_beams, n_best),
            n_best=n_best,
            max_length=self.max_length_,
            length_penalty=self.length_penalty,
        )

    def _write(self, images, n_best=1):
        """For each image its best captions, with log P."""
        from itm_sklearn._torch._captioning import write_captions

        if not length(images):
            return []
        found = write_captions(
            self._load_network(), self._load_view(images), self._settings(n_best)
        )
        return [
            [(self.vocabulary_.decode(words), log_p) for words, log_p in captions]
            for captions in found
        ]
