"""Lower precision where the hardware has it, as far as the features stay the same.

Rounding hurts most in the first layers, whose errors every later layer carries on.
So a network runs in float32 up to some layer and in lower precision from there; the
layer is the earliest that leaves the features of a few probes as they were.
"""

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._device import LOGGER, pick_precision

# Shares of the layers that stay in float32, in the order in which they are tried.
_SHARES = (0, 1 / 8, 1 / 4, 1 / 2)
_HEAVY = (nn.Conv2d, nn.Linear)


class MixedPrecision(nn.Module):
    """A module that goes over to lower precision at one of its layers.

    Parameters
    ----------
    module : torch.nn.Module
        On its device, in float32.
    dtype : torch.dtype
        The lower precision.
    first : torch.nn.Module or None
        The part of `module` where it begins; None keeps float32 to the end.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    >>> MixedPrecision(network, torch.bfloat16, network[1])(torch.ones(1, 2)).dtype
    torch.float32
    """

    def __init__(self, module, dtype, first):
        super().__init__()
        self.module, self.dtype = module, dtype
        if first is not None:
            first.register_forward_pre_hook(_go_lower)

    def forward(self, *inputs):
        """Float32 output of the module."""
        kind = inputs[0].device.type
        if self.dtype == torch.float32:
            return self.module(*inputs).float()
        with torch.autocast(kind, self.dtype, enabled=False):
            return self.module(*inputs).float()


def _go_lower(module, inputs):
    """Lasts until `MixedPrecision` puts back what was before."""
    kind = next(module.parameters()).device.type
    torch.set_autocast_enabled(kind, True)


def with_precision(module, precision, device, probes, *, least_cosine):
    """The module on its device, in numbers that are fast and accurate there.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode.
    precision : {"auto", "float32", "bfloat16", "float16"}
        Only "auto" looks at the accuracy.
    device : torch.device
        Where it will run.
    probes : tuple of torch.Tensor
        Inputs to compare the precisions by.
    least_cosine : float
        Between the features of a probe in float32 and in lower precision.

    Returns
    -------
    module : MixedPrecision
        The wrapped module.
    """
    dtype = pick_precision(precision, device)
    module = module.eval().requires_grad_(False).to(device)
    if dtype == torch.float32:
        return MixedPrecision(module, dtype, None)
    layers = _layers_in_order(module, probes)
    if precision != "auto":
        return MixedPrecision(module, dtype, layers[0])
    first = _first_that_is_accurate(module, dtype, layers, probes, least_cosine)
    return MixedPrecision(module, dtype if first is not None else torch.float32, first)


def _layers_in_order(module, probes):
    """The convolutions and linear layers, as the input meets them."""
    found = []
    handles = [
        layer.register_forward_pre_hook(lambda layer, inputs: found.append(layer))
        for layer in module.modules()
        if isinstance(layer, _HEAVY)
    ]
    _run(module, probes)
    for handle in handles:
        handle.remove()
    return list(dict.fromkeys(found))


def _first_that_is_accurate(module, dtype, layers, probes, least_cosine):
    exact = _run(module, probes).float().flatten(1)
    for share in _SHARES:
        first = layers[int(share * len(layers))]
        handle = first.register_forward_pre_hook(_go_lower)
        with torch.autocast(exact.device.type, dtype, enabled=False):
            rounded = _run(module, probes).float().flatten(1)
        handle.remove()
        cosine = functional.cosine_similarity(rounded, exact).min().item()
        LOGGER.debug("%s after %.3f of the layers: %.5f", dtype, share, cosine)
        if cosine >= least_cosine:
            return first
    return None


def _run(module, probes):
    device = next(module.parameters()).device
    with torch.inference_mode():
        return module(*(probe.to(device) for probe in probes))
