"""Gradients of a match: how its score changes as parts of either view come in.

`inspection.explain_match(method="gradient")` asks here, for models whose last step is
a network.
"""

from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._contrast import input_tensor

__all__ = ["integrate_gradients", "matrix_score", "tower_score"]

_N_STEPS = 32


def tower_score(image_network, text_network):
    """The cosine of what two networks make of the rows of both views."""

    def score(images, texts):
        vectors = (
            functional.normalize(image_network(images)),
            functional.normalize(text_network(texts)),
        )
        return (vectors[0] * vectors[1]).sum(dim=1)

    return score


def matrix_score(network):
    """The diagonal of ``network.matrix``."""
    return lambda images, texts: network.matrix(images, texts).diagonal()


def integrate_gradients(score, networks, images, texts):
    """What each part does along the way from nothing to the whole pair [1]_.

    The gradient is taken at points on the straight line between the two; the share of
    a part is its product with what the part changes in the whole.

    Parameters
    ----------
    score : callable
        From tensors of both views to a score for each row.
    networks : tuple of two torch.nn.Module
        Those that see images and texts. Texts that are whole numbers are
        differentiated behind the first embedding of theirs.
    images, texts : ndarray
        What the networks take, in rows: nothing, the whole, and the whole without
        each part of this view.

    Returns
    -------
    shares : tuple of two ndarray
        A number for each part of each view.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks",
       ICML 2017, equation 1.

    Examples
    --------
    >>> images = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]).numpy()
    >>> def product(images, texts):
    ...     return images[:, 0] * texts[:, 0] + images[:, 1]
    >>> same = nn.Identity()
    >>> of_images, of_texts = integrate_gradients(
    ...     product, (same, same), images, images[:3, :1]
    ... )
    >>> of_images.round(3).tolist(), of_texts.round(3).tolist()
    ([0.5, 1.0], [0.5])
    """
    parts = [_as_floats(view) for view in (images, texts)]
    with _embedded(networks[1], parts[1]) as texts:
        views = [parts[0], texts]
        steps = (torch.arange(_N_STEPS) + 0.5) / _N_STEPS
        points = [
            torch.lerp(view[:1], view[1:2], steps.view(-1, *[1] * (view.ndim - 1)))
            .detach()
            .requires_grad_()
            for view in views
        ]
        gradients = torch.autograd.grad(score(*points).sum(), points)
    return tuple(
        ((view[1:2] - view[2:]) * gradient.mean(dim=0)).flatten(1).sum(1).numpy()
        for view, gradient in zip(views, gradients, strict=True)
    )


def _as_floats(view):
    tensor = input_tensor(view, torch.device("cpu"))
    # Pictures of bytes are numbers to calculate with; numbers of words are names.
    return tensor.float() if tensor.ndim > 2 else tensor


@contextmanager
def _embedded(network, texts):
    """Texts as vectors: as they are, or as the first embedding of the network."""
    layers = [m for m in network.modules() if isinstance(m, nn.Embedding)]
    if texts.is_floating_point() or not layers:
        yield texts.float().detach()
        return
    with torch.no_grad():
        vectors = layers[0](texts)
    whole = texts[1:2].expand(_N_STEPS, -1)
    given = []
    hooks = [
        # The network looks at the numbers of the whole, to tell words from padding.
        network.register_forward_pre_hook(
            lambda _, args: given.append(args[0]) or whole
        ),
        layers[0].register_forward_hook(lambda *_: given[-1]),
    ]
    try:
        yield vectors
    finally:
        for hook in hooks:
            hook.remove()
