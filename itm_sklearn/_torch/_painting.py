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
# Sides of the map of the ground and of that of an outline.
_COARSE, _OUTLINE = 4, 16
# How many frames fit into an image before anything is learned.
_ZOOM = 2.0
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
    """An image from a vector: a soft ground, and figures that are laid over it.

    A figure has an outline, painted in a frame of its own, and one colour. Where the
    frame lies in the image, how large and how inclined it is, is told apart from what
    is painted in it, so that an outline is learned once for all places, sizes and
    colours [1]_. Nothing else can be painted: this is for things before a ground.

    Parameters
    ----------
    n_inputs : int
        Width of the vector.
    size : int
        Side of the image in pixels.
    width : int
        Width of the hidden layers.
    n_figures : int
        The most things in an image.
    n_said : int, default=None
        How many of the first numbers tell outlines; None means all. Where the rest is
        noise, it has to leave the outlines to what was said.

    References
    ----------
    .. [1] J. Yang et al., "LR-GAN: layered recursive generative adversarial networks
       for image generation", ICLR 2017, section 3.2.

    Examples
    --------
    >>> Painter(5, 16, 32, 2)(torch.zeros(2, 5)).shape
    torch.Size([2, 3, 16, 16])
    """

    def __init__(self, n_inputs, size, width, n_figures, n_said=None):
        super().__init__()
        self.size, self.n_figures = size, n_figures
        self.n_said = n_said or n_inputs
        self.ground = _perceptron(n_inputs, width, 3 * _COARSE**2)
        self.outlines = _perceptron(self.n_said, width, n_figures * _OUTLINE**2)
        self.colours = _perceptron(n_inputs, width, n_figures * 3)
        self.frames = _perceptron(n_inputs, width, n_figures * 7)
        down, right = _coordinates(_OUTLINE)
        # Before anything is learned, a figure is a spot in the middle of its frame.
        self.register_buffer("spot", 2 - 6 * (down**2 + right**2))
        down, right = _coordinates(size)
        self.register_buffer("places", torch.stack([right, down], dim=-1))

    def forward(self, inputs):
        """Images (n, 3, size, size), for the most part between 0 and 1."""
        ground = self.ground(inputs).float().unflatten(1, (3, _COARSE, _COARSE))
        image = 0.5 + functional.interpolate(
            ground, size=(self.size, self.size), mode="bilinear"
        )
        colours = self.colours(inputs).float().unflatten(1, (self.n_figures, 3, 1, 1))
        shares = self._shares(inputs)
        for figure in range(self.n_figures):
            share = shares[:, figure, None]
            image = image + share * (0.5 + colours[:, figure] - image)
        return image

    def _shares(self, inputs):
        """How much of each pixel each figure covers: (n, n_figures, size, size)."""
        outlines = self.outlines(inputs[:, : self.n_said]).float()
        outlines = outlines.view(-1, 1, _OUTLINE, _OUTLINE) + self.spot
        frames = self.frames(inputs).float().view(-1, 7)
        shares = functional.grid_sample(
            outlines.sigmoid(), self._look_up(frames), align_corners=False
        )
        return shares.view(len(inputs), self.n_figures, self.size, self.size)

    def _look_up(self, frames):
        """For each pixel the place in the frame that it shows."""
        centres, log_sizes, shapes = frames.split([2, 1, 4], dim=1)
        squeezed = torch.eye(2, device=frames.device) + shapes.view(-1, 2, 2) / 4
        maps = squeezed * (_ZOOM * (-log_sizes).exp()[:, :, None])
        away = self.places - centres[:, None, None]
        # No matrix product, which would be calculated in lower precision.
        return (away[..., None, :] * maps[:, None, None]).sum(dim=-1)


def _perceptron(n_inputs, width, n_outputs):
    return nn.Sequential(
        nn.Linear(n_inputs, 2 * width),
        nn.LeakyReLU(0.1),
        nn.Linear(2 * width, n_outputs),
    )


def _coordinates(size):
    """Down and right of the middles of pixels, between -1 and 1."""
    line = (torch.arange(size) + 0.5) * 2 / size - 1
    return torch.meshgrid(line, line, indexing="ij")


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
