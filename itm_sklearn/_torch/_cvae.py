"""Draw images as a variational autoencoder whose two halves are told the text."""

import math

import torch
from torch import nn

from itm_sklearn._torch._normal import (
    RECIPE,
    divergence,
    draw_normal,
    first_log_spread,
    log_normal,
    make_expert,
    mean_and_log_var,
)
from itm_sklearn._torch._painting import Looker, Painter, TextReader, lower_precision

__all__ = ["ConditionalVAE"]

# Draws of z that a likelihood is estimated from.
_N_DRAWS = 8


class ConditionalVAE(nn.Module):
    """What a text leaves open is in a normal vector z: p(x | z, y) with z ~ N(0, 1).

    The images are painted in `_painting.py`; pixels differ from them by a
    spread that is learned, so that no weight has to be chosen for the divergence [1]_.

    Parameters
    ----------
    sizes : DrawingSizes
        All that it is made of.

    References
    ----------
    .. [1] O. Rybkin, K. Daniilidis, S. Levine, "Simple and effective VAE training with
       calibrated decoders", ICML 2021, section 3.
    .. [2] Y. Burda, R. Grosse, R. Salakhutdinov, "Importance weighted autoencoders",
       ICLR 2016, equation 8.
    """

    recipe = RECIPE

    def __init__(self, sizes):
        super().__init__()
        width, n_latents = sizes.n_components, sizes.n_latents
        self.n_noise, self.temperature = n_latents, sizes.temperature
        self.reader = TextReader(sizes.n_words, width)
        self.looker = Looker(sizes.image_size, width)
        n_said = self.reader.width
        self.guess = make_expert(width + n_said, 2 * width, n_latents, narrow=True)
        self.painter = Painter(
            n_said + n_latents, sizes.image_size, width, sizes.n_layers, n_said
        )
        self.log_spread = first_log_spread()
        self.register_buffer("draws", torch.randn(_N_DRAWS, n_latents))

    def steps(self, batch_of, guide):
        """One step: the evidence lower bound."""
        return [(self, lambda rows: self.loss(batch_of(rows)))]

    def loss(self, batch):
        """Minus the bound, for each number of an image."""
        with lower_precision(batch.images.device):
            text = self.reader(batch.tokens)
            mean, log_var = self._infer(batch.images, text)
            painted = self._paint(draw_normal(mean, log_var), text)
        log_p = log_normal(batch.images, painted, self.log_spread)
        bound = log_p - divergence(mean, log_var)
        return -bound.mean() / batch.images[0].numel()

    def _infer(self, images, text):
        """Mean and log variance of q(z | x, y)."""
        seen = torch.cat([self.looker(images), text], dim=1)
        return mean_and_log_var(self.guess(seen))

    def _paint(self, z, text):
        return self.painter(torch.cat([text, z], dim=1))

    def draw(self, tokens, noise):
        """The mean image of each text and z."""
        text = self.reader(tokens)
        return self._paint(noise * self.temperature, text).clamp(0, 1)

    def log_likelihood(self, images, tokens):
        """The importance-weighted evidence lower bound, in nats [2]_.

        The draws of z are the same few for all images, so that a score does not depend
        on what else is scored.
        """
        text = self.reader(tokens)
        mean, log_var = self._infer(images, text)
        bounds = []
        for noise in self.draws:
            z = mean + noise * (log_var / 2).exp()
            log_p = log_normal(images, self._paint(z, text), self.log_spread)
            # log N(z; 0, 1) - log q(z), of which the constants cancel.
            log_ratio = (noise**2 + log_var - z**2).sum(dim=1) / 2
            bounds.append(log_p + log_ratio)
        return torch.stack(bounds).logsumexp(dim=0) - math.log(len(bounds))
