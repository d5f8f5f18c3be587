"""Networks to and from arrays, which pickle anywhere and need no torch to be kept."""

import numpy as np
import torch

from itm_sklearn._torch._device import pick_device, seeded

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


def from_arrays(make_network, arrays, device=None):
    """A network on its device, with the weights of `to_arrays`, ready for use.

    Examples
    --------
    >>> arrays = to_arrays(torch.nn.Linear(3, 2))
    >>> network = from_arrays(lambda: torch.nn.Linear(3, 2), arrays)
    >>> bool((to_arrays(network)["weight"] == arrays["weight"]).all())
    True
    """
    # Making it draws weights, which are not to cost the user's random numbers.
    with seeded(0):
        network = make_network()
    # Workers of joblib get large arrays as maps of files that are read only.
    state = {
        name: torch.from_numpy(np.require(value, requirements="W"))
        for name, value in arrays.items()
    }
    network.load_state_dict(state)
    return network.to(pick_device(device)).eval()
