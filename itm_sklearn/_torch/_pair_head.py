"""A network that judges two vectors by themselves, their distance and their product.

`PairNetwork` is what `matching.NeuralMatcher` trains.
"""

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._heads import Perceptron
from itm_sklearn._torch._standardize import Standardize

__all__ = ["PairNetwork"]

# Similarities are multiplied by this much to be logits, to begin with.
_FIRST_SCALE, _HIGHEST_SCALE = 15.0, 100.0


class PairNetwork(nn.Module):
    """The cosine of two vectors, corrected by a head on both and what they share.

    The head sees both vectors, their distance and their product. Its last layer is
    zero at first, so that training begins with the cosine.

    Parameters
    ----------
    n_image_features, n_text_features : int
        Widths of the views.
    n_components : int or None
        Width to which both are projected first; None leaves them as they are.
    hidden_layer_sizes : sequence of int
        Of the head.
    dropout, input_dropout : float
        Shares of the hidden units and of the features left out in training.

    Examples
    --------
    >>> network = PairNetwork(4, 3, 8, [16], 0.0, 0.0)
    >>> network.matrix(torch.zeros(5, 4), torch.zeros(6, 3)).shape
    torch.Size([6, 5])
    """

    def __init__(
        self,
        n_image_features,
        n_text_features,
        n_components,
        hidden_layer_sizes,
        dropout,
        input_dropout,
    ):
        super().__init__()
        self.image_scaler = Standardize(n_image_features)
        self.text_scaler = Standardize(n_text_features)
        self.image = self.text = None
        if n_components is not None:
            self.image = nn.Linear(n_image_features, n_components)
            self.text = nn.Linear(n_text_features, n_components)
        self.width = n_components or n_image_features
        self.head = Perceptron([4 * self.width, *hidden_layer_sizes, 1], dropout)
        for parameter in self.head.linears[-1].parameters():
            nn.init.zeros_(parameter)
        self.log_scale = nn.Parameter(torch.tensor(_FIRST_SCALE).log())
        self.input_dropout = input_dropout

    @property
    def scale(self):
        """What similarities are multiplied by to be logits."""
        return self.log_scale.exp().clamp(max=_HIGHEST_SCALE)

    def matrix(self, images, texts):
        """The similarity of each text and each image."""
        u = self._embed(images, self.image_scaler, self.image)[None]
        v = self._embed(texts, self.text_scaler, self.text)[:, None]
        product = u * v
        first, *rest = self.head.linears
        of_u, of_v, of_distance, of_product = first.weight.chunk(4, dim=1)
        # What only one side decides is calculated once for that side.
        told = u @ of_u.T + (v @ of_v.T + first.bias)
        told = told + (u - v).abs() @ of_distance.T + product @ of_product.T
        for linear in rest:
            told = functional.relu(told)
            told = linear(functional.dropout(told, self.head.dropout, self.training))
        return product.mean(dim=2) + told[..., 0]

    def numbers_a_pair(self, images, texts):
        """How many numbers a pair takes while it is scored."""
        return self.width

    def _embed(self, features, scaler, linear):
        """Vectors whose entries have the size of one, as the head likes them."""
        # Behind an aligner the origin means something, and zeros do not.
        if linear is not None:
            features = functional.dropout(
                scaler(features), self.input_dropout, self.training
            )
            features = linear(features)
        return functional.normalize(features, dim=1) * self.width**0.5
