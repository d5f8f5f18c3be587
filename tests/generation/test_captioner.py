"""Captioners learn, are asked, and are used where other estimators are."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

torch = pytest.importorskip("torch")

from itm_sklearn.generation import Captioner  # noqa: E402
from itm_sklearn.matching import SimilarityMatcher  # noqa: E402
from itm_sklearn.pairs import ImageTextPairs  # noqa: E402
from itm_sklearn.retrieval import Reranker  # noqa: E402

SMALL = {
    "n_components": 32,
    "n_layers": 1,
    "dropout": 0.0,
    "image_size": 16,
    "precision": "float32",
    "random_state": 0,
}
FAST = {**SMALL, "max_iter": 2, "n_beams": 1}
# Two halves, each with a colour of its own.
COLOURS = {"red": (200, 20, 20), "blue": (20, 20, 200), "green": (20, 200, 20)}


def flags(n_images=48, seed=0):
    """Pictures of two colours, and two captions of each that name both in order."""
    rng = np.random.default_rng(seed)
    images, texts, chosen = [], [], []
    for _ in range(n_images):
        left, right = rng.choice(list(COLOURS), 2)
        image = np.empty((16, 16, 3))
        image[:, :8], image[:, 8:] = COLOURS[left], COLOURS[right]
        noise = rng.integers(-15, 16, image.shape)
        images.append(np.clip(image + noise, 0, 255).astype(np.uint8))
        texts += [f"{left} beside {right}", f"there is {left} beside {right}"]
        chosen.append((left, right))
    return ImageTextPairs(images, texts, np.repeat(np.arange(n_images), 2)), chosen


def says(captions, chosen):
    """Share of captions that name both colours in their order."""
    right = [
        [word for word in caption.split() if word in COLOURS] == list(colours)
        for caption, colours in zip(captions, chosen, strict=True)
    ]
    return np.mean(right)


def vectors(images):
    """The mean colours of both halves, as six numbers."""
    return np.array(
        [np.hstack([i[:, :8].mean((0, 1)), i[:, 8:].mean((0, 1))]) for i in images]
    )


@pytest.fixture(scope="module")
def captioner():
    pairs, _ = flags()
    return Captioner(**SMALL, max_iter=12, learning_rate=5e-3).fit(pairs)


def halves(images):
    """The mean colours of both halves, as two regions."""
    return vectors(images).reshape(-1, 2, 3) / 100 - 1


@pytest.mark.parametrize(
    "decoder", ["gru", "lstm", "transformer", "gpt2", "gpt2-prefix"]
)
def test_every_decoder_learns_to_look(decoder, request):
    if decoder.startswith("gpt2"):
        request.getfixturevalue("transformers")
    pairs, _ = flags()
    test, chosen = flags(20, seed=1)
    encoder = FunctionTransformer(halves)
    model = Captioner(encoder, decoder, **SMALL, max_iter=16, learning_rate=5e-3)
    assert says(model.fit(pairs).predict(test.images), chosen) > 0.9


def test_captions_come_in_any_of_three_forms():
    pairs, _ = flags(12)
    lists = [pairs.texts[row : row + 2] for row in range(0, 24, 2)]
    expected = Captioner(**FAST).fit(pairs).weights_
    as_y = Captioner(**FAST).fit(pairs.images, lists).weights_
    as_table = Captioner(**FAST).fit(pairs.to_frame()).weights_
    for name, weight in expected.items():
        np.testing.assert_array_equal(as_y[name], weight)
        np.testing.assert_array_equal(as_table[name], weight)


def test_images_without_captions_are_refused():
    with pytest.raises(ValueError, match="pass captions as y"):
        Captioner(**FAST).fit(flags(4)[0].images)


def test_beams_are_ordered_and_have_the_probability_of_their_pair(captioner):
    """Greedy, beams and teacher forcing agree on log P."""
    images = flags(4, seed=2)[0].images
    found = captioner.predict_beams(images, 3)
    assert [len(row) for row in found] == [3, 3, 3, 3]
    for image, row in zip(images, found, strict=True):
        captions, log_p = zip(*row, strict=True)
        pairs = ImageTextPairs([image], list(captions), [0, 0, 0])
        np.testing.assert_allclose(captioner.score_pairs(pairs), log_p, atol=1e-4)
        lengths = np.array([len(caption.split()) + 1 for caption in captions])
        assert (np.diff(np.array(log_p) / lengths) <= 1e-6).all()


def test_probabilities_of_all_captions_sum_to_one_at_most(captioner):
    image = flags(1, seed=3)[0].images
    found = captioner.predict_beams(image, 8)[0]
    total = sum(np.exp(log_p) for _, log_p in found)
    assert 0.5 < total <= 1 + 1e-6


def test_a_pair_scores_its_entry_in_the_similarity(captioner):
    pairs, _ = flags(5, seed=4)
    similarity = captioner.similarity(pairs)
    assert similarity.shape == (10, 5)
    own = similarity[np.arange(10), pairs.image_index]
    np.testing.assert_allclose(captioner.score_pairs(pairs), own, atol=1e-4)


def test_a_captioner_is_a_matcher(captioner):
    """True captions are likelier than those of an image with other colours."""
    pairs, chosen = flags(30, seed=5)
    true = captioner.score_pairs(pairs)
    other = np.roll(np.arange(30), 7)[pairs.image_index]
    wrong = captioner.score_pairs(ImageTextPairs(pairs.images, pairs.texts, other))
    rows = zip(pairs.image_index, other, strict=True)
    differs = [chosen[mine] != chosen[theirs] for mine, theirs in rows]
    assert (true > wrong)[differs].mean() > 0.9


def test_a_reranker_takes_it(captioner):
    pairs, _ = flags(10, seed=6)
    first = ConstantScores()
    reranker = Reranker(first, captioner, n_candidates=10, weight=1.0).fit(pairs)
    assert reranker.score(pairs) > first.score(pairs)


class ConstantScores(SimilarityMatcher):
    """Tells nothing from nothing."""

    def fit(self, X, y=None):
        self.threshold_ = 0.0
        return self

    def similarity(self, X):
        return np.zeros((len(X), X.n_images))


def test_the_score_is_cider(captioner):
    pairs, _ = flags(12, seed=7)
    assert captioner.score(pairs) > 3
    lists = [pairs.texts[row : row + 2] for row in range(0, 24, 2)]
    assert captioner.score(pairs.images, lists) == captioner.score(pairs)
    with pytest.raises(ValueError, match="sample_weight"):
        captioner.score(pairs, sample_weight=np.ones(24))


def test_the_encoder_serves_another_captioner(captioner):
    """As it is through `transform`, or trained on as a module."""
    pairs, _ = flags(12)
    assert captioner.transform(pairs.images).shape == (12, 8, 8, 32)
    assert captioner.transform(pairs).images.shape == (12, 8, 8, 32)
    frozen = Captioner(captioner, **FAST).fit(pairs)
    assert not any(name.startswith("encoder.") for name in frozen.weights_)
    assert frozen.encoder_ is captioner
    module = captioner.encoder_
    before = {name: value.clone() for name, value in module.state_dict().items()}
    trained = Captioner(module, **FAST).fit(pairs)
    assert any(name.startswith("encoder.") for name in trained.weights_)
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("decoder", ["gru", "transformer"])
def test_each_word_tells_where_it_looked(decoder):
    """Colours are looked for on their own side."""
    pairs, _ = flags()
    test, chosen = flags(20, seed=1)
    encoder = FunctionTransformer(halves)
    model = Captioner(encoder, decoder, **SMALL, max_iter=16, learning_rate=5e-3)
    words, maps = model.fit(pairs).attend(test.images)
    assert [" ".join(caption) for caption in words] == model.predict(test.images)
    for caption, shares in zip(words, maps, strict=True):
        assert shares.shape == (len(caption), 2)
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)
    left = [m[w.index("beside") - 1, 0] for w, m in zip(words, maps, strict=True)]
    right = [m[w.index("beside") + 1, 0] for w, m in zip(words, maps, strict=True)]
    assert np.mean(left) > np.mean(right)


@pytest.mark.usefixtures("transformers")
def test_gpt2_does_not_tell_where_it_looks():
    pairs, _ = flags(4)
    model = Captioner(FunctionTransformer(halves), "gpt2", **FAST).fit(pairs)
    with pytest.raises(ValueError, match="does not tell where it looks"):
        model.attend(pairs.images)


def test_a_frozen_encoder_sees_each_image_once():
    seen = []

    def look(images):
        seen.append(len(images))
        return vectors(images)

    pairs, _ = flags(300)
    Captioner(FunctionTransformer(look), **FAST).fit(pairs)
    assert sum(seen) == 300
    assert max(seen) < 300


def test_an_encoder_that_learns_is_fitted_first_and_left_alone():
    pairs, _ = flags(12)
    encoder = make_pipeline(FunctionTransformer(vectors), PCA(3, random_state=0))
    model = Captioner(encoder, **FAST).fit(pairs)
    assert model.grid_shape_ == (1, 3)
    assert not hasattr(encoder[-1], "components_")
    assert model.transform(pairs.images).shape == (12, 3)


def test_partial_fit_goes_on_from_what_was_learned():
    pairs, chosen = flags()
    model = Captioner(**SMALL, learning_rate=3e-3)
    for _ in range(12):
        model.partial_fit(pairs)
    assert model.n_iter_ == 12
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2
    assert says(model.predict(pairs.images), chosen) > 0.9
    words = model.vocabulary_.words
    model.partial_fit(pairs.images[:2], ["unheard of", "red beside red"])
    assert model.vocabulary_.words == words
    model.fit(pairs[:8])
    assert model.n_iter_ == model.max_iter


def test_rare_words_are_not_learned():
    pairs, _ = flags(12)
    texts = [*pairs.texts[:-1], "unique caption"]
    pairs = ImageTextPairs(pairs.images, texts, pairs.image_index)
    model = Captioner(min_count=2, **FAST).fit(pairs)
    assert "unique" not in model.vocabulary_.words
    assert "unique" not in " ".join(model.predict(pairs.images))


def test_long_captions_are_cut_aloud():
    pairs, _ = flags(12)
    with pytest.warns(UserWarning, match="12 of 24 captions have more than max_length"):
        model = Captioner(max_length=4, **FAST).fit(pairs)
    assert max(len(text.split()) for text in model.predict(pairs.images)) <= 3


def test_it_is_cloned_and_pickled_with_its_captions(captioner):
    images = flags(3, seed=8)[0].images
    copied = pickle.loads(pickle.dumps(captioner))
    assert copied.predict_beams(images) == captioner.predict_beams(images)
    assert not hasattr(clone(captioner), "weights_")
    assert b"torch" not in pickle.dumps(captioner)


def test_no_images_have_no_captions(captioner):
    assert captioner.predict([]) == []


@pytest.mark.usefixtures("transformers")
def test_a_pretrained_decoder_brings_its_words(tiny_gpt2, monkeypatch):
    """Weights and tokenizer come from the directory; nothing of it is needed later."""
    # The tiny one has room for twelve tokens.
    monkeypatch.setattr("itm_sklearn._torch._gpt2.N_PREFIX", 2)
    images = [np.full((16, 16, 3), level, np.uint8) for level in (20, 220)]
    captions = ["a dog runs on the beach", "the red circle sleeps"]
    for decoder in ("gpt2", "gpt2-prefix"):
        model = Captioner(
            FunctionTransformer(lambda images: np.array(images).mean((1, 2)) / 100 - 1),
            decoder,
            **{**SMALL, "max_iter": 40},
            learning_rate=1e-2,
            pretrained=tiny_gpt2,
        ).fit(images, captions)
        assert model.predict(images) == captions
        first = model.weights_["decoder.model.transformer.wpe.weight"]
        assert first.shape == (12, 16)
        assert model.vocabulary_.encode(["a dog"])[0][0] == 2


def test_pretrained_words_are_started_from(tiny_gpt2, transformers):
    """At a tiny step size the weights are still those of the file."""
    given = transformers.GPT2LMHeadModel.from_pretrained(tiny_gpt2)
    model = Captioner(
        FunctionTransformer(vectors),
        "gpt2",
        **{**SMALL, "max_iter": 1},
        learning_rate=1e-9,
        weight_decay=0.0,
        pretrained=tiny_gpt2,
    ).fit(flags(4)[0].images, ["a dog", "a cat", "the red", "a beach"])
    name = "transformer.wte.weight"
    own, expected = model.weights_[f"decoder.model.{name}"], given.state_dict()[name]
    np.testing.assert_allclose(own, expected.numpy(), atol=1e-6)


def test_a_checkpoint_that_is_not_there_says_what_to_do():
    with pytest.raises(OSError, match="hf download no/such-model"):
        Captioner(decoder="gpt2", pretrained="no/such-model", **FAST).fit(flags(2)[0])


@pytest.mark.usefixtures("transformers")
def test_a_checkpoint_of_another_kind_is_refused(tiny_bert, tiny_gpt2):
    with pytest.raises(ValueError, match="type 'bert'"):
        Captioner(decoder="gpt2", pretrained=tiny_bert, **FAST).fit(flags(2)[0])
    with pytest.raises(ValueError, match="Set decoder='gpt2'"):
        Captioner(decoder="gru", pretrained=tiny_gpt2, **FAST).fit(flags(2)[0])
