from copy import deepcopy

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

torch = pytest.importorskip("torch")

from itm_sklearn._torch._guidance import Guide  # noqa: E402
from itm_sklearn.alignment import TowerAligner  # noqa: E402
from itm_sklearn.compose import DualEncoder  # noqa: E402
from itm_sklearn.generation._text_to_image import TextToImage  # noqa: E402
from itm_sklearn.matching import SimilarityMatcher  # noqa: E402
from itm_sklearn.pairs import ImageTextPairs  # noqa: E402

CPU = torch.device("cpu")
WORDS = ["red", "green", "blue"]


def _channels_first(images):
    return np.moveaxis(np.asarray(images), 3, 1)


def _darker(images):
    return _channels_first(images) // 2


def _as_dense(counts):
    return counts.toarray().astype(np.float32)


class _MeanColour(torch.nn.Module):
    def forward(self, images):
        return images.float().mean(dim=(2, 3)) / 255


def _pairs():
    """A plain picture of each colour for its word, some darker than others."""
    colours = np.tile(np.arange(3), 20)
    images = np.zeros((60, 16, 16, 3), np.uint8)
    brightness = np.linspace(100, 255, 60)
    images[np.arange(60), :, :, colours] = brightness[:, None, None]
    return ImageTextPairs(images, [WORDS[colour] for colour in colours])


def _matcher(prepare=_channels_first):
    text = make_pipeline(CountVectorizer(), FunctionTransformer(_as_dense))
    return make_pipeline(
        DualEncoder(FunctionTransformer(prepare), text),
        TowerAligner(_MeanColour(), n_components=4, max_iter=150, random_state=0),
        SimilarityMatcher(random_state=0),
    ).fit(_pairs())


@pytest.fixture(scope="module")
def matcher():
    return _matcher()


def test_following_the_gradient_colours_grey_pictures_as_their_texts_say(matcher):
    guide = Guide(matcher, 16, CPU)
    images = torch.full((3, 3, 16, 16), 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([images], lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        guide.loss(images, WORDS).backward()
        optimizer.step()
    channels = images.detach().mean(dim=(2, 3))
    assert channels.argmax(dim=1).tolist() == [0, 1, 2]


def test_the_matcher_stays_as_it_is(matcher):
    network = matcher[1].image_network_
    before = deepcopy(network)
    grads = [None if w.grad is None else w.grad.clone() for w in network.parameters()]
    options = {"image_size": 16, "n_components": 32, "max_iter": 1, "device": "cpu"}
    model = TextToImage("gan", guidance=matcher, random_state=0, **options)
    model.fit(_pairs())
    parts = zip(before.parameters(), network.parameters(), grads, strict=True)
    for old, new, grad in parts:
        assert torch.equal(old, new)
        assert grad is None or torch.equal(grad, new.grad)


def test_a_matcher_that_sees_no_pixels_is_refused():
    with pytest.raises(TypeError, match="no pixels"):
        Guide(_matcher(_darker), 16, CPU)


def test_a_matcher_without_a_network_is_refused():
    with pytest.raises(TypeError, match="no image network"):
        Guide(SimilarityMatcher(), 16, CPU)
