"""Looking into networks must not change what they compute."""

from copy import deepcopy

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from itm_sklearn._torch._layers import UpToLayer, fold_batch_norms  # noqa: E402
from itm_sklearn._torch._precision import with_precision  # noqa: E402


@pytest.fixture
def pictures():
    return torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network():
    """Convolution and norm, a second convolution without one, and a classifier."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        norm = nn.BatchNorm2d(4)
        nn.init.uniform_(norm.weight)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        return nn.Sequential(
            nn.Conv2d(3, 4, 3),
            norm,
            nn.ReLU(),
            nn.Conv2d(4, 6, 3),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(6, 2),
        ).eval()


def test_folding_leaves_the_output_as_it_was(network, pictures):
    before = network(pictures)
    fold_batch_norms(network, pictures)
    assert isinstance(network[1], nn.Identity)
    torch.testing.assert_close(network(pictures), before)


def test_a_convolution_that_is_looked_at_is_not_folded(network, pictures):
    before = network[0](pictures)
    fold_batch_norms(network, pictures, keep="0")
    torch.testing.assert_close(network[0](pictures), before)


def test_each_meaning_of_layer_by_hand(network, pictures):
    maps = network[:4](pictures)
    expected = {
        "logits": network(pictures),
        "pool": maps.mean((2, 3)),
        "grid": maps.permute(0, 2, 3, 1),
        "3": maps.permute(0, 2, 3, 1),
    }
    for layer, output in expected.items():
        found = UpToLayer(network, layer, pictures)(pictures)
        torch.testing.assert_close(found.float(), output, msg=layer)
        network[3]._forward_hooks.clear()
        network[6]._forward_pre_hooks.clear()


def test_tokens_become_a_square_without_the_class_token():
    transformer = nn.Sequential(nn.Flatten(1), nn.Unflatten(1, (5, 4)), nn.Linear(4, 2))
    tokens = torch.arange(20.0).view(1, 20)
    expected = transformer(tokens)[0, 3]
    grid = UpToLayer(transformer, "grid", tokens)(tokens)
    torch.testing.assert_close(grid[0, 1, 0], expected)


def test_a_network_without_a_map_has_no_grid():
    with pytest.raises(ValueError, match="layer='pool'"):
        UpToLayer(nn.Linear(2, 2), "grid", torch.zeros(1, 2))


def test_an_unknown_layer_is_answered_with_the_known_ones(network, pictures):
    with pytest.raises(ValueError, match=r"layer='layer9'.*'pool'.*\['0', '1'"):
        UpToLayer(network, "layer9", pictures)


def test_lower_precision_is_refused_where_it_would_change_the_features(
    monkeypatch, network, pictures
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    device = torch.device("cpu")
    probes = (pictures,)
    copy = deepcopy(network)
    exact = with_precision(copy, "auto", device, probes, least_cosine=1.1)
    assert exact.dtype == torch.float32
    rounded = with_precision(network, "auto", device, probes, least_cosine=0.9)
    assert rounded.dtype == torch.bfloat16
    assert rounded(pictures).dtype == torch.float32
    assert not torch.is_autocast_enabled("cpu")
    assert not torch.equal(rounded(pictures), exact(pictures))
