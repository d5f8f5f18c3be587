"""Images as codes of forms and codes of colours: layers of paint and their outlines.

A form that was seen in some colours is known in all: what tells forms sees no colours.
`_vqvae.py` has cells that know both, which suits pictures with many details.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._grid import ResidualBlock, halvings
from itm_sklearn._torch._vqvae import make_quantizer, nearest_codes

__all__ = ["LayeredVQ"]

# Side of the coarse maps that colours are read from and painted on.
_SIDE_SEEN, _COARSE = 8, 4
# Codes for the colours of an image.
_N_COLOUR_PLACES = 6
_N_HIDDEN = 256
# What stands out less than this share of what stands out most is ground and noise.
_FAINTEST = 0.25
# Keeps a picture of one colour from a division by zero.
_LEAST_DISTANCE = 1e-3


class LayeredVQ(nn.Module):
    """An autoencoder with a codebook for forms and one for colours.

    How far each pixel stands out becomes a grid of codes, and these become the outlines
    of layers. A blurred picture becomes a few codes, and these the colours of each
    layer, on a coarse map [1]_. The codes of colours have the lower numbers and come
    first.

    Parameters
    ----------
    image_size : int
        Width and height of the pictures.
    patch_size : int
        Width and height of a cell of the grid in pixels, a power of two.
    n_codes : int
        Vectors in both codebooks together, of which half are for forms.
    width : int
        Channels of the grid.
    code_width : int
        Length of the vectors.
    n_blocks : int
        Residual blocks behind the grid. There are none before it, so that codes say
        what is in their cells alone.
    n_paints : int
        Layers of paint.

    References
    ----------
    .. [1] J. Yang et al., "LR-GAN: layered recursive generative adversarial networks
       for image generation", ICLR 2017, section 3.2.

    Examples
    --------
    >>> network = LayeredVQ(
    ...     16, 4, 32, width=32, code_width=8, n_blocks=1, n_paints=3
    ... ).eval()
    >>> codes = network.encode(torch.zeros(2, 3, 16, 16))
    >>> codes.shape, network.decode(codes).shape
    (torch.Size([2, 22]), torch.Size([2, 3, 16, 16]))
    """

    # A star whose arms are two pixels wide is told from a cross by steps of colour.
    edge_weight = 3.0

    def __init__(
        self,
        image_size,
        patch_size,
        n_codes,
        *,
        width,
        code_width,
        n_blocks,
        n_paints,
    ):
        super().__init__()
        self.side, self.size = image_size // patch_size, image_size
        self.n_paints, self.n_codes = n_paints, n_codes
        self.n_colours = n_codes // 2
        self.n_places = _N_COLOUR_PLACES + self.side**2
        n_halvings = int(math.log2(patch_size))
        self.see_forms = nn.Sequential(
            *halvings(1, width, n_halvings), nn.Conv2d(width, code_width, 1)
        )
        self.outline = nn.Sequential(
            *_normed(nn.Conv2d(code_width, width, 3, padding=1, bias=False)),
            *[ResidualBlock(width) for _ in range(n_blocks)],
            *_doublings(n_halvings, width, n_paints),
        )
        self.see_colours = _two_layers(9 * _SIDE_SEEN**2, _N_COLOUR_PLACES * code_width)
        self.mix = _two_layers(_N_COLOUR_PLACES * code_width, n_paints * 3 * _COARSE**2)
        self.colours = make_quantizer(self.n_colours, code_width)
        self.forms = make_quantizer(n_codes - self.n_colours, code_width)

    def forward(self, pictures):
        """What comes back of pictures between 0 and 1, and how far codes are off."""
        colours, _, one = nearest_codes(self.colours, self._colours_of(pictures))
        forms, _, other = nearest_codes(self.forms, self._forms_of(pictures))
        return self._paint(colours, forms), one + other

    def encode(self, pictures):
        """Codes of a batch of pictures, (n, n_places)."""
        colours = nearest_codes(self.colours, self._colours_of(pictures))[1]
        forms = nearest_codes(self.forms, self._forms_of(pictures))[1]
        return torch.cat([colours, self.n_colours + forms], dim=1)

    def decode(self, codes):
        """Pictures between 0 and 1 of a batch of codes."""
        colours, forms = codes.tensor_split([_N_COLOUR_PLACES], dim=1)
        # A prior may put a code of one kind where one of the other is due.
        colours = self.colours.codebook[colours.clamp(max=self.n_colours - 1)]
        forms = self.forms.codebook[(forms - self.n_colours).clamp(min=0)]
        return self._paint(colours, forms).clamp(0, 1)

    def codebook(self):
        """The vectors of the codes, in their order."""
        return torch.cat([self.colours.codebook, self.forms.codebook])

    def _forms_of(self, pictures):
        maps = self.see_forms(_standing_out(pictures))
        return maps.flatten(2).transpose(1, 2)

    def _colours_of(self, pictures):
        """Vectors from the mean, the highest and the lowest values of coarse cells."""
        seen = 4 * pictures - 2
        coarse = [
            functional.adaptive_avg_pool2d(seen, _SIDE_SEEN),
            functional.adaptive_max_pool2d(seen, _SIDE_SEEN),
            functional.adaptive_max_pool2d(-seen, _SIDE_SEEN),
        ]
        vectors = self.see_colours(torch.cat(coarse, dim=1).flatten(1))
        return vectors.unflatten(1, (_N_COLOUR_PLACES, -1))

    def _paint(self, colours, forms):
        """Each pixel has a share of each layer, and each layer has its colours."""
        maps = forms.transpose(1, 2).unflatten(2, (self.side, self.side))
        shares = self.outline(maps).float().softmax(dim=1)
        coarse = self.mix(colours.flatten(1)).float()
        painted = functional.interpolate(
            coarse.unflatten(1, (-1, _COARSE, _COARSE)), self.size, mode="bilinear"
        ).unflatten(1, (self.n_paints, 3))
        return 0.5 + torch.einsum("nlhw,nlchw->nchw", shares, painted)


def _standing_out(pictures):
    """How far each pixel is from the median colour, as a share of the farthest.

    Colours leave no trace in it, and even ground is zero, so that it has but few codes.
    """
    ground = pictures.flatten(2).median(dim=2).values[:, :, None, None]
    distance = torch.linalg.vector_norm(pictures - ground, dim=1, keepdim=True)
    share = distance / (distance.amax(dim=(2, 3), keepdim=True) + _LEAST_DISTANCE)
    return functional.relu(share - _FAINTEST) / (1 - _FAINTEST)


def _normed(convolution):
    return convolution, nn.BatchNorm2d(convolution.out_channels), nn.ReLU()


def _doublings(n_halvings, width, n_channels):
    """The way back; the last one is left as it is, for a softmax."""
    before = width
    for level in range(1, n_halvings):
        after = max(48, width >> level)
        layer = nn.ConvTranspose2d(before, after, 4, 2, padding=1, bias=False)
        yield from _normed(layer)
        before = after
    yield nn.ConvTranspose2d(before, n_channels, 4, 2, padding=1)


def _two_layers(n_inputs, n_outputs):
    return nn.Sequential(
        nn.Linear(n_inputs, _N_HIDDEN), nn.ReLU(), nn.Linear(_N_HIDDEN, n_outputs)
    )
