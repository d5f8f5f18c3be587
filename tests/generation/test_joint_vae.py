import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

torch = pytest.importorskip("torch")

from itm_sklearn.generation import JointVAE  # noqa: E402
from itm_sklearn.pairs import ImageTextPairs  # noqa: E402

WORDS = np.array(["dark", "light"])
OPTIONS = {"n_components": 32, "n_layers": 1, "image_size": 16, "device": "cpu"}


def _greys(n):
    """Pictures of two greys, each with its word."""
    light = np.arange(n) % 2
    images = np.empty((n, 16, 16, 3), np.uint8)
    images[:] = (60 + 120 * light)[:, None, None, None]
    return ImageTextPairs(images, WORDS[light].tolist())


@pytest.fixture(scope="module")
def model():
    pairs = _greys(32)
    return JointVAE(2, max_iter=60, random_state=0, **OPTIONS).fit(pairs)


def test_a_text_is_painted_as_the_images_it_came_with(model):
    dark, light = model.predict_image(["dark", "light"]).reshape(2, -1).mean(axis=1)
    assert dark < 100
    assert light > 140


def test_an_image_is_described_as_those_like_it(model):
    assert model.predict_text(_greys(4)) == ["dark", "light", "dark", "light"]


def test_image_and_text_of_a_drawn_pair_belong_together(model):
    pairs = model.sample(20)
    bright = pairs.images.reshape(20, -1).mean(axis=1) > 120
    agree = WORDS[bright.astype(int)] == pairs.texts
    assert agree.mean() >= 0.8
    assert bright.any()
    assert not bright.all()


def test_a_shorter_sample_is_the_beginning_of_a_longer_one(model):
    short, long = model.sample(2), model.sample(4)
    assert short.texts == long.texts[:2]
    assert np.array_equal(short.images, long.images[:2])


@pytest.mark.parametrize("missing", ["images", "texts", None])
def test_vectors_of_one_word_are_alike_whichever_view_is_missing(model, missing):
    pairs = _greys(6)
    views = {"images": pairs.images, "texts": pairs.texts}
    if missing:
        views[missing] = None
    vectors = model.transform(ImageTextPairs(**views))
    centres = model.transform(pairs)[:2]
    distances = np.linalg.norm(vectors[:, None] - centres, axis=2)
    assert vectors.shape == (6, 2)
    assert distances.argmin(axis=1).tolist() == [0, 1] * 3


def test_a_second_view_makes_surer(model):
    """Precisions of experts add up."""
    network = model._load_network()
    images, tokens = torch.rand(2, 3, 16, 16), model._tokens(["dark", "light"])
    with torch.no_grad():
        both = network.infer(images, tokens)[1]
        alone = [network.infer(images, None)[1], network.infer(None, tokens)[1]]
    assert all((both < one).all() for one in alone)


def test_mismatched_pairs_are_less_probable(model):
    pairs = _greys(4)
    swapped = ImageTextPairs(pairs.images, pairs.texts[1:] + pairs.texts[:1])
    assert model.score(pairs) > model.score(swapped)


def test_images_and_their_captions_may_come_apart():
    pairs = _greys(8)
    texts = [[text] for text in pairs.texts]
    together = JointVAE(2, max_iter=1, random_state=0, **OPTIONS).fit(pairs)
    apart = JointVAE(2, max_iter=1, random_state=0, **OPTIONS).fit(pairs.images, texts)
    assert np.array_equal(together.transform(pairs), apart.transform(pairs))


def test_of_nothing_comes_nothing(model):
    none = _greys(2)[np.array([], int)]
    assert model.transform(none).shape == (0, 2)
    assert model.predict_image([]).shape == (0, 16, 16, 3)
    assert model.get_feature_names_out().tolist() == ["jointvae0", "jointvae1"]


def test_images_alone_have_the_vectors_of_pairs_without_texts(model):
    images = _greys(4).images
    expected = model.transform(ImageTextPairs(images=images))
    np.testing.assert_array_equal(model.transform(images), expected)


def test_what_is_not_fitted_draws_nothing():
    with pytest.raises(NotFittedError):
        JointVAE().sample(2)
