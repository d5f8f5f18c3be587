"""A transformer that reads a text while it looks at the regions of an image."""

from math import gcd

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._fusion import FusionNetwork

__all__ = ["PartFusion"]

_MOST_HEADS = 4
# Left out inside of the layer; more hinders the attention from being found.
_INNER_DROPOUT = 0.1


class PartFusion(FusionNetwork):
    """Words that look at each other, then at regions; their mean is the fused vector.

    One layer of a transformer's decoder [1]_, without order: words that stand in
    one have it in their vectors. A learned word and a learned region stand beside
    those that are there, so that there is always something to look at.

    Parameters
    ----------
    *sizes : int or float
        As for `FusionNetwork`; the widths of the views are those of a region and
        of a word.

    References
    ----------
    .. [1] A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.

    Examples
    --------
    >>> network = PartFusion(4, 3, 8, 2, 0.5).eval()
    >>> network(torch.zeros(5, 7, 4), torch.zeros(5, 6, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(self, *sizes):
        super().__init__(*sizes, each=False)
        width = self.image.out_features
        self.first_region = nn.Parameter(torch.randn(width))
        self.first_word = nn.Parameter(torch.randn(width))
        self.layer = nn.TransformerDecoderLayer(
            width,
            gcd(width, _MOST_HEADS),
            2 * width,
            _INNER_DROPOUT,
            batch_first=True,
            norm_first=True,
        )
        self.norm = nn.LayerNorm(width)

    def fuse(self, images, texts):
        """The fused vector of each pair."""
        regions = self.image(self.image_scaler(images))
        words = self.text(self.text_scaler(texts))
        # Rows of zeros are padding; what stands before them never is.
        no_region, no_word = (
            functional.pad(~parts.any(dim=2), (1, 0)) for parts in (images, texts)
        )
        read = self.layer(
            _prepend(self.first_word, words),
            _prepend(self.first_region, regions),
            tgt_key_padding_mask=no_word,
            memory_key_padding_mask=no_region,
        )
        there = ~no_word[..., None]
        return (self.norm(read) * there).sum(dim=1) / there.sum(dim=1)


def _prepend(first, parts):
    return torch.cat([first.expand(len(parts), 1, -1), parts], dim=1)
