"""Train and use networks that score each text with each image of a batch.

Such a network has ``matrix(images, texts)``, ``scale``, ``image_scaler``,
``text_scaler`` and ``numbers_a_pair(images, texts)``: `_pair_head.py` and
`_attention.py` hold one each.
"""

import numpy as np
import torch

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._losses import infonce_of_scores, triplet_of_scores

__all__ = ["block_similarity", "learn_scales", "matching_loss"]

# Numbers that a block of pairs may take: 64 MB in single precision.
_BLOCK = 2**24
# Items that are standardised at once.
_CHUNK = 512


def matching_loss(network, pairs, matches, loss, margin, dtype=torch.float32):
    """A function from row numbers to the loss on all their texts and images.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    pairs : ImageTextPairs
        Arrays of features.
    matches : sparse array of bool of shape (n_pairs, n_images)
        Where text and image belong together.
    loss : {"infonce", "triplet"}
        One of `_losses.py`: all mismatches of the batch, weighed by how hard they
        are, or the hardest alone.
    margin : float
        Of the triplet loss.
    dtype : torch.dtype
        Numbers that the network calculates in.

    Returns
    -------
    batch_loss : callable
        For the training loop.
    """
    device = network.log_scale.device

    def batch_loss(rows):
        numbers = np.unique(pairs.image_index[rows])
        own = torch.from_numpy(matches[rows][:, numbers].toarray()).to(device)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            scores = network.matrix(
                as_tensor(pairs.images[numbers], device),
                as_tensor(pairs.texts[rows], device),
            ).float()
        # Mismatches teach something only beside a match.
        if not own.any():
            return 0 * scores.sum()
        if loss == "triplet":
            return triplet_of_scores(scores, own, margin)
        return infonce_of_scores(network.scale * scores, own)

    return batch_loss


def learn_scales(network, pairs):
    """Let the network standardise features as these pairs need it."""
    for scaler, view in (
        (network.image_scaler, pairs.images),
        (network.text_scaler, pairs.texts),
    ):
        scaler.learn(
            as_tensor(view[chunk]) for chunk in batch_slices(len(view), _CHUNK)
        )


def block_similarity(network, images, texts):
    """The similarity of each text and each image, in blocks of bounded memory.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    images, texts : ndarray
        Features of n_images and of n_texts items.

    Returns
    -------
    similarity : ndarray of shape (n_texts, n_images)
        Float32.
    """
    device = network.log_scale.device
    similarity = np.empty((len(texts), len(images)), np.float32)
    side = max(1, int((_BLOCK / network.numbers_a_pair(images, texts)) ** 0.5))
    with torch.inference_mode():
        for columns in batch_slices(len(images), side):
            of_images = as_tensor(images[columns], device)
            for rows in batch_slices(len(texts), side):
                scores = network.matrix(of_images, as_tensor(texts[rows], device))
                similarity[rows, columns] = scores.cpu().numpy()
    return similarity


def as_tensor(features, device=None):
    """Features in single precision."""
    # Only what may be written to shares memory with a tensor.
    features = np.require(features, requirements=["C", "W"])
    return torch.as_tensor(features, dtype=torch.float32, device=device)
