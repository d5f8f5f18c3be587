"""Networks that join the vectors of two views into one, for `fusion.NeuralFusion`."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

__all__ = ["FusionNetwork", "fusion_loss"]


class FusionNetwork(nn.Module):
    """A gated or bilinear fusion with a linear layer behind that tells the target.

    Parameters
    ----------
    n_image_features, n_text_features : int
        Widths of the views.
    n_components : int
        Width of the fused vector.
    n_targets : int
        Width of what is told from it.
    is_gated : bool
        Whether a gate mixes both views, or their product is taken.
    dropout : float
        Share of the fused features that is left out in training.

    Examples
    --------
    >>> network = FusionNetwork(4, 3, 8, 2, True, 0.5)
    >>> network(torch.zeros(5, 4), torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(
        self,
        n_image_features,
        n_text_features,
        n_components,
        n_targets,
        is_gated,
        dropout,
    ):
        super().__init__()
        self.image = nn.Linear(n_image_features, n_components)
        self.text = nn.Linear(n_text_features, n_components)
        self.gate = (
            nn.Linear(n_image_features + n_text_features, n_components)
            if is_gated
            else None
        )
        self.target = nn.Linear(n_components, n_targets)
        self.dropout = dropout

    def forward(self, images, texts):
        """What is told from each pair."""
        return self.target(
            functional.dropout(self.fuse(images, texts), self.dropout, self.training)
        )

    def fuse(self, images, texts):
        """The fused vector of each pair."""
        of_image, of_text = self.image(images).tanh(), self.text(texts).tanh()
        if self.gate is None:
            return of_image * of_text
        share = self.gate(torch.cat([images, texts], dim=1)).sigmoid()
        return share * of_image + (1 - share) * of_text

    def get_layers(self):
        """Weights (n_in, n_out) and bias of the image, the text and the gate layer."""
        layers = [self.image, self.text] + ([self.gate] if self.gate else [])
        return [
            (layer.weight.detach().cpu().numpy().T, layer.bias.detach().cpu().numpy())
            for layer in layers
        ]


def fusion_loss(network, images, texts, targets, *, kind, matches=None):
    """A function from row numbers to the loss of telling the target.

    Parameters
    ----------
    network : FusionNetwork
        What is trained.
    images, texts : ndarray of shape (n_pairs, n_features)
        A row for each pair.
    targets : ndarray or None
        Class numbers, or numbers to predict, a column for each.
    kind : {"classes", "numbers", "matches"}
        What the targets are. "matches" has none: pairs are told from mismatches.
    matches : callable, default=None
        Whether texts and images of the given two arrays of rows belong together.

    Returns
    -------
    batch_loss : callable
        For the training loop.

    Examples
    --------
    >>> network = FusionNetwork(2, 2, 4, 1, True, 0.0)
    >>> two = np.eye(2)
    >>> loss = fusion_loss(network, two, two, np.ones((2, 1)), kind="numbers")
    >>> loss(np.arange(2)).shape
    torch.Size([])
    """
    device = network.target.bias.device

    def tensor(values):
        kind_of_number = torch.int64 if values.dtype.kind in "iu" else torch.float32
        return torch.as_tensor(values, dtype=kind_of_number, device=device)

    def target_loss(rows):
        told = network(tensor(images[rows]), tensor(texts[rows]))
        of_kind = functional.cross_entropy if kind == "classes" else functional.mse_loss
        return of_kind(told, tensor(targets[rows]))

    def match_loss(rows):
        others = rows[torch.randperm(len(rows)).numpy()]
        wrong = ~matches(rows, others)
        all_rows = np.concatenate([rows, rows[wrong]])
        all_images = np.concatenate([rows, others[wrong]])
        told = network(tensor(images[all_images]), tensor(texts[all_rows]))[:, 0]
        labels = torch.zeros_like(told)
        labels[: len(rows)] = 1
        return functional.binary_cross_entropy_with_logits(told, labels)

    return match_loss if kind == "matches" else target_loss
