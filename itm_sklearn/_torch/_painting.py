"""What the networks of `_gan.py` and `_cvae.py` share: reading, looking and painting.

Words reach the painter in slots, each of which attends to few of them, so that what
was learned of one word holds beside words that it was never seen with.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._device import pick_precision

__all__ = ["Looker", "Painter", "TextReader", "lower_precision"]

_N_SLOTS, _SLOT_WIDTH = 8, 32
# Layers of paint, and the side of the coarse map of colours that each one has.
_N_LAYERS, _COARSE = 4, 4
# What padding scores in a softmax: nothing, but no infinity.
_HIDDEN = -1e4


def lower_precision(device):
    """Where the hardware has bfloat16, calculate in it inside the block.

    Examples
    --------
    >>> with lower_precision(torch.device("cpu")):
    ...     TextReader(9, 32)(torch.tensor([[0, 1]])).shape
    torch.Size([1, 256])
    """
    dtype = pick_precision("auto", device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


class TextReader(nn.Module):
    """A text as a few averages of its words, each with attention of its own.

    A recurrent network over the whole text decides which words a slot attends to; what
    the slot holds are the words alone.

    Parameters
    ----------
    n_words : int
        Tokens that there are.
    width : int
        Width of words.

    Examples
    --------
    >>> reader = TextReader(9, 32)
    >>> reader(torch.tensor([[0, 5, 1, -1]])).shape == (1, reader.width)
    True
    """

    width = _N_SLOTS * _SLOT_WIDTH

    def __init__(self, n_words, width):
        super().__init__()
        self.words = nn.Embedding(n_words, width)
        self.order = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(2 * width, _N_SLOTS)
        self.values = nn.Linear(width, _SLOT_WIDTH)

    def forward(self, tokens):
        """The slots side by side, from tokens padded by -1."""
        words = self.words(tokens.clamp(min=0))
        read, _ = self.order(words)
        scores = self.attention(torch.cat([words, read], dim=2))
        scores = scores.masked_fill((tokens < 0)[:, :, None], _HIDDEN)
        slots = scores.softmax(dim=1).transpose(1, 2) @ self.values(words)
        return slots.flatten(1)


class Painter(nn.Module):
    """An image from a vector: layers of paint with sharp outlines and soft colours.

    Each layer has a coarse map of colours; which layer is seen at a pixel is painted
    by convolutions. So an outline is learned once for all colours [1]_.

    Parameters
    ----------
    n_inputs : int
        Width of the vector.
    size : int
        Side of the image in pixels.
    width : int
        Channels of the coarsest map.

    References
    ----------
    .. [1] J. Yang et al., "LR-GAN: layered recursive generative adversarial networks
       for image generation", ICLR 2017, section 3.2.

    Examples
    --------
    >>> Painter(5, 16, 32)(torch.zeros(2, 5)).shape
    torch.Size([2, 3, 16, 16])
    """

    def __init__(self, n_inputs, size, width):
        super().__init__()
        n_doublings = max(2, round(math.log2(size / 4)))
        self.size, self.side = size, math.ceil(size / 2**n_doublings)
        channels = [max(32, width >> max(0, level - 1)) for level in range(n_doublings)]
        self.first = nn.Linear(n_inputs, channels[0] * self.side**2)
        self.steps = nn.ModuleList(
            _Doubling(before, behind, n_inputs)
            for before, behind in zip(channels, channels[1:], strict=False)
        )
        self.refine = _Styled(
            nn.Conv2d(channels[-1], channels[-1], 3, padding=1), n_inputs
        )
        self.masks = nn.ConvTranspose2d(channels[-1], _N_LAYERS, 4, 2, padding=1)
        self.colours = nn.Sequential(
            nn.Linear(n_inputs, 2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, _N_LAYERS * 3 * _COARSE**2),
        )

    def forward(self, inputs):
        """Images (n, 3, size, size), for the most part between 0 and 1."""
        maps = self.first(inputs).unflatten(1, (-1, self.side, self.side))
        for step in self.steps:
            maps = step(maps, inputs)
        masks = self.masks(self.refine(maps, inputs))[..., : self.size, : self.size]
        shares = masks.float().softmax(dim=1)
        coarse = self.colours(inputs).float().unflatten(1, (-1, _COARSE, _COARSE))
        colours = functional.interpolate(
            coarse, size=(self.size, self.size), mode="bilinear"
        ).unflatten(1, (_N_LAYERS, 3))
        return 0.5 + (shares[:, :, None] * colours).sum(dim=1)


class _Styled(nn.Module):
    """A convolution that sees where it is and is told how bright channels are to be."""

    def __init__(self, convolution, n_inputs):
        super().__init__()
        self.convolution = convolution
        n_channels = convolution.out_channels
        self.norm = nn.GroupNorm(8, n_channels, affine=False)
        self.style = nn.Linear(n_inputs, 2 * n_channels)
        self.places = nn.Conv2d(2, n_channels, 1, bias=False)

    def forward(self, maps, inputs):
        maps = self.convolution(maps)
        maps = self.norm(maps + self.places(_coordinates(maps)))
        scale, shift = self.style(inputs)[:, :, None, None].chunk(2, dim=1)
        return functional.leaky_relu(maps * (1 + scale) + shift, 0.1)


class _Doubling(_Styled):
    def __init__(self, before, behind, n_inputs):
        convolution = nn.ConvTranspose2d(before, behind, 4, 2, padding=1)
        super().__init__(convolution, n_inputs)


def _coordinates(maps):
    """Down and right, between -1 and 1, for each place of a map."""
    down, right = (
        torch.linspace(-1, 1, n, device=maps.device) for n in maps.shape[-2:]
    )
    return torch.stack(torch.meshgrid(down, right, indexing="ij"))[None]


class Looker(nn.Module):
    """A vector from an image.

    Parameters
    ----------
    size : int
        Side of the image in pixels.
    width : int
        Width of the vector, and channels of the last map.
    n_channels : int
        Channels of the image.

    Examples
    --------
    >>> Looker(16, 32)(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 32])
    """

    def __init__(self, size, width, n_channels=3):
        super().__init__()
        side = size
        layers, before = [], n_channels
        n_halvings = max(2, round(math.log2(size / 4)))
        for level in range(n_halvings):
            behind = max(32, width >> max(0, n_halvings - 2 - level))
            # A first step of two is several times as fast as a step of one.
            layers += [nn.Conv2d(before, behind, 4, 2, padding=1), nn.LeakyReLU(0.1)]
            before, side = behind, side // 2
        self.maps = nn.Sequential(*layers)
        self.vector = nn.Linear(before * side * side, width)

    def forward(self, images):
        """Vectors of images between 0 and 1."""
        maps = self.maps(images * 2 - 1)
        return functional.leaky_relu(self.vector(maps.flatten(1)), 0.1)
