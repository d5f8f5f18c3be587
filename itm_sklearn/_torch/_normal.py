"""Normal densities with a diagonal covariance, as variational autoencoders use them."""

import math

import torch

__all__ = ["divergence", "draw_normal", "log_normal", "product_of_experts"]


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
