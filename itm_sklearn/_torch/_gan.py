"""Draw images by a generator that learns to pass a critic who reads the text.

A real image with a wrong text is refused like a drawn one, so that the critic has to
read [1]_; its score is linear in the slots of the text [2]_. The generator is also the
half of a variational autoencoder that paints real images again [3]_: a critic who has
yet to learn says little.

References
----------
.. [1] S. Reed et al., "Generative adversarial text to image synthesis", ICML 2016,
   section 4.2.
.. [2] T. Miyato and M. Koyama, "cGANs with projection discriminator", ICLR 2018,
   equation 3.
.. [3] A. B. L. Larsen et al., "Autoencoding beyond pixels using a learned similarity
   metric", ICML 2016, section 3; told the text as in J.-Y. Zhu et al., "Toward
   multimodal image-to-image translation", NeurIPS 2017, section 3.2.
"""

from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import relu
from torch.nn.utils.parametrizations import spectral_norm

from itm_sklearn._torch._cvae import ConditionalVAE
from itm_sklearn._torch._grid import edges
from itm_sklearn._torch._guidance import Guide
from itm_sklearn._torch._painting import Looker, TextReader, lower_precision

__all__ = ["ConditionalGAN"]

# Share of the average that each step leaves as it is.
_MEMORY = 0.99
# How much the critic, and a matcher that guides, count beside painting again. With a
# tenth, the critic wins, and what is drawn leaves the range of pictures.
_CRITIC = 0.001
_GUIDANCE = 0.01


class ConditionalGAN(nn.Module):
    """A generator, the average of its weights, and a critic.

    Parameters
    ----------
    sizes : DrawingSizes
        All that it is made of.
    """

    recipe = {**ConditionalVAE.recipe, "betas": (0.5, 0.99)}

    def __init__(self, sizes):
        super().__init__()
        self.generator = _Generator(sizes)
        self.critic = _Critic(sizes)
        self.average = deepcopy(self.generator).requires_grad_(False)
        self.n_noise = self.generator.n_noise
        self.temperature = sizes.temperature

    def steps(self, batch_of, guide):
        """The critic's step, then the generator's."""
        device, size = self.generator.log_spread.device, self.generator.painter.size
        guide = None if guide is None else Guide(guide, size, device)
        return [
            (self.critic, lambda rows: self._critic_loss(batch_of(rows))),
            (self.generator, lambda rows: self._generator_loss(batch_of(rows), guide)),
        ]

    def _critic_loss(self, batch):
        """Hinges, of which drawn images and wrong texts share one."""
        with lower_precision(batch.images.device):
            with torch.no_grad():
                drawn = self.generator(batch.tokens, self._noise(batch))
            real, drawn = self.critic.look(batch.images, drawn)
            text = self.critic.reader(batch.tokens)
            right = self.critic.judge(real, text)
            wrong = self.critic.judge(real, text.roll(1, dims=0))
            fake = self.critic.judge(drawn, text)
        fakes = (relu(1 + wrong) + relu(1 + fake)).mean() / 2
        return relu(1 - right).mean() + fakes

    def _generator_loss(self, batch, guide):
        with lower_precision(batch.images.device):
            drawn = self.generator(batch.tokens, self._noise(batch))
            # Only the drawing is to change, so that half of the work is saved.
            self.critic.requires_grad_(False)
            score = self._score(drawn, batch.tokens)
            self.critic.requires_grad_(True)
        loss = self.generator.loss(batch) - _CRITIC * score.mean()
        self._follow()
        if guide is not None:
            loss = loss + _GUIDANCE * guide.loss(drawn, batch.texts)
        return loss

    def _noise(self, batch):
        return torch.randn(len(batch.tokens), self.n_noise, device=batch.images.device)

    @torch.no_grad()
    def _follow(self):
        weights = zip(
            self.average.parameters(), self.generator.parameters(), strict=True
        )
        for average, weight in weights:
            average.lerp_(weight, 1 - _MEMORY)

    def draw(self, tokens, noise):
        """An image of each text, by the average of the generators."""
        return self.average(tokens, noise * self.temperature).clamp(0, 1)

    def log_likelihood(self, images, tokens):
        """The critic's score of each image with its text."""
        return self._score(images, tokens)

    def _score(self, images, tokens):
        (seen,) = self.critic.look(images)
        return self.critic.judge(seen, self.critic.reader(tokens))


class _Generator(ConditionalVAE):
    """Paints from a text and noise, and adds the grain of the pictures."""

    def __init__(self, sizes):
        super().__init__(sizes)
        self.n_latents = sizes.n_latents
        self.n_noise = self.n_latents + 3 * sizes.image_size**2

    def forward(self, tokens, noise):
        """Images with the grain that real ones have beside what is painted."""
        latents, grain = noise[:, : self.n_latents], noise[:, self.n_latents :]
        painted = self._paint(latents, self.reader(tokens))
        return painted + self.log_spread.exp() * grain.view_as(painted)


class _Critic(nn.Module):
    """How real an image looks, and how well it fits the text.

    Forms are seen apart from colours, so that one is known beside any other.
    """

    def __init__(self, sizes):
        super().__init__()
        width = sizes.n_components
        self.reader = TextReader(sizes.n_words, width)
        n_colours = width // 4
        self.forms = Looker(sizes.image_size, width - n_colours, n_channels=1)
        self.colours = Looker(sizes.image_size, n_colours)
        for layer in [*self.forms.modules(), *self.colours.modules()]:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                spectral_norm(layer)
        self.real = nn.Linear(width, 1)
        self.fitting = nn.Linear(self.reader.width, width)

    def look(self, *images):
        """What is seen in batches of images."""
        pictures = torch.cat(images)
        seen = [self.forms(edges(pictures)), self.colours(pictures)]
        return torch.cat(seen, dim=1).split([len(some) for some in images])

    def judge(self, seen, text):
        """Log-odds that image and text belong together."""
        return self.real(seen)[:, 0] + (self.fitting(text) * seen).sum(dim=1)
