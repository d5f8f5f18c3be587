"""The small network that captioners look with."""

import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._grid import GridCNN, edges  # noqa: E402


def draw(colour, ground):
    """A square of one colour on a ground of another."""
    picture = torch.tensor(ground)[:, None, None].repeat(1, 12, 12)
    picture[:, 3:9, 4:10] = torch.tensor(colour)[:, None, None]
    return picture[None]


def test_edges_tell_forms_and_not_colours():
    red = edges(draw([0.9, 0.1, 0.1], [0.8, 0.8, 0.8]))
    blue = edges(draw([0.0, 0.2, 0.7], [0.5, 0.5, 0.5]))
    torch.testing.assert_close(red, blue, atol=2e-3, rtol=0)
    # Steps in both directions meet at a corner.
    assert red.amax().item() == pytest.approx(1, abs=1e-2)
    assert red[0, 0, 5, 4].item() == pytest.approx(0.5**0.5, abs=1e-2)
    # Neither inside nor outside does anything change.
    assert red[0, 0, 6, 7] == red[0, 0, 0, 0] == 0


def test_edges_of_an_empty_picture_are_none_and_have_a_gradient():
    picture = torch.full((1, 3, 8, 8), 0.3, requires_grad=True)
    found = edges(picture)
    found.sum().backward()
    assert not found.any()
    assert not picture.grad.any()


@pytest.mark.parametrize(("image_size", "side"), [(16, 8), (32, 8), (64, 8), (100, 6)])
@pytest.mark.parametrize("width", [32, 48, 128])
def test_the_grid_has_the_width_that_it_says(image_size, side, width):
    network = GridCNN(image_size, width)
    shape = network(torch.rand(2, 3, image_size, image_size)).shape
    assert shape == (2, network.width, side, side)
