"""Look into a network: find a layer, stop there, and fold what can be folded."""

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Layers by meaning; any other name is that of a module.
MEANINGS = ("pool", "grid", "logits")


class _Reached(Exception):
    """Carries the output of a layer out of the forward pass."""

    def __init__(self, output):
        super().__init__()
        self.output = output


class UpToLayer(nn.Module):
    """A network that stops at one of its layers and returns what flows there.

    Parameters
    ----------
    network : torch.nn.Module
        A classifier.
    layer : str
        "pool" (what the last linear layer sees), "grid" (the last map of regions),
        "logits" (the output) or the name of a module.
    example : torch.Tensor
        A picture of the size that the network takes, to find the map by.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(3, 8, 2), nn.Flatten(), nn.Linear(8, 5))
    >>> before = UpToLayer(network, "pool", torch.zeros(1, 3, 2, 2))
    >>> before(torch.zeros(4, 3, 2, 2)).shape
    torch.Size([4, 8])
    """

    def __init__(self, network, layer, example):
        super().__init__()
        self.network = network
        if layer == "pool":
            _last_linear(network).register_forward_pre_hook(_stop_before)
        elif layer != "logits":
            name = _last_map(network, example) if layer == "grid" else layer
            _named_module(network, name).register_forward_hook(_stop_behind)
        self.as_grid = layer == "grid"

    def forward(self, pictures):
        """Features of a batch: vectors, tokens, or maps with channels last."""
        try:
            output = self.network(pictures)
        except _Reached as reached:
            output = reached.output
        output = output[0] if isinstance(output, tuple) else output
        if output.ndim == 3 and self.as_grid:
            return _tokens_as_map(output)
        # Pictures are square, so equal sides tell where the channels are.
        if output.ndim == 4 and output.shape[2] == output.shape[3]:
            return output.permute(0, 2, 3, 1)
        return output


def _stop_before(module, arguments):
    raise _Reached(arguments[0])


def _stop_behind(module, arguments, output):
    raise _Reached(output)


def _last_linear(network):
    found = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not found:
        raise ValueError(
            f"layer='pool' is what the last linear layer sees, but "
            f"{type(network).__name__} has none. Use layer='grid'."
        )
    return found[-1]


def _named_module(network, name):
    try:
        return network.get_submodule(name)
    except AttributeError as error:
        names = [child for child, _ in network.named_children()]
        raise ValueError(
            f"layer={name!r} is neither one of {MEANINGS} nor a module of "
            f"{type(network).__name__}, which has {names} and what is inside them."
        ) from error


def _last_map(network, example):
    """Name of the module that puts out a map, or tokens, last of all."""
    names = []

    def record(name, inputs, output):
        if isinstance(output, torch.Tensor) and _is_map(output):
            names.append(name)

    _watch(network, example, record, nn.Module)
    if not names:
        raise ValueError(
            f"layer='grid' needs a layer that puts out a map, but "
            f"{type(network).__name__} has none. Use layer='pool'."
        )
    return names[-1]


def _watch(network, example, record, kinds):
    """Run an example and report name, inputs and output of modules of some kinds."""

    def hook(name):
        return lambda module, inputs, output: record(name, inputs, output)

    handles = [
        module.register_forward_hook(hook(name))
        for name, module in network.named_modules()
        if isinstance(module, kinds)
    ]
    with torch.inference_mode():
        network(example)
    for handle in handles:
        handle.remove()


def _is_map(output):
    if output.ndim == 4:
        return output.shape[2] > 1 and output.shape[3] > 1
    return output.ndim == 3 and output.shape[1] > 1


def _tokens_as_map(tokens):
    """Tokens of a vision transformer as a square; class tokens come first."""
    side = int(tokens.shape[1] ** 0.5)
    return tokens[:, -side * side :].unflatten(1, (side, side))


def fold_batch_norms(network, example, *, keep=""):
    """Put each batch norm into the convolution whose output it takes.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode; it is changed.
    example : torch.Tensor
        A picture of the size that the network takes: running it shows which
        batch norm follows which convolution.
    keep : str, default=""
        Name of a module that must keep its own output.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(3, 8, 2), nn.BatchNorm2d(8)).eval()
    >>> fold_batch_norms(network, torch.zeros(1, 3, 4, 4))
    >>> network[1]
    Identity()
    """
    for convolution, norm in _followed_by_norm(network, example):
        if convolution == keep:
            continue
        module = network.get_submodule(convolution)
        fused = fuse_conv_bn_eval(module, network.get_submodule(norm))
        network.set_submodule(convolution, fused)
        network.set_submodule(norm, nn.Identity())


def _followed_by_norm(network, example):
    """Names of convolutions and of the batch norms that take their output."""
    convolutions, pairs = {}, []

    def record(name, inputs, output):
        if isinstance(network.get_submodule(name), nn.Conv2d):
            # The output is kept, so that no other tensor gets its address.
            convolutions[id(output)] = (name, output)
        elif id(inputs[0]) in convolutions:
            pairs.append((convolutions[id(inputs[0])][0], name))

    _watch(network, example, record, (nn.Conv2d, nn.BatchNorm2d))
    return pairs
