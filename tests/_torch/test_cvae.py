import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._cvae import ConditionalVAE  # noqa: E402
from itm_sklearn._torch._drawing import DrawingSizes  # noqa: E402
from itm_sklearn.datasets import make_scenes  # noqa: E402
from itm_sklearn.generation._text_to_image import TextToImage  # noqa: E402

SIZES = DrawingSizes(n_words=9, length=4, image_size=16, n_components=32, n_latents=2)
TOKENS = torch.tensor([[0, 5, 1, -1], [0, 6, 7, 1]])


def _network():
    torch.manual_seed(0)
    return ConditionalVAE(SIZES).eval()


def test_the_bound_is_below_the_likelihood_and_close_to_it():
    """With two latents the integral over z can be summed on a grid."""
    network = _network()
    images = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        network.log_spread.fill_(1.0)
        # Nothing is seen, so that the draws are those of the prior.
        network.guess[2].weight.zero_()
        network.guess[2].bias.zero_()
        bound = network.log_likelihood(images, TOKENS)
        line = torch.linspace(-5, 5, 61)
        grid = torch.cartesian_prod(line, line)
        normal = torch.distributions.Normal(0, 1).log_prob(grid).sum(dim=1)
        text = network.reader(TOKENS)
        exact = []
        for image, words in zip(images, text, strict=True):
            painted = network._paint(grid, words.expand(len(grid), -1))
            pixels = torch.distributions.Normal(painted, network.log_spread.exp())
            log_p = pixels.log_prob(image).flatten(1).sum(dim=1)
            cell = 2 * torch.log(line[1] - line[0])
            exact.append((log_p + normal).logsumexp(dim=0) + cell)
    assert bound.numpy() == pytest.approx(torch.stack(exact).numpy(), abs=1.0)


def test_a_likelihood_does_not_depend_on_what_else_is_scored():
    network, images = _network(), torch.rand(2, 3, 16, 16)
    both = network.log_likelihood(images, TOKENS)
    alone = network.log_likelihood(images[1:], TOKENS[1:])
    torch.testing.assert_close(both[1:], alone)


@pytest.fixture(scope="module")
def fitted():
    data = make_scenes(
        48, captions_per_image=1, image_size=16, kinds="place", random_state=0
    )
    options = {"image_size": 16, "n_components": 32, "n_latents": 8}
    model = TextToImage("cvae", max_iter=30, random_state=0, device="cpu", **options)
    return model.fit(data.pairs), data.pairs


def test_training_makes_the_pictures_more_probable(fitted):
    model, pairs = fitted
    assert model.loss_curve_[-1] < model.loss_curve_[0] - 0.5
    assert np.isfinite(model.score_pairs(pairs)).all()


def test_samples_of_one_text_differ(fitted):
    model, pairs = fitted
    drawn = model.sample(pairs.texts[:2], 3).astype(float)
    assert np.abs(drawn[:, 0] - drawn[:, 1]).max() > 1


def test_low_temperature_makes_samples_alike(fitted):
    model, pairs = fitted
    careful = TextToImage(**model.get_params()).set_params(temperature=1e-6)
    vars(careful).update(
        {name: value for name, value in vars(model).items() if name.endswith("_")}
    )
    careful._seed = model._seed
    drawn = careful.sample(pairs.texts[:2], 2).astype(float)
    assert np.abs(drawn[:, 0] - drawn[:, 1]).max() <= 1
