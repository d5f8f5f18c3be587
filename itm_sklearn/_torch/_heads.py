"""Networks on top of feature vectors, one for each view, that go to and from arrays.

Estimators keep the arrays and not the modules: they pickle anywhere, and nothing
but numpy is needed to use them.
"""

from itertools import pairwise
from numbers import Integral

import numpy as np
import torch
from torch import nn
from torch.nn import functional

__all__ = ["Heads", "Perceptron"]


class Perceptron(nn.Module):
    """Linear layers with rectifiers and dropout between them.

    Parameters
    ----------
    sizes : sequence of int
        The width of the input, of each hidden layer and of the output.
    dropout : float
        Share of the hidden units that is left out in training.
    input_dropout : float
        The same for the input.

    Examples
    --------
    >>> Perceptron([4, 8, 2])(torch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(self, sizes, dropout=0.0, input_dropout=0.0):
        super().__init__()
        if not all(isinstance(size, Integral) and size > 0 for size in sizes):
            raise ValueError(
                f"hidden_layer_sizes={tuple(sizes[1:-1])} must be whole numbers of at "
                "least 1: the width of each hidden layer."
            )
        self.linears = nn.ModuleList(
            nn.Linear(n_in, n_out) for n_in, n_out in pairwise(sizes)
        )
        self.dropout, self.input_dropout = dropout, input_dropout

    def forward(self, features):
        """Pass a batch through."""
        features = functional.dropout(features, self.input_dropout, self.training)
        *hidden, last = self.linears
        for linear in hidden:
            features = functional.relu(linear(features))
            features = functional.dropout(features, self.dropout, self.training)
        return last(features)

    def get_layers(self):
        """Weights (n_in, n_out) and biases of all layers, as arrays."""
        return [
            (
                np.ascontiguousarray(linear.weight.detach().cpu().numpy().T),
                linear.bias.detach().cpu().numpy().copy(),
            )
            for linear in self.linears
        ]

    def set_layers(self, layers):
        """Take back what `get_layers` gave."""
        with torch.no_grad():
            for linear, (weights, bias) in zip(self.linears, layers, strict=True):
                linear.weight.copy_(torch.as_tensor(weights).T)
                linear.bias.copy_(torch.as_tensor(bias))
        return self


class Heads(nn.Module):
    """A network for each view, and the numbers that a loss may learn.

    Parameters
    ----------
    image, text : torch.nn.Module
        From features to vectors in the shared space.
    scale : float
        What similarities are multiplied by, to begin with.
    offset : float
        What is subtracted from them before.

    Examples
    --------
    >>> heads = Heads(Perceptron([4, 2]), Perceptron([3, 2]))
    >>> heads.image(torch.zeros(5, 4)).shape
    torch.Size([5, 2])
    """

    def __init__(self, image, text, scale=1.0, offset=0.0):
        super().__init__()
        self.image, self.text = image, text
        self.log_scale = nn.Parameter(torch.tensor(float(np.log(scale))))
        self.offset = nn.Parameter(torch.tensor(float(offset)))

    @property
    def device(self):
        """Where the weights are."""
        return self.offset.device
