import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._normal import (  # noqa: E402
    divergence,
    draw_normal,
    log_normal,
    product_of_experts,
)


def test_two_sure_experts_outweigh_the_prior():
    """Precisions 3, 4 and the prior's 1 make 8; the mean is (3 * 2 + 4 * 1) / 8."""
    means = [torch.tensor([[2.0]]), torch.tensor([[1.0]])]
    log_vars = [-torch.tensor([[3.0]]).log(), -torch.tensor([[4.0]]).log()]
    mean, log_var = product_of_experts(means, log_vars)
    assert mean.item() == pytest.approx(1.25)
    assert log_var.exp().item() == pytest.approx(1 / 8)


def test_an_expert_who_knows_nothing_leaves_the_prior():
    mean, log_var = product_of_experts(
        [torch.full((1, 3), 5.0)], [torch.full((1, 3), torch.inf)]
    )
    assert mean.abs().max() == 0
    assert log_var.abs().max() == 0


@pytest.mark.parametrize("other", [(0.0, 0.0), (0.5, 0.7)])
def test_divergence_is_that_of_torch(other):
    mean, log_var = torch.tensor([[0.3, -1.0]]), torch.tensor([[0.2, -0.5]])
    normal = torch.distributions.Normal
    target = normal(
        torch.full((1, 2), other[0]), torch.full((1, 2), other[1]).mul(0.5).exp()
    )
    expected = torch.distributions.kl_divergence(
        normal(mean, (log_var / 2).exp()), target
    ).sum(dim=1)
    found = divergence(mean, log_var, *map(torch.tensor, other))
    torch.testing.assert_close(found, expected)


def test_log_normal_is_that_of_torch():
    images, painted = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    normal = torch.distributions.Normal(painted, 0.1)
    expected = normal.log_prob(images).flatten(1).sum(dim=1)
    found = log_normal(images, painted, torch.tensor(0.1).log())
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-2)


def test_draws_have_the_spread_that_was_asked_for():
    torch.manual_seed(0)
    drawn = draw_normal(torch.full((100_000,), 3.0), torch.full((100_000,), -2.0))
    assert drawn.mean().item() == pytest.approx(3, abs=0.01)
    assert drawn.var().item() == pytest.approx(torch.tensor(-2.0).exp().item(), 0.02)
