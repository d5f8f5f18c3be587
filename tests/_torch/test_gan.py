import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._drawing import DrawingBatch, DrawingSizes  # noqa: E402
from itm_sklearn._torch._gan import ConditionalGAN  # noqa: E402
from itm_sklearn.datasets import make_scenes  # noqa: E402
from itm_sklearn.generation._text_to_image import TextToImage  # noqa: E402

SIZES = DrawingSizes(n_words=9, length=4, image_size=16, n_components=32, n_latents=4)
TOKENS = torch.tensor([[0, 5, 1, -1], [0, 6, 7, 1]])


def _network():
    torch.manual_seed(0)
    return ConditionalGAN(SIZES)


def _batch(rows):
    return DrawingBatch(TOKENS, torch.rand(2, 3, 16, 16), ["a", "b"])


@pytest.mark.parametrize("step", [0, 1])
def test_each_step_moves_its_own_part_alone(step):
    network = _network()
    part, loss_of = network.steps(_batch, None)[step]
    loss_of(np.arange(2)).backward()
    own = {id(weight) for weight in part.parameters()}
    moved = {id(w) for w in network.parameters() if w.grad is not None}
    assert moved
    assert moved <= own


def test_the_average_follows_the_generator():
    network = _network()
    with torch.no_grad():
        network.generator.log_spread.fill_(1.0)
        network.average.log_spread.fill_(0.0)
    network.steps(_batch, None)[1][1](np.arange(2))
    assert network.average.log_spread.item() == pytest.approx(0.01)


def test_the_noise_is_all_that_is_random():
    network = _network().eval()
    noise = torch.randn(2, network.n_noise)
    with torch.no_grad():
        both = network.draw(TOKENS, noise)
        alone = network.draw(TOKENS[1:], noise[1:])
    torch.testing.assert_close(both[1:], alone)


def test_the_critic_learns_which_text_belongs_to_a_picture():
    """Pictures of two greys, each with its word."""
    words = np.tile([3, 4], 16)
    images = np.empty((32, 16, 16, 3), np.uint8)
    images[:] = (60 * (words - 2))[:, None, None, None]
    texts = np.where(words == 3, "dark", "light").tolist()
    model = TextToImage(
        "gan", image_size=16, n_components=32, max_iter=30, random_state=0, device="cpu"
    ).fit(texts, images)
    right = model.score_pairs(texts[:2], images[:2])
    wrong = model.score_pairs(texts[1::-1], images[:2])
    assert (right > wrong).all()


def test_samples_of_one_text_differ():
    data = make_scenes(
        40, captions_per_image=1, image_size=16, kinds="place", random_state=0
    )
    model = TextToImage(
        "gan", image_size=16, n_components=32, max_iter=1, random_state=0, device="cpu"
    ).fit(data.pairs)
    drawn = model.sample(data.pairs.texts[:2], 2).astype(float)
    assert np.abs(drawn[:, 0] - drawn[:, 1]).mean() > 0
