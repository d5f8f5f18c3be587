"""Words that look at regions, and regions that look at words.

`CrossAttentionNetwork` is what `matching.CrossAttentionMatcher` trains. Both views
are arrays of three dimensions, (n_items, n_parts, width), filled up with zeros.
"""

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._standardize import Standardize

__all__ = ["CrossAttentionNetwork", "Parts", "attend"]

# Similarities are multiplied by this much to begin with, inside and outside of
# the attention. Both are learned.
_FIRST_SHARPNESS, _FIRST_SCALE = 10.0, 15.0
_HIGHEST_SCALE = 100.0
# What padding scores in a softmax: nothing, but no infinity.
_HIDDEN = -1e4


class Parts:
    """Unit vectors of the parts of each item: padded, and all in one list.

    Parameters
    ----------
    vectors : torch.Tensor of shape (n_items, n_parts, n_components)
        Of length one.
    mask : torch.Tensor of bool, of shape (n_items, n_parts)
        False for padding.
    shares : torch.Tensor of shape (n_items, n_parts), default=None
        How much of its item each part is; None means all alike.
    """

    def __init__(self, vectors, mask, shares=None):
        self.vectors, self.mask = vectors, mask
        if shares is None:
            shares = mask / mask.sum(1, keepdim=True).clamp(min=1)
        self.shares = shares

    @property
    def packed(self):
        """The vectors of all parts that are there, one row after the other."""
        return self.vectors[self.mask]

    @property
    def packed_shares(self):
        """How much of each item each of those rows is: (n_packed, n_items)."""
        owners = self.mask.nonzero()[:, 0]
        rows = torch.arange(len(owners), device=owners.device)
        shares = self.shares.new_zeros(len(owners), len(self.mask))
        return shares.index_put((rows, owners), self.shares[self.mask])


def attend(queries, context, sharpness):
    """How well the context of each item tells each query: a cosine.

    The parts of an item are averaged with weights that rise with their cosine to
    the query; what counts is the cosine of the average to the query [1]_.

    Parameters
    ----------
    queries : torch.Tensor of shape (n_queries, n_components)
        Vectors of length one.
    context : Parts
        Of the items that are looked at.
    sharpness : float or torch.Tensor
        With 0 all parts count alike, with much only the most similar.

    Returns
    -------
    cosines : torch.Tensor of shape (n_items, n_queries)
        0 where an item has no parts.

    References
    ----------
    .. [1] K.-H. Lee et al., "Stacked cross attention for image-text matching",
       ECCV 2018, equations 2 to 4.

    Examples
    --------
    >>> context = Parts(torch.eye(2)[None], torch.ones(1, 2, dtype=torch.bool))
    >>> attend(torch.eye(2)[:1], context, 0.0)
    tensor([[0.7071]])
    >>> attend(torch.eye(2)[:1], context, 100.0)
    tensor([[1.]])
    """
    parts = context.vectors
    cosines = queries @ parts.transpose(1, 2)
    hidden = ~context.mask[:, None]
    weights = (sharpness * cosines.float()).masked_fill(hidden, _HIDDEN).softmax(dim=2)
    told = (weights * cosines).sum(dim=2)
    # The length of the average without the average: products of parts are few.
    lengths = ((weights @ (parts @ parts.transpose(1, 2))) * weights).sum(dim=2)
    return told / lengths.clamp(min=1e-6).sqrt() * context.mask.any(1)[:, None]


class CrossAttentionNetwork(nn.Module):
    """Regions and words in one space, where each looks for itself among the others.

    Parameters
    ----------
    n_image_features, n_text_features : int
        Widths of a region and of a word.
    n_components : int
        Width of the joint space.
    attend : {"words", "regions", "both"}
        Who looks: words at regions, regions at words, or both.
    pooling : {"mean", "logsumexp"}
        How the cosines of the parts of an item become one.
    dropout, input_dropout : float
        Shares of the joint space and of the features left out in training.

    Examples
    --------
    >>> network = CrossAttentionNetwork(4, 3, 8, "words", "mean", 0.0, 0.0)
    >>> network.matrix(torch.ones(5, 2, 4), torch.ones(6, 7, 3)).shape
    torch.Size([6, 5])
    """

    def __init__(
        self,
        n_image_features,
        n_text_features,
        n_components,
        attend,
        pooling,
        dropout,
        input_dropout,
    ):
        super().__init__()
        self.image_scaler = Standardize(n_image_features)
        self.text_scaler = Standardize(n_text_features)
        self.image = nn.Linear(n_image_features, n_components)
        self.text = nn.Linear(n_text_features, n_components)
        # "A" counts less than "dog": how much is learned, from all parts alike.
        self.image_gate = nn.Linear(n_image_features, 1)
        self.text_gate = nn.Linear(n_text_features, 1)
        for gate in (self.image_gate, self.text_gate):
            nn.init.zeros_(gate.weight)
            nn.init.zeros_(gate.bias)
        self.log_sharpness = nn.Parameter(torch.tensor(_FIRST_SHARPNESS).log())
        self.log_scale = nn.Parameter(torch.tensor(_FIRST_SCALE).log())
        self.attend, self.pooling = attend, pooling
        self.dropout, self.input_dropout = dropout, input_dropout

    @property
    def scale(self):
        """What similarities are multiplied by to be logits."""
        return self.log_scale.exp().clamp(max=_HIGHEST_SCALE)

    @property
    def sharpness(self):
        """How much more the most similar part counts than the others."""
        return self.log_sharpness.exp().clamp(max=_HIGHEST_SCALE)

    def matrix(self, images, texts):
        """The similarity of each text and each image."""
        regions = self._project(images, self.image_scaler, self.image, self.image_gate)
        words = self._project(texts, self.text_scaler, self.text, self.text_gate)
        found = []
        if self.attend != "regions":
            cosines = attend(words.packed, regions, self.sharpness)
            found.append(self._pool(cosines, words.packed_shares).T)
        if self.attend != "words":
            cosines = attend(regions.packed, words, self.sharpness)
            found.append(self._pool(cosines, regions.packed_shares))
        return sum(found) / len(found)

    def numbers_a_pair(self, images, texts):
        """How many numbers a pair takes while it is scored."""
        return images.shape[1] * texts.shape[1]

    def _project(self, features, scaler, linear, gate):
        features, mask = _without_needless_padding(features)
        features = functional.dropout(
            scaler(features), self.input_dropout, self.training
        )
        vectors = functional.dropout(linear(features), self.dropout, self.training)
        vectors = functional.normalize(vectors, dim=2) * mask[..., None]
        logits = gate(features)[..., 0].float()
        shares = logits.masked_fill(~mask, _HIDDEN).softmax(dim=1) * mask
        return Parts(vectors, mask, shares)

    def _pool(self, cosines, shares):
        """One number for the parts of each item: (n_contexts, n_items)."""
        if self.pooling == "mean":
            return cosines @ shares
        # No exponent above zero, so that nothing overflows.
        raised = (self.sharpness * (cosines - 1)).exp() @ shares
        return raised.clamp(min=1e-30).log() / self.sharpness + 1


def _without_needless_padding(features):
    """Features as wide as the longest item of the batch, and where its parts are."""
    mask = features.any(dim=2)
    longest = int(mask.any(dim=0).nonzero().max()) + 1 if mask.any() else 1
    return features[:, :longest], mask[:, :longest]
