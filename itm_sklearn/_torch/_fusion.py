"""Networks that join two views into one vector, for `fusion.NeuralFusion`.

A fusion network writes ``fuse(images, texts)``; `_part_fusion.py` has another one.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._matching import as_tensor
from itm_sklearn._torch._standardize import Standardize

__all__ = ["FusionNetwork", "VectorFusion", "fuse_in_batches", "fusion_loss"]

# Pairs that are passed through at once.
_BATCH_SIZE = 512


class FusionNetwork(nn.Module):
    """Base of fusions: standardised views, and a layer that tells the target.

    Parameters
    ----------
    n_image_features, n_text_features : int
        Widths of the views.
    n_components : int
        Width of the fused vector.
    n_outputs : int
        Width of what is told from it.
    dropout : float
        Share of the fused features that is left out in training.
    each : bool
        Whether each feature is divided by a deviation of its own.
    """

    def __init__(
        self,
        n_image_features,
        n_text_features,
        n_components,
        n_outputs,
        dropout,
        *,
        each,
    ):
        super().__init__()
        self.image_scaler = Standardize(n_image_features, each=each)
        self.text_scaler = Standardize(n_text_features, each=each)
        self.image = nn.Linear(n_image_features, n_components)
        self.text = nn.Linear(n_text_features, n_components)
        self.target = nn.Linear(n_components, n_outputs)
        self.dropout = dropout

    @property
    def device(self):
        """Where the weights are."""
        return self.target.bias.device

    def forward(self, images, texts):
        """What is told from each pair."""
        fused = self.fuse(images, texts)
        return self.target(functional.dropout(fused, self.dropout, self.training))


class VectorFusion(FusionNetwork):
    """Two vectors, mixed by a gate or multiplied.

    Parameters
    ----------
    *sizes : int or float
        As for `FusionNetwork`.
    is_gated : bool
        Whether a gate mixes both views, or their product is taken.

    Examples
    --------
    >>> network = VectorFusion(4, 3, 8, 2, 0.5, is_gated=True)
    >>> network(torch.zeros(5, 4), torch.zeros(5, 3)).shape
    torch.Size([5, 2])
    """

    def __init__(self, *sizes, is_gated):
        super().__init__(*sizes, each=True)
        n_features = self.image.in_features + self.text.in_features
        self.gate = nn.Linear(n_features, sizes[2]) if is_gated else None

    def fuse(self, images, texts):
        """The fused vector of each pair."""
        images, texts = self.image_scaler(images), self.text_scaler(texts)
        of_image, of_text = self.image(images).tanh(), self.text(texts).tanh()
        if self.gate is None:
            return of_image * of_text
        share = self.gate(torch.cat([images, texts], dim=1)).sigmoid()
        return share * of_image + (1 - share) * of_text


def fusion_loss(network, pairs, target, relevance):
    """A function from row numbers to the loss of telling the target.

    Parameters
    ----------
    network : FusionNetwork
        What is trained.
    pairs : ImageTextPairs
        Arrays of features.
    target : fusion._target.Target
        Class numbers, or numbers to predict, a column for each. The kind "matches"
        has none: pairs are told from mismatches.
    relevance : sparse array of bool of shape (n_pairs, n_images)
        Where text and image belong together.

    Returns
    -------
    batch_loss : callable
        For the training loop.

    Examples
    --------
    >>> from itm_sklearn.fusion._target import Target
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> network = VectorFusion(2, 2, 4, 1, 0.0, is_gated=True)
    >>> pairs = ImageTextPairs(np.eye(2), np.eye(2))
    >>> target = Target("numbers", np.ones((2, 1)))
    >>> fusion_loss(network, pairs, target, pairs.relevance())(np.arange(2)).shape
    torch.Size([])
    """

    def tell(rows, image_rows):
        images = pairs.images[pairs.image_index[image_rows]]
        return network(
            as_tensor(images, network.device),
            as_tensor(pairs.texts[rows], network.device),
        )

    def target_loss(rows):
        is_class = target.kind == "classes"
        loss_of = functional.cross_entropy if is_class else functional.mse_loss
        kind_of_number = torch.int64 if is_class else torch.float32
        values = torch.as_tensor(target.values[rows], dtype=kind_of_number)
        return loss_of(tell(rows, rows), values.to(network.device))

    def match_loss(rows):
        others = rows[torch.randperm(len(rows)).numpy()]
        matches = np.asarray(relevance[rows, pairs.image_index[others]], dtype=bool)
        wrong = ~matches.ravel()
        told = tell(
            np.concatenate([rows, rows[wrong]]), np.concatenate([rows, others[wrong]])
        )[:, 0]
        labels = torch.zeros_like(told)
        labels[: len(rows)] = 1
        return functional.binary_cross_entropy_with_logits(told, labels)

    return match_loss if target.kind == "matches" else target_loss


def fuse_in_batches(network, images, texts, image_index):
    """Fused vectors of pairs as an array, with memory for one batch.

    Parameters
    ----------
    network : FusionNetwork
        In evaluation mode.
    images : ndarray of n_images items
        Features of each image.
    texts : ndarray of n_pairs items
        Features of each text.
    image_index : ndarray of int of shape (n_pairs,)
        The image of each text.

    Returns
    -------
    fused : ndarray of shape (n_pairs, n_components)
        Float32.
    """
    with torch.inference_mode():
        fused = [
            network.fuse(
                as_tensor(images[image_index[rows]], network.device),
                as_tensor(texts[rows], network.device),
            )
            for rows in batch_slices(len(texts), _BATCH_SIZE)
        ]
    return torch.cat(fused).cpu().numpy()
