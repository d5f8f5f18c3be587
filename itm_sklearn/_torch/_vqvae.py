"""Images as codes out of a codebook, and back: a grid of cells, each with a code.

`_layered_vq.py` has codes of forms and codes of colours instead; `_image_prior.py`
writes such codes after a text.
"""

import math

import numpy as np
import torch
from torch import nn

from itm_sklearn._batching import batch_slices
from itm_sklearn._optional import require
from itm_sklearn._torch._drawing import as_pictures, as_pixels
from itm_sklearn._torch._grid import ResidualBlock, halvings

__all__ = [
    "VQNetwork",
    "decode_codes",
    "encode_codes",
    "make_quantizer",
    "nearest_codes",
    "vq_loss",
]

# Images that go through the network at a time.
_N_IMAGES = 64
# A code that is used less often than this in a batch begins anew elsewhere.
_LEAST_USE = 1
# How much more a pixel counts for each unit that it differs from the mean colour, and
# the difference below which it does not stand out.
_SALIENCE, _FAINT = 30, 0.05
# Squared errors are small numbers: their share of the loss.
_SCALE = 100


def make_quantizer(n_codes, width):
    """A codebook that follows the vectors of the batches, as a moving average.

    Examples
    --------
    >>> quantizer = make_quantizer(8, 4).eval()
    >>> quantizer(torch.zeros(2, 5, 4))[1].shape
    torch.Size([2, 5])
    """
    package = require("vector_quantize_pytorch", extra="draw", caller="VQVAE")
    return package.VectorQuantize(
        width,
        n_codes,
        decay=0.95,
        kmeans_init=True,
        threshold_ema_dead_code=_LEAST_USE,
        commitment_weight=0.25,
        rotation_trick=True,
    )


def nearest_codes(quantizer, vectors):
    """Vectors out of the codebook, their numbers, and how far off they are."""
    # Distances in half precision would find other codes than are found later.
    with torch.autocast(vectors.device.type, enabled=False):
        found, codes, commitment = quantizer(vectors.float())
    return found, codes, commitment.sum()


class VQNetwork(nn.Module):
    """An autoencoder whose middle is a grid of vectors out of a codebook.

    Parameters
    ----------
    image_size : int
        Width and height of the pictures.
    patch_size : int
        Width and height of a cell of the grid in pixels, a power of two.
    n_codes : int
        Vectors in the codebook.
    width : int
        Channels of the grid before and behind it.
    code_width : int
        Length of the vectors.
    n_blocks : int
        Residual blocks on either side of the grid.

    Examples
    --------
    >>> network = VQNetwork(16, 4, 32, width=32, code_width=8, n_blocks=1).eval()
    >>> codes = network.encode(torch.zeros(2, 3, 16, 16))
    >>> codes.shape, network.decode(codes).shape
    (torch.Size([2, 16]), torch.Size([2, 3, 16, 16]))
    """

    # How much steps between neighbouring pixels count beside the pixels.
    edge_weight = 0.0

    def __init__(self, image_size, patch_size, n_codes, *, width, code_width, n_blocks):
        super().__init__()
        self.side = image_size // patch_size
        self.n_places, self.n_codes = self.side**2, n_codes
        n_halvings = int(math.log2(patch_size))
        self.encoder = nn.Sequential(
            *halvings(3, width, n_halvings),
            *[ResidualBlock(width) for _ in range(n_blocks)],
            nn.Conv2d(width, code_width, 1),
        )
        self.quantizer = make_quantizer(n_codes, code_width)
        self.decoder = nn.Sequential(
            nn.Conv2d(code_width, width, 3, padding=1),
            *[ResidualBlock(width) for _ in range(n_blocks)],
            *_doublings(width, n_halvings),
        )

    def forward(self, pictures):
        """What comes back of pictures between 0 and 1, and how far codes are off."""
        vectors, _, far_off = nearest_codes(self.quantizer, self._vectors(pictures))
        return self._paint(vectors), far_off

    def encode(self, pictures):
        """Codes of a batch of pictures, (n, n_places)."""
        return nearest_codes(self.quantizer, self._vectors(pictures))[1]

    def decode(self, codes):
        """Pictures between 0 and 1 of a batch of codes."""
        return self._paint(self.codebook()[codes]).clamp(0, 1)

    def codebook(self):
        """The vectors of the codes, in their order."""
        return self.quantizer.codebook

    def _vectors(self, pictures):
        return self.encoder(4 * pictures - 2).flatten(2).transpose(1, 2)

    def _paint(self, vectors):
        maps = vectors.transpose(1, 2).unflatten(2, (self.side, self.side))
        return self.decoder(maps).float() / 4 + 0.5


def _doublings(width, n_halvings):
    """The way back; the last doubling spreads channels over pixels."""
    before = width
    for level in range(1, n_halvings):
        after = max(32, width >> level)
        yield nn.ConvTranspose2d(before, after, 4, 2, padding=1, bias=False)
        yield nn.BatchNorm2d(after)
        yield nn.ReLU()
        before = after
    yield nn.Conv2d(before, 12, 3, padding=1)
    yield nn.PixelShuffle(2)


def vq_loss(network, pixels, dtype=torch.float32):
    """A function from row numbers to the loss of the autoencoder.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    pixels : ndarray of uint8 of shape (n_images, size, size, 3)
        The images; half of them are mirrored.
    dtype : torch.dtype
        Numbers that the network calculates in.
    """
    device = next(network.parameters()).device

    def batch_loss(rows):
        pictures = as_pictures(pixels[rows], device)
        mirrored = torch.rand(len(rows), 1, 1, 1, device=device) < 0.5
        pictures = torch.where(mirrored, pictures.flip(3), pictures)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            painted, commitment = network(pictures)
        errors = _errors(painted - pictures, _salience(pictures), network.edge_weight)
        return _SCALE * errors + commitment

    return batch_loss


def _errors(difference, salience, edge_weight):
    """Squared errors of pixels, and of their steps to the right and down."""
    errors = (salience * difference**2).mean()
    if not edge_weight:
        return errors
    inner = difference[:, :, 1:, 1:]
    down, right = inner - difference[:, :, :-1, 1:], inner - difference[:, :, 1:, :-1]
    steps = (salience[:, :, 1:, 1:] * (down**2 + right**2)).mean() / 2
    return errors + edge_weight * steps


def _salience(pictures):
    """How much each pixel counts: more, the more it differs from the mean colour."""
    difference = (pictures - pictures.mean(dim=(2, 3), keepdim=True)).abs()
    difference = difference.mean(dim=1, keepdim=True)
    return 1 + _SALIENCE * (difference - _FAINT).clamp(min=0)


@torch.inference_mode()
def encode_codes(network, pixels):
    """Codes of all images, (n_images, n_places)."""
    device = next(network.parameters()).device
    codes = [np.empty((0, network.n_places), np.int64)]
    for rows in batch_slices(len(pixels), _N_IMAGES):
        found = network.encode(as_pictures(pixels[rows], device))
        codes.append(found.cpu().numpy())
    return np.concatenate(codes)


@torch.inference_mode()
def decode_codes(network, codes):
    """Images of all codes, uint8."""
    device = next(network.parameters()).device
    images = [
        as_pixels(network.decode(torch.from_numpy(codes[rows]).to(device)))
        for rows in batch_slices(len(codes), _N_IMAGES)
    ]
    return np.concatenate(images)
