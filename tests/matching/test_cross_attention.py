"""Words among regions: the formula by hand, padding, and what is learned."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from itm_sklearn.matching import CrossAttentionMatcher
from itm_sklearn.pairs import ImageTextPairs

torch = pytest.importorskip("torch")

from itm_sklearn._torch._attention import (  # noqa: E402
    CrossAttentionNetwork,
    Parts,
    attend,
)


def planted(seed, n_images=120):
    """Images of four regions out of twelve kinds; texts name two of them, or three."""
    rng = np.random.default_rng(seed)
    kinds = np.random.default_rng(99)
    seen, said = kinds.normal(size=(12, 8)), kinds.normal(size=(12, 5))
    regions = np.array([rng.permutation(12)[:4] for _ in range(n_images)])
    image_index = np.repeat(np.arange(n_images), 2)
    words = said[rng.permuted(regions[image_index], axis=1)[:, :3]]
    words[::2, 2] = 0
    images = seen[regions] + 0.1 * rng.normal(size=(n_images, 4, 8))
    return ImageTextPairs(images, words, image_index)


FAST = {
    "n_components": 16,
    "max_iter": 25,
    "learning_rate": 0.01,
    "dropout": 0.0,
    "input_dropout": 0.0,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def matcher():
    return CrossAttentionMatcher(**FAST).fit(planted(0))


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_attention_is_the_cosine_to_a_weighted_mean_of_parts():
    """Written out with the average itself, one query and one item at a time."""
    rng = np.random.default_rng(0)
    queries, parts = unit(rng.normal(size=(5, 4))), unit(rng.normal(size=(3, 6, 4)))
    mask = np.arange(6) < np.array([6, 4, 1])[:, None]
    expected = np.empty((3, 5))
    for item in range(3):
        for row, query in enumerate(queries):
            there = parts[item][mask[item]]
            weights = np.exp(7.0 * there @ query)
            expected[item, row] = unit(weights @ there) @ query
    context = Parts(torch.tensor(parts).float(), torch.tensor(mask))
    found = attend(torch.tensor(queries).float(), context, 7.0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "logsumexp"])
@pytest.mark.parametrize("attends", ["words", "regions", "both"])
def test_padding_changes_nothing(attends, pooling):
    with torch.random.fork_rng([]):
        network = CrossAttentionNetwork(8, 5, 6, attends, pooling, 0.0, 0.0).eval()
    pairs = planted(0, n_images=5)
    images, texts = (torch.tensor(v).float() for v in (pairs.images, pairs.texts))
    scores = network.matrix(images, texts)
    padded = torch.cat([texts[:, :1], torch.zeros(10, 2, 5), texts[:, 1:]], dim=1)
    torch.testing.assert_close(network.matrix(images, padded), scores)
    one_by_one = [network.matrix(images[i : i + 1], texts) for i in range(5)]
    torch.testing.assert_close(torch.cat(one_by_one, dim=1), scores)


def test_logsumexp_lies_between_mean_and_maximum():
    with torch.random.fork_rng([]):
        network = CrossAttentionNetwork(8, 5, 6, "words", "mean", 0.0, 0.0).eval()
    pairs = planted(0, n_images=5)
    images, texts = (torch.tensor(v).float() for v in (pairs.images, pairs.texts))
    mean = network.matrix(images, texts)
    network.pooling = "logsumexp"
    assert (network.matrix(images, texts) >= mean).all()


@pytest.mark.parametrize("options", [{}, {"attend": "both"}, {"loss": "triplet"}])
def test_words_find_their_regions_far_above_chance(options):
    pairs = planted(1)
    matcher = CrossAttentionMatcher(**{**FAST, **options}).fit(planted(0))
    similarity = matcher.similarity(pairs)
    labels = pairs.relevance().toarray().ravel()
    assert roc_auc_score(labels, similarity.ravel()) > 0.85


def test_probability_and_prediction_agree_with_the_score(matcher):
    pairs = planted(1)
    scores = matcher.decision_function(pairs)
    own = matcher.similarity(pairs)[np.arange(len(pairs)), pairs.image_index]
    np.testing.assert_allclose(scores, own, atol=1e-6)
    assert (np.diff(matcher.predict_proba(pairs)[np.argsort(scores), 1]) >= 0).all()
    expected = scores >= matcher.threshold_
    np.testing.assert_array_equal(matcher.predict(pairs), expected)


def test_maps_are_regions_and_half_precision_is_enough(matcher):
    pairs = planted(1)
    maps = pairs.map(
        image=lambda images: images.reshape(-1, 2, 2, 8).astype(np.float16),
        text=lambda texts: texts.astype(np.float16),
    )
    np.testing.assert_allclose(
        matcher.similarity(maps), matcher.similarity(pairs), atol=5e-3
    )


def test_an_item_without_parts_scores_zero(matcher):
    pairs = planted(1, n_images=3)
    nothing = pairs.map(text=np.zeros_like)
    assert not matcher.similarity(nothing).any()


def test_blocks_do_not_change_scores(matcher, monkeypatch):
    pairs = planted(1)
    whole = matcher.similarity(pairs)
    monkeypatch.setattr("itm_sklearn._torch._matching._BLOCK", 12 * 49)
    np.testing.assert_allclose(matcher.similarity(pairs), whole, atol=1e-6)


def test_vectors_without_parts_are_refused():
    with pytest.raises(ValueError, match=r'CNNEncoder\(layer="grid"\)'):
        CrossAttentionMatcher().fit(ImageTextPairs(np.eye(3), np.eye(3)))
