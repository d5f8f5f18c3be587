"""Texts become images that show what they say."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

torch = pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")

from itm_sklearn.alignment import RidgeAligner  # noqa: E402
from itm_sklearn.compose import DualEncoder  # noqa: E402
from itm_sklearn.generation import VQVAE, TextToImage  # noqa: E402
from itm_sklearn.image import ColorHistogram  # noqa: E402
from itm_sklearn.matching import SimilarityMatcher  # noqa: E402
from itm_sklearn.pairs import ImageTextPairs  # noqa: E402
from itm_sklearn.persistence import load, save  # noqa: E402

SMALL = {"image_size": 16, "n_components": 32, "random_state": 0}
COLOURS = {"red": (220, 20, 20), "blue": (20, 20, 220), "green": (20, 220, 20)}
TEXTS = [f"{left} beside {right}" for left in COLOURS for right in COLOURS]


def flags(n_images=128, seed=0):
    """Pictures of two colours and what they are."""
    rng = np.random.default_rng(seed)
    texts = [TEXTS[row] for row in rng.integers(len(TEXTS), size=n_images)]
    images = np.empty((n_images, 16, 16, 3), np.uint8)
    for image, text in zip(images, texts, strict=True):
        left, _, right = text.split()
        image[:, :8], image[:, 8:] = COLOURS[left], COLOURS[right]
    return ImageTextPairs(images, texts)


def read(image):
    """The text of a flag."""
    names = [
        min(COLOURS, key=lambda name: np.abs(half.mean((0, 1)) - COLOURS[name]).sum())
        for half in (image[:, :8], image[:, 8:])
    ]
    return " beside ".join(names)


def share_right(images, texts):
    """How many flags show what their texts say."""
    right = [read(i) == text for i, text in zip(images, texts, strict=True)]
    return np.mean(right)


@pytest.fixture(scope="module")
def encoder():
    return VQVAE(
        16, image_size=16, patch_size=8, n_components=32, max_iter=30, random_state=0
    ).fit(flags())


@pytest.fixture(scope="module")
def matcher():
    """Knows colours, but not where they are."""
    encoder = DualEncoder(ColorHistogram(), CountVectorizer(dtype=float))
    return make_pipeline(encoder, RidgeAligner(), SimilarityMatcher()).fit(flags())


@pytest.fixture(scope="module")
def model(encoder, matcher, transformers):
    options = {"encoder": encoder, "matcher": matcher, "text_dropout": 0.1}
    return TextToImage(
        max_iter=60, learning_rate=5e-3, n_layers=1, **options, **SMALL
    ).fit(flags())


def test_gpt2_draws_what_texts_say(model):
    images = model.sample(TEXTS, 8).reshape(-1, 16, 16, 3)
    assert share_right(images, np.repeat(TEXTS, 8)) > 0.8


def test_true_images_are_more_probable_than_others(model):
    pairs = flags(40, seed=1)
    other = ImageTextPairs(pairs.images, pairs.texts[1:] + pairs.texts[:1])
    differs = [a != b for a, b in zip(pairs.texts, other.texts, strict=True)]
    higher = model.score_pairs(pairs) > model.score_pairs(other)
    assert higher[differs].mean() > 0.9
    assert model.score(pairs) == pytest.approx(model.score_pairs(pairs).mean())


def test_a_code_is_drawn_as_often_as_it_is_probable(model):
    """Evenly spread noise picks each code by its share of the distribution."""
    network = model._load_network()
    scores = torch.tensor([[0.0, 1.0, -1.0, 2.0]])
    noise = torch.linspace(0.0005, 0.9995, 1000).double()
    counted = torch.bincount(network._pick(scores.expand(1000, -1), noise)) / 1000
    assert torch.allclose(counted, scores[0].softmax(0), atol=2e-3)


def test_an_unknown_word_leaves_room_for_chance(model):
    (images,) = model.sample(["mauve"], 8)
    assert len({image.tobytes() for image in images}) > 1


def test_candidates_are_chosen_by_the_matcher(model, matcher):
    """The best of eight is the one that the matcher scores highest."""
    texts = TEXTS[:3]
    try:
        images = model.set_params(n_candidates=8).predict(texts)
    finally:
        model.set_params(n_candidates=1)
    for image, text, drawn in zip(images, texts, model.sample(texts, 8), strict=True):
        scores = matcher.decision_function(ImageTextPairs(drawn, [text] * 8))
        np.testing.assert_array_equal(image, drawn[scores.argmax()])


def test_without_a_matcher_there_is_nothing_to_choose_by(encoder, transformers):
    model = TextToImage(encoder=encoder, n_candidates=2, max_iter=1, **SMALL)
    with pytest.raises(ValueError, match="no matcher to choose"):
        model.fit(flags(8)).predict(TEXTS)


def test_a_fitted_encoder_is_used_and_another_is_fitted(encoder, model):
    assert model.encoder_ is encoder
    unfitted = VQVAE(8, image_size=16, n_components=32, max_iter=1)
    fitted = TextToImage(encoder=unfitted, max_iter=1, **SMALL).fit(flags(8))
    assert fitted.encoder_.usage_ > 0
    assert not hasattr(unfitted, "weights_")
    with pytest.raises(ValueError, match="paints images of 16 pixels"):
        TextToImage(encoder=encoder, image_size=32, max_iter=1).fit(flags(8))


def test_a_heavier_text_leaves_less_to_chance(model):
    """Without the text the colours are drawn by lot."""
    scores = []
    try:
        for weight in (0.0, 1.0, 3.0):
            images = model.set_params(text_weight=weight).predict(TEXTS)
            scores.append(share_right(images, TEXTS))
    finally:
        model.set_params(text_weight=1.0)
    assert scores[0] < 0.5 < min(scores[1:])


def test_each_batch_is_augmented(encoder, transformers):
    seen = []

    def swap(images, texts, rng):
        seen.append(len(texts))
        return images[:, :, ::-1], [" ".join(text.split()[::-1]) for text in texts]

    TextToImage(encoder=encoder, augment=swap, max_iter=2, **SMALL).fit(flags(40))
    assert sum(seen) == 80


def test_a_saved_model_draws_the_same_images(model, tmp_path):
    save(model, tmp_path / "model.itm")
    copied = load(tmp_path / "model.itm")
    np.testing.assert_array_equal(copied.predict(TEXTS), model.predict(TEXTS))


def test_long_texts_are_cut_and_new_words_are_unknown(model):
    with pytest.warns(UserWarning, match="1 of 2 texts have more than max_length_=4"):
        images = model.predict(["red beside blue, is it not so?", "mauve"])
    assert images.shape == (2, 16, 16, 3)
