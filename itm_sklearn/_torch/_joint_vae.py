"""One hidden vector behind image and text: a product of what each view says of it.

`_cvae.py` draws images for given texts; here each view may be missing.
"""

import numpy as np
import torch
from torch import nn

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._beam_search import beam_search
from itm_sklearn._torch._captioning import caption_log_p
from itm_sklearn._torch._decoders import TransformerDecoder
from itm_sklearn._torch._drawing import as_pictures, as_pixels
from itm_sklearn._torch._normal import (
    RECIPE,
    divergence,
    draw_normal,
    first_log_spread,
    log_normal,
    make_expert,
    mean_and_log_var,
    product_of_experts,
)
from itm_sklearn._torch._painting import Looker, Painter, TextReader, lower_precision

__all__ = ["JointNetwork", "infer_latents", "paint_latents", "write_latents"]

_N_ROWS = 64
# Vectors that the writer looks at.
_N_REGIONS = 4
# Between a view and its expert.
_N_HIDDEN = 256


class JointNetwork(nn.Module):
    """An expert for each view, and what paints and writes from the hidden vector.

    Trained by the bounds of both views and of each alone [1]_, and by how far the
    expert of each view alone is from both together [2]_: without that, what a text
    says would not have to lie where images are painted from.

    Parameters
    ----------
    sizes : DrawingSizes
        Vocabulary, image and widths; ``text_weight`` is how much a word counts.

    References
    ----------
    .. [1] M. Wu and N. Goodman, "Multimodal generative models for scalable
       weakly-supervised learning", NeurIPS 2018, equation 6.
    .. [2] M. Suzuki, K. Nakayama, Y. Matsuo, "Joint multimodal learning with deep
       generative models", 2016, equation 7.
    """

    recipe = RECIPE

    def __init__(self, sizes):
        super().__init__()
        width, n_latents = sizes.n_components, sizes.n_latents
        self.text_weight = sizes.text_weight
        self.looker = Looker(sizes.image_size, width)
        self.reader = TextReader(sizes.n_words, width)
        self.image_expert = make_expert(width, _N_HIDDEN, n_latents, narrow=True)
        self.text_expert = make_expert(self.reader.width, _N_HIDDEN, n_latents)
        self.painter = Painter(n_latents, sizes.image_size, width, sizes.n_layers)
        self.regions = nn.Linear(n_latents, _N_REGIONS * width)
        self.writer = TransformerDecoder(
            sizes.n_words,
            width,
            n_layers=sizes.n_layers,
            dropout=sizes.dropout,
            max_length=sizes.length,
        )
        self.log_spread = first_log_spread()

    def steps(self, batch_of, guide):
        """One step: the bounds."""

        def loss_of(rows):
            batch = batch_of(rows)
            with lower_precision(batch.images.device):
                return -self._bounds(batch).mean() / batch.images[0].numel()

        return [(self, loss_of)]

    def _bounds(self, batch):
        of_image, of_text = self.see(batch.images), self.read(batch.tokens)
        alone = [
            product_of_experts(*zip(one, strict=True)) for one in (of_image, of_text)
        ]
        both = product_of_experts(*zip(of_image, of_text, strict=True))
        bounds = self._bound(both, batch.images, batch.tokens)
        bounds = bounds + self._bound(alone[0], batch.images, None)
        bounds = bounds + self._bound(alone[1], None, batch.tokens)
        return bounds - sum(divergence(*both, *one) for one in alone)

    def _bound(self, expert, images, tokens):
        mean, log_var = expert
        z = draw_normal(mean, log_var)
        bound = -divergence(mean, log_var)
        if images is not None:
            bound = bound + log_normal(images, self.painter(z), self.log_spread)
        if tokens is not None:
            bound = bound + self.text_weight * self._log_p(z, tokens)
        return bound

    def _log_p(self, z, tokens):
        scores = self.writer(tokens[:, :-1].clamp(min=0), self.memory(z))
        return caption_log_p(scores, tokens)

    def memory(self, z):
        """What the writer looks at."""
        return self.regions(z).unflatten(1, (_N_REGIONS, -1))

    def see(self, images):
        """Mean and log variance of the expert that sees."""
        return mean_and_log_var(self.image_expert(self.looker(images)))

    def read(self, tokens):
        """Mean and log variance of the expert that reads."""
        return mean_and_log_var(self.text_expert(self.reader(tokens)))

    def infer(self, images, tokens):
        """Mean and log variance of z, by the views that are there."""
        experts = []
        if images is not None:
            experts.append(self.see(images))
        if tokens is not None:
            experts.append(self.read(tokens))
        return product_of_experts(*zip(*experts, strict=True))

    def log_likelihood(self, images, tokens):
        """The bound of both views with z at its mean, in nats."""
        mean, log_var = self.infer(images, tokens)
        of_image = log_normal(images, self.painter(mean), self.log_spread)
        return of_image + self._log_p(mean, tokens) - divergence(mean, log_var)


@torch.inference_mode()
def infer_latents(network, pixels, tokens, image_index):
    """The mean of z of each row, by the views that are there.

    Parameters
    ----------
    network : JointNetwork
        Trained.
    pixels : ndarray of uint8 of shape (n_images, size, size, 3) or None
        Each image once.
    tokens : torch.Tensor of shape (n, length) or None
        The texts.
    image_index : ndarray of int of shape (n,)
        The image of each row.

    Returns
    -------
    means : ndarray of shape (n, n_latents)
        Of z.
    """
    device = next(network.parameters()).device
    means = []
    for rows in batch_slices(len(image_index), _N_ROWS):
        images = (
            None if pixels is None else as_pictures(pixels[image_index[rows]], device)
        )
        words = None if tokens is None else tokens[rows].to(device)
        means.append(network.infer(images, words)[0].cpu().numpy())
    return np.concatenate(means)


@torch.inference_mode()
def paint_latents(network, latents):
    """The mean image of each z: uint8 of shape (n, size, size, 3)."""
    batches = batch_slices(len(latents), _N_ROWS)
    painted = [as_pixels(network.painter(_on(network, latents[b]))) for b in batches]
    return np.concatenate(painted)


@torch.inference_mode()
def write_latents(network, latents, settings):
    """The best text for each z: lists of tokens."""
    texts = []
    for rows in batch_slices(len(latents), _N_ROWS):
        memory = network.memory(_on(network, latents[rows]))
        texts += [
            found[0][0] for found in beam_search(network.writer, memory, settings)
        ]
    return texts


def _on(network, latents):
    return torch.from_numpy(latents).to(next(network.parameters()).device)
