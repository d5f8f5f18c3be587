"""Codes of forms see no colours, and codes of colours are kept apart from them."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")

from itm_sklearn._torch._device import seeded  # noqa: E402
from itm_sklearn._torch._layered_vq import LayeredVQ  # noqa: E402
from itm_sklearn._torch._vqvae import VQNetwork, _errors  # noqa: E402

SIZES = {"width": 32, "code_width": 8, "n_blocks": 1}
N_COLOUR_PLACES = 6


@pytest.fixture
def network():
    """Fresh, with the codebooks of its first batch."""
    with seeded(0):
        network = LayeredVQ(16, 4, 32, **SIZES, n_paints=2)
        network(torch.rand(32, 3, 16, 16))
    return network.eval()


def square(noise=0.0):
    """A red square on grey ground."""
    picture = torch.full((1, 3, 16, 16), 0.4)
    picture[0, :, 4:9, 4:9] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]
    return picture + noise * (torch.rand(1, 3, 16, 16) - 0.5)


def test_a_form_has_the_same_codes_in_every_colour(network):
    red = network.encode(square())
    green = network.encode(square()[:, [1, 0, 2]])
    assert torch.equal(red[:, N_COLOUR_PLACES:], green[:, N_COLOUR_PLACES:])


def test_the_noise_of_the_ground_changes_no_form_far_from_the_square(network):
    """The last row of cells sees nothing but ground."""
    with seeded(1):
        noisy = network.encode(square(noise=0.05))
    assert torch.equal(network.encode(square())[:, -4:], noisy[:, -4:])


def test_colours_have_the_lower_codes(network):
    codes = network.encode(torch.rand(8, 3, 16, 16))
    assert codes[:, :N_COLOUR_PLACES].max() < 16 <= codes[:, N_COLOUR_PLACES:].min()
    assert len(network.codebook()) == network.n_codes == 32


def test_a_code_of_the_other_kind_does_no_harm(network):
    """A prior that has learned little may write any code anywhere."""
    codes = torch.arange(22)[None] % 32
    assert torch.isfinite(network.decode(codes.flip(1))).all()


@pytest.mark.parametrize("patch_size", [4, 8])
def test_decoding_codes_is_the_second_half_of_the_network(patch_size):
    with seeded(0):
        network = VQNetwork(16, patch_size, 16, **SIZES)
        pictures = torch.rand(8, 3, 16, 16)
        network(pictures)
    network.eval()
    with torch.no_grad():
        painted, _ = network(pictures)
        again = network.decode(network.encode(pictures))
    assert network.encode(pictures).shape == (8, (16 // patch_size) ** 2)
    assert torch.allclose(again, painted.clamp(0, 1), atol=1e-5)


def test_a_shift_of_all_colours_is_no_error_of_edges():
    """Only the pixels are wrong, not the steps between them."""
    shift, salience = torch.full((1, 3, 4, 4), 0.5), torch.ones(1, 1, 4, 4)
    assert _errors(shift, salience, edge_weight=3.0) == 0.25


def test_steps_are_counted_to_the_right_and_down():
    """With one pixel of 16 off by 1, four of 18 steps are off as well."""
    wrong = torch.zeros(1, 1, 4, 4)
    wrong[0, 0, 1, 1] = 1
    error = _errors(wrong, torch.ones(1, 1, 4, 4), edge_weight=2.0)
    assert error.item() == pytest.approx(1 / 16 + 2 * 4 / 18)
