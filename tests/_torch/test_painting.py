import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._painting import Looker, Painter, TextReader  # noqa: E402


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_slots_attend_to_no_padding():
    reader = TextReader(9, 32)
    with torch.no_grad():
        # Padding is looked up as word 0.
        reader.words.weight[0] = 1e3
        slots = reader(torch.tensor([[5, 1, -1, -1]]))
    assert slots.abs().max() < 1e2


def test_the_order_of_words_counts():
    reader = TextReader(9, 32)
    assert not torch.allclose(
        reader(torch.tensor([[5, 3, 4]])), reader(torch.tensor([[4, 3, 5]]))
    )


@pytest.mark.parametrize("size", [16, 20, 32, 33, 64])
def test_images_have_any_size(size):
    painted = Painter(5, size, 32, 2)(torch.randn(2, 5))
    assert painted.shape == (2, 3, size, size)
    assert Looker(size, 32)(painted).shape == (2, 32)


def test_an_image_does_not_depend_on_those_beside_it():
    painter, inputs = Painter(5, 16, 32, 1), torch.randn(3, 5)
    torch.testing.assert_close(painter(inputs)[1:2], painter(inputs[1:2]))


def test_a_figure_is_seen_where_its_frame_lies():
    """The centre of the frame is told as right and down, from -1 to 1."""
    painter = Painter(1, 32, 32, 1)
    with torch.no_grad():
        for part in (painter.ground, painter.outlines, painter.frames):
            part[2].weight.zero_()
            part[2].bias.zero_()
        painter.colours[2].weight.zero_()
        painter.colours[2].bias.copy_(torch.tensor([0.5, -0.5, -0.5]))
        painter.frames[2].bias[:2] = torch.tensor([0.5, -0.5])
        image = painter(torch.zeros(1, 1))[0]
    red = image[0] - image[1]
    rows, columns = torch.nonzero(red == red.max(), as_tuple=True)
    assert rows.float().mean().item() == pytest.approx(7.5, abs=1)
    assert columns.float().mean().item() == pytest.approx(23.5, abs=1)
