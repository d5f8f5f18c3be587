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
    painted = Painter(5, size, 32)(torch.randn(2, 5))
    assert painted.shape == (2, 3, size, size)
    assert Looker(size, 32)(painted).shape == (2, 32)


def test_an_image_does_not_depend_on_those_beside_it():
    painter, inputs = Painter(5, 16, 32), torch.randn(3, 5)
    torch.testing.assert_close(painter(inputs)[1:2], painter(inputs[1:2]))
