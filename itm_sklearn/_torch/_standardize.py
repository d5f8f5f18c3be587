"""Features as networks like them: around zero, of about the length of their width."""

import torch
from torch import nn

__all__ = ["Standardize"]


class Standardize(nn.Module):
    """Subtracts the mean of each feature; divides all by one deviation.

    So the noise in features that hardly vary stays as small as it is.

    Parameters
    ----------
    n_features : int
        The width of the last dimension.
    each : bool, default=False
        Whether to divide each feature by its own deviation instead.

    Examples
    --------
    >>> scaler = Standardize(1).learn([torch.tensor([[1.0], [3.0]])])
    >>> scaler(torch.tensor([[5.0]]))
    tensor([[3.]])
    """

    def __init__(self, n_features, *, each=False):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features if each else ()))

    def learn(self, batches):
        """Take mean and deviation from batches of features, zero rows left out."""
        count, total, squares = 0, 0.0, 0.0
        for batch in batches:
            rows = batch.flatten(0, -2).double()
            rows = rows[rows.any(dim=1)]
            count += len(rows)
            total = total + rows.sum(0)
            squares = squares + rows.square().sum(0)
        mean = total / max(1, count)
        variance = (squares / max(1, count) - mean.square()).clamp(min=0)
        if not self.scale.ndim:
            variance = variance.mean()
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(variance > 0, variance.sqrt(), 1.0))
        return self

    def forward(self, features):
        """Standardised features."""
        return (features - self.mean) / self.scale
