"""Gradients of models that end in a network; of others they are refused."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

torch = pytest.importorskip("torch")

from itm_sklearn.alignment import CCA, TowerAligner  # noqa: E402
from itm_sklearn.compose import DualEncoder  # noqa: E402
from itm_sklearn.inspection import explain_match  # noqa: E402
from itm_sklearn.matching import (  # noqa: E402
    CrossAttentionMatcher,
    NeuralMatcher,
    SimilarityMatcher,
)
from itm_sklearn.pairs import ImageTextPairs  # noqa: E402

WORDS = ["red", "green", "blue", "dark"]
RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8)
TEXTS = [WORDS[number] + " " + WORDS[number // 2] for number in RNG.integers(0, 4, 60)]
PAIRS = ImageTextPairs(PICTURES, TEXTS)


def shares(images):
    return np.asarray(images, np.float32) / 255


def flat(images):
    return np.reshape(images, (len(images), -1)).astype(np.float32) / 255


def patches(images):
    return np.reshape(images, (len(images), 4, -1)).astype(np.float32) / 255 + 0.1


def counts(texts):
    found = [[text.split().count(word) for word in WORDS] for text in texts]
    return np.array(found, np.float32) + 0.1


def numbers(texts):
    """Numbers of words, 0 behind them."""
    rows = [[1 + WORDS.index(word) for word in text.split()] for text in texts]
    return np.array([(row + [0, 0])[:2] for row in rows])


def vectors(texts):
    return np.eye(5, dtype=np.float32)[numbers(texts)] * (numbers(texts) > 0)[..., None]


class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(5, 6, padding_idx=0)

    def forward(self, rows):
        counts = (rows > 0).sum(dim=1, keepdim=True)
        return self.embedding(rows).sum(dim=1) / counts.clamp(min=1)


def pictures():
    layers = [torch.nn.Linear(48, 16), torch.nn.Tanh()]
    return torch.nn.Sequential(torch.nn.Flatten(), *layers)


TRAINED = {"max_iter": 2, "random_state": 0, "device": "cpu"}
MODELS = {
    "pixels and counts": (
        DualEncoder(shares, counts),
        TowerAligner(pictures(), n_components=8, **TRAINED),
        SimilarityMatcher(random_state=0),
    ),
    "pixels and numbers of words": (
        DualEncoder(shares, numbers),
        TowerAligner(pictures(), Words(), n_components=8, **TRAINED),
    ),
    "vectors": (DualEncoder(flat, counts), NeuralMatcher(8, **TRAINED)),
    "regions and words": (
        DualEncoder(patches, vectors),
        CrossAttentionMatcher(8, **TRAINED),
    ),
}


def explain(model, method="gradient"):
    return explain_match(
        model, PICTURES[0], TEXTS[0], method=method, segments="grid:2", random_state=0
    )


@pytest.mark.parametrize("name", MODELS)
def test_gradients_have_a_number_for_each_segment_and_word(name):
    found = explain(make_pipeline(*MODELS[name]).fit(PAIRS))
    assert found.segment_scores.shape == (4,)
    assert found.word_scores.shape == (2,)
    assert np.abs(found.segment_scores).max() > 0
    assert np.abs(found.word_scores).max() > 0


def test_gradients_of_pixels_add_up_to_the_score():
    """Segments and words together change all that there is: completeness."""
    found = explain(make_pipeline(*MODELS["pixels and counts"]).fit(PAIRS))
    assert abs(found.residual) < 0.02 * abs(found.score - found.base_score) + 0.02


def test_gradients_agree_with_captum():
    attr = pytest.importorskip("captum.attr")
    model = make_pipeline(*MODELS["pixels and counts"]).fit(PAIRS)
    found = explain(model)
    aligner = model[1]

    def cosine(images, texts):
        both = aligner.image_network_(images), aligner.text_network_(texts)
        return torch.nn.functional.cosine_similarity(*both)

    cover = np.rint(np.median(PICTURES[0].reshape(-1, 3), axis=0))
    ends = [np.broadcast_to(cover, (1, 4, 4, 3)), PICTURES[:1]]
    images = [torch.tensor(shares(each)) for each in ends]
    texts = [torch.tensor(counts([text])) for text in ("", TEXTS[0])]
    theirs, _ = attr.IntegratedGradients(cosine).attribute(
        (images[1], texts[1]),
        (images[0], texts[0]),
        method="riemann_middle",
        n_steps=32,
    )
    of_pixels = theirs.detach().numpy()[0].sum(axis=-1)
    of_segments = np.bincount(found.segments.ravel(), of_pixels.ravel())
    np.testing.assert_allclose(found.segment_scores, of_segments, atol=1e-4)


def test_the_model_is_left_as_it_was():
    model = make_pipeline(*MODELS["pixels and numbers of words"]).fit(PAIRS)
    before = model.transform(PAIRS[:3])
    explain(model)
    after = model.transform(PAIRS[:3])
    np.testing.assert_array_equal(before.texts, after.texts)


def test_a_model_without_a_network_is_refused():
    model = make_pipeline(DualEncoder(flat, counts), CCA(2)).fit(PAIRS)
    with pytest.raises(TypeError, match="does not end in a network"):
        explain(model)
