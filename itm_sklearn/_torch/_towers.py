"""Networks of the user's own below the heads, for `alignment.TowerAligner`."""

from collections import OrderedDict
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._contrast import input_tensor
from itm_sklearn._torch._heads import Perceptron
from itm_sklearn._torch._standardize import Standardize

__all__ = ["embed", "put_head_on"]

# Items that are passed through at once, and by which outputs are standardised.
_BATCH_SIZE, _ENOUGH = 128, 2048


def put_head_on(tower, items, n_components, input_dropout, device):
    """A copy of the tower, its standardised output and a linear head, in a row.

    Parameters
    ----------
    tower : torch.nn.Module or None
        From a batch of items to a vector for each. None takes the items as vectors.
    items : ndarray of n_items items
        By which the output of the tower is standardised.
    n_components : int
        Width of the head.
    input_dropout : float
        Share of the tower's output that is left out in training.
    device : torch.device
        Where the network is to be.

    Returns
    -------
    network : torch.nn.Sequential
        With the parts ``tower``, ``scaler`` and ``head``.

    Examples
    --------
    >>> items = np.ones((4, 3), np.float32)
    >>> network = put_head_on(nn.Linear(3, 5), items, 2, 0.0, torch.device("cpu"))
    >>> network(torch.zeros(6, 3)).shape
    torch.Size([6, 2])
    """
    tower = nn.Identity() if tower is None else deepcopy(tower).eval().to(device)
    items = items[:: max(1, len(items) // _ENOUGH)]
    with torch.no_grad():
        outputs = [
            tower(input_tensor(items[rows], device)).float()
            for rows in batch_slices(len(items), _BATCH_SIZE)
        ]
    if outputs[0].ndim != 2:
        raise ValueError(
            f"The tower {type(tower).__name__} turns an item of shape "
            f"{items.shape[1:]} into {tuple(outputs[0].shape[1:])}, but a vector is "
            "needed. Put torch.nn.Flatten or a pooling behind it."
        )
    width = outputs[0].shape[1]
    parts = OrderedDict(
        tower=tower,
        scaler=Standardize(width).learn(outputs),
        head=Perceptron([width, n_components], input_dropout=input_dropout),
    )
    return nn.Sequential(parts).to(device)


def embed(network, items, device):
    """Vectors of length one as an array, with memory for one batch of items."""
    network = network.to(device)
    with torch.inference_mode():
        vectors = [
            functional.normalize(network(input_tensor(items[rows], device)).float())
            for rows in batch_slices(len(items), _BATCH_SIZE)
        ]
    vectors = np.concatenate([part.cpu().numpy() for part in vectors])
    if not np.isfinite(vectors).all():
        raise ValueError(
            "The network made vectors that hold NaN or infinity. Look for huge numbers "
            f"in the items: the largest is {np.abs(items).max():.3g}."
        )
    return vectors
