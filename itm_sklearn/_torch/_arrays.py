"""Networks to and from arrays, which pickle anywhere and need no torch to be kept."""

import torch

from itm_sklearn._torch._device import pick_device

__all__ = ["from_arrays", "to_arrays"]


def to_arrays(network):
    """All weights of a network by name.

    Examples
    --------
    >>> arrays = to_arrays(torch.nn.Linear(3, 2))
    >>> arrays["bias"].shape
    (2,)
    """
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}


def from_arrays(network, arrays, device=None):
    """The network on its device, with the weights of `to_arrays`, ready for use.

    Examples
    --------
    >>> arrays = to_arrays(torch.nn.Linear(3, 2))
    >>> network = from_arrays(torch.nn.Linear(3, 2), arrays)
    >>> bool((to_arrays(network)["weight"] == arrays["weight"]).all())
    True
    """
    state = {name: torch.from_numpy(value) for name, value in arrays.items()}
    network.load_state_dict(state)
    return network.to(pick_device(device)).eval()
