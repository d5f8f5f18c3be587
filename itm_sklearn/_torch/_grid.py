"""Pictures as grids of regions: a small network to train, and what decoders look at.

`_captioner.py` puts one of these before a decoder of `_decoders.py` or `_gpt2.py`.
"""

import math

import torch
from torch import nn
from torch.nn import functional

__all__ = [
    "GridCNN",
    "Regions",
    "ResidualBlock",
    "as_regions",
    "edges",
    "halvings",
    "encoder_layers",
    "n_heads",
]

# Regions on a side of the grid that `GridCNN` makes.
_SIDE = 8
# One channel in so many sees colours.
_SHARE_OF_COLOURS = 4
# Below it what changes is noise.
_FAINTEST_EDGE = 1e-3


class GridCNN(nn.Module):
    """A small convolutional network: a grid of about 8 x 8 regions.

    Most channels see `edges` alone. A shape that was only ever seen in some colours is
    known in the others, too; a network that sees nothing but colours learns the one
    with the other. The first convolution already halves the picture, since most of the
    work is done where the picture is large.

    Parameters
    ----------
    image_size : int
        Width and height of the pictures.
    width : int, default=128
        Channels of the grid.
    n_blocks : int, default=1
        Residual blocks on the grid.

    Examples
    --------
    >>> network = GridCNN(32)
    >>> network(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 128, 8, 8])
    """

    def __init__(self, image_size, width=128, n_blocks=1):
        super().__init__()
        n_halvings = max(1, round(math.log2(image_size / _SIDE)))
        n_colours = width // _SHARE_OF_COLOURS
        self.forms = halvings(1, width - n_colours, n_halvings)
        self.colours = halvings(3, n_colours, n_halvings)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(n_blocks)))
        self.width = width

    def forward(self, pictures):
        """Maps of a batch of pictures between 0 and 1."""
        forms = self.forms(2 * edges(pictures) - 1)
        return self.blocks(torch.cat([forms, self.colours(4 * pictures - 2)], dim=1))


def edges(pictures):
    """How much the picture changes at each pixel, whatever its colours are.

    The length of the gradient over all channels, as a share of the greatest in the
    picture.

    Examples
    --------
    >>> edges(torch.tensor([[[[0.0, 0.0, 0.0, 0.5]]]])).round(decimals=2)
    tensor([[[[0., 0., 1., 1.]]]])
    """
    padded = functional.pad(pictures, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
    down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    both = torch.cat([across, down], dim=1)
    # Has a gradient, zero, where nothing changes; a root of squares has none.
    lengths = torch.linalg.vector_norm(both, dim=1, keepdim=True)
    return lengths / (lengths.amax(dim=(2, 3), keepdim=True) + _FAINTEST_EDGE)


def halvings(before, width, n_halvings):
    """Convolutions that end with so many channels and halve the picture so often.

    Examples
    --------
    >>> halvings(3, 64, 2)(torch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 64, 4, 4])
    """
    layers = []
    for left in reversed(range(n_halvings)):
        after = max(32, width >> left) if left else width
        layers += [*_convolution(before, after, stride=2), nn.ReLU()]
        before = after
    return nn.Sequential(*layers)


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what went in."""

    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(
            *_convolution(width, width), nn.ReLU(), *_convolution(width, width)
        )

    def forward(self, maps):
        """Maps of the same shape."""
        return torch.relu(maps + self.layers(maps))


def _convolution(before, after, stride=1):
    size = 3 if stride == 1 else 4
    convolution = nn.Conv2d(before, after, size, stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(after)


def as_regions(features):
    """Vectors, tokens or maps, tensor or array, as (n_images, n_regions, width).

    Examples
    --------
    >>> as_regions(torch.zeros(2, 5)).shape
    torch.Size([2, 1, 5])
    """
    return features.reshape(len(features), -1, features.shape[-1])


def n_heads(width):
    """Heads of an attention: one for 32 numbers, or fewer that share them equally.

    Examples
    --------
    >>> n_heads(128), n_heads(100), n_heads(16)
    (4, 2, 1)
    """
    most = max(1, width // 32)
    return max(number for number in range(1, most + 1) if width % number == 0)


def encoder_layers(width, n_hidden, n_layers, dropout):
    """Layers in which all of a sequence look at each other, before any training."""
    return nn.ModuleList(
        nn.TransformerEncoderLayer(
            width,
            n_heads(width),
            n_hidden,
            dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        for _ in range(n_layers)
    )


class Regions(nn.Module):
    """Regions of any width as the memory of a decoder: projected, each with its place.

    Parameters
    ----------
    n_regions, n_features : int
        Shape of an image's features.
    width : int
        Width of the decoder.
    n_layers : int
        Layers of a transformer in which the regions look at each other.
    dropout, input_dropout : float
        Shares that are left out in training, of what comes out and of what goes in.

    Examples
    --------
    >>> regions = Regions(64, 5, 8, n_layers=0, dropout=0.1)
    >>> regions(torch.zeros(2, 64, 5)).shape
    torch.Size([2, 64, 8])
    """

    def __init__(
        self, n_regions, n_features, width, *, n_layers, dropout, input_dropout=0.0
    ):
        super().__init__()
        self.input_dropout = nn.Dropout(input_dropout)
        self.project = nn.Linear(n_features, width)
        # Loud enough for places to be told apart from the first step on.
        self.places = nn.Parameter(torch.randn(n_regions, width) / 2)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.layers = encoder_layers(width, 2 * width, n_layers, dropout)

    def forward(self, regions):
        """The memory of a batch."""
        memory = self.dropout(self._project(regions) + self.places)
        for layer in self.layers:
            memory = layer(memory)
        return memory

    def _project(self, regions):
        return self.norm(self.project(self.input_dropout(regions)))
