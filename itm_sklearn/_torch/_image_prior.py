"""GPT-2 that writes images: texts and codes of images are words of one vocabulary.

The codes are those of `_vqvae.py`, whose network stays as it is.
"""

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._captioning import PADDING
from itm_sklearn._torch._gpt2 import gpt2_config
from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._painting import lower_precision
from itm_sklearn._torch._transformers import quiet_transformers

__all__ = ["ImagePrior"]

# What ends a text; in front of an image alone it stands for no text.
_END = 1


class ImagePrior(nn.Module):
    """The probability of each code of an image, given the text and the codes before.

    A method as `_drawing.py` describes it. The noise of an image is one number for
    each code: where in the distribution of the code it is taken from.

    Parameters
    ----------
    sizes : DrawingSizes
        With the trained network of the pictures.
    """

    recipe = {"learning_rate": 2e-3, "clip": 1.0, "betas": (0.9, 0.98)}

    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        # In a list, so that it is no part of what is trained and kept.
        self._pictures = [sizes.pictures]
        self.n_noise = sizes.pictures.n_places
        config = gpt2_config(
            sizes.n_words + sizes.pictures.n_codes,
            sizes.n_components,
            n_layers=sizes.n_layers,
            dropout=sizes.dropout,
            max_length=sizes.length + self.n_noise,
        )
        transformers = import_guarded("transformers", caller="TextToImage")
        with quiet_transformers():
            self.model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**config))
        self._begin_with(sizes.pictures.codebook().cpu())

    @torch.no_grad()
    def _begin_with(self, codebook):
        """Codes that look alike begin with vectors that are alike."""
        words = self.model.transformer.wte.weight[self.sizes.n_words :]
        vectors = (codebook - codebook.mean(dim=0)) / (codebook.std() + 1e-6)
        width = codebook.shape[1]
        directions = torch.randn(width, words.shape[1])
        scale = (width * words.shape[1]) ** -0.5
        words.copy_(vectors @ directions * scale)

    def steps(self, batch_of, guide=None):
        """The loss: the mean surprise of a code."""

        def batch_loss(rows):
            batch = batch_of(rows)
            texts = self._drop_some(_without_padding(batch.tokens))
            codes = self._codes(batch.images)
            with lower_precision(codes.device):
                scores = self._next_codes(texts, codes).float()
            return functional.cross_entropy(scores.flatten(0, 1), codes.flatten())

        return [(self, batch_loss)]

    def _drop_some(self, texts):
        if not self.sizes.text_dropout:
            return texts
        kept = torch.rand(len(texts), 1, device=texts.device) > self.sizes.text_dropout
        return torch.where(kept, texts, _END)

    def _codes(self, images):
        with torch.no_grad():
            return self._pictures[0].encode(images)

    def _next_codes(self, texts, codes):
        """Scores of each code, given the text and the codes before it."""
        words = torch.cat([texts, codes[:, :-1] + self.sizes.n_words], dim=1)
        states = self.model.transformer(words, use_cache=False).last_hidden_state
        return self._scores(states[:, texts.shape[1] - 1 :])

    def _scores(self, states):
        """Of the codes alone: a word never comes where a code is due."""
        return functional.linear(
            states, self.model.lm_head.weight[self.sizes.n_words :]
        )

    def draw(self, tokens, noise):
        """Images of texts, code by code."""
        texts = _without_padding(tokens)
        weighed = self.sizes.text_weight != 1
        words = torch.cat([texts, torch.full_like(texts, _END)]) if weighed else texts
        shares = torch.special.ndtr(noise.double())
        codes, past = [], None
        for share in shares.T:
            run = self.model.transformer(words, past_key_values=past, use_cache=True)
            past = run.past_key_values
            code = self._pick(self._scores(run.last_hidden_state[:, -1]), share)
            codes.append(code)
            words = (code + self.sizes.n_words)[:, None]
            words = torch.cat([words, words]) if weighed else words
        return self._pictures[0].decode(torch.stack(codes, dim=1))

    def _pick(self, scores, share):
        """The code at this share of the distribution."""
        if self.sizes.text_weight != 1:
            with_text, without = scores.log_softmax(-1).chunk(2)
            scores = without + self.sizes.text_weight * (with_text - without)
        shares = (scores.double() / self.sizes.temperature).softmax(-1).cumsum(-1)
        # Rounding may leave the last sum a little below 1.
        return (shares < share[:, None]).sum(-1).clamp(max=scores.shape[-1] - 1)

    def log_likelihood(self, images, tokens):
        """Log P of the codes of each image, given its text."""
        codes = self._codes(images)
        scores = self._next_codes(_without_padding(tokens), codes)
        losses = functional.cross_entropy(
            scores.flatten(0, 1), codes.flatten(), reduction="none"
        )
        return -losses.view(codes.shape).sum(dim=1)


def _without_padding(tokens):
    """A text of one length: it ends as often as is needed."""
    return torch.where(tokens == PADDING, _END, tokens)
