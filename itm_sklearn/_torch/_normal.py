"""Normal densities with a diagonal covariance, as variational autoencoders use them."""

import math

import torch
from torch import nn

__all__ = [
    "RECIPE",
    "divergence",
    "draw_normal",
    "first_log_spread",
    "log_normal",
    "make_expert",
    "mean_and_log_var",
    "product_of_experts",
]

# How they are trained. One number needs larger steps than a matrix to arrive in time.
RECIPE = {
    "learning_rate": 2e-3,
    "betas": (0.9, 0.99),
    "clip": 1.0,
    "shares": {"log_spread": 20.0},
}
# How wide a density of z may be, and how narrow, and how narrow what sees is at first.
_LOG_VAR = (-10.0, 2.0)
_FIRST_LOG_VAR = -4.0


def first_log_spread():
    """The spread of pixels about what is painted, before it is learned.

    Examples
    --------
    >>> round(first_log_spread().exp().item(), 2)
    0.2
    """
    return nn.Parameter(torch.tensor(math.log(0.2)))


def make_expert(n_inputs, n_hidden, n_latents, *, narrow=False):
    """What `mean_and_log_var` reads; narrow at first, so that all of it comes through.

    Examples
    --------
    >>> make_expert(5, 8, 2)(torch.zeros(3, 5)).shape
    torch.Size([3, 4])
    """
    expert = nn.Sequential(
        nn.Linear(n_inputs, n_hidden),
        nn.LeakyReLU(0.1),
        nn.Linear(n_hidden, 2 * n_latents),
    )
    if narrow:
        nn.init.constant_(expert[2].bias[n_latents:], _FIRST_LOG_VAR)
    return expert


def mean_and_log_var(vectors):
    """Mean and log variance of z, side by side in what an expert says.

    Examples
    --------
    >>> mean_and_log_var(torch.tensor([[1.0, 9.0]]))
    (tensor([[1.]]), tensor([[2.]]))
    """
    mean, log_var = vectors.float().chunk(2, dim=1)
    return mean, log_var.clamp(*_LOG_VAR)


def draw_normal(mean, log_var):
    """A draw that gradients go through.

    Examples
    --------
    >>> draw_normal(torch.ones(1, 2), torch.full((1, 2), -torch.inf))
    tensor([[1., 1.]])
    """
    return mean + torch.randn_like(mean) * (log_var / 2).exp()


def product_of_experts(means, log_vars):
    """The product of normal densities and of the prior N(0, 1), which is normal too.

    Parameters
    ----------
    means, log_vars : sequence of torch.Tensor of shape (n, n_latents)
        Of each expert.

    Returns
    -------
    mean, log_var : torch.Tensor of shape (n, n_latents)
        Precisions add up, and means are weighted by them.

    Examples
    --------
    >>> mean, log_var = product_of_experts([torch.ones(1, 1)], [torch.zeros(1, 1)])
    >>> mean.item(), log_var.exp().item()
    (0.5, 0.5)
    """
    precisions = [(-log_var).exp() for log_var in log_vars]
    total = 1 + sum(precisions)
    mean = sum(p * mean for p, mean in zip(precisions, means, strict=True)) / total
    return mean, -total.log()


def divergence(mean, log_var, other_mean=0.0, other_log_var=0.0):
    """KL of one normal density to another, N(0, 1) if none is given, for each row.

    Examples
    --------
    >>> divergence(torch.tensor([[2.0]]), torch.tensor([[0.0]]))
    tensor([2.])
    """
    other_log_var = torch.as_tensor(other_log_var)
    narrower = log_var - other_log_var
    apart = (mean - other_mean) ** 2 / other_log_var.exp()
    return (apart + narrower.exp() - 1 - narrower).sum(dim=1) / 2


def log_normal(images, painted, log_spread):
    """Log density of images around painted ones, summed over pixels.

    Examples
    --------
    >>> zeros = torch.zeros(1, 3, 1, 1)
    >>> log_normal(zeros, zeros, torch.tensor(0.0))
    tensor([-2.7568])
    """
    errors = (images - painted) / log_spread.exp()
    constant = log_spread + math.log(2 * math.pi) / 2
    return -(errors**2 / 2 + constant).flatten(1).sum(dim=1)
