"""Corrections are the formulas of the papers, and look at one query at a time."""

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import embed_pairs, evaluate_retrieval
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import (
    CSLS,
    CrossModalRetriever,
    InvertedSoftmax,
    QueryBankNormalization,
    TransductiveCorrection,
)

INDUCTIVE = [CSLS(5), InvertedSoftmax(0.1), QueryBankNormalization(0.1, n_activated=2)]
TRANSDUCTIVE = [
    TransductiveCorrection(method)
    for method in ("dual_softmax", "csls", "reciprocal_rank")
]


def hubby_pairs(seed, n_images=40):
    """Pairs whose texts have a direction in common, in which every tenth image lies."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(n_images, 6))
    image_index = np.repeat(np.arange(n_images), 2)
    texts = hidden[image_index] + rng.normal(size=(2 * n_images, 6)) + 1
    hidden[::10] += 3
    return ImageTextPairs(hidden, texts, image_index)


@pytest.fixture
def bank():
    return hubby_pairs(0, 120)


@pytest.fixture
def pairs():
    return hubby_pairs(1)


def test_csls_takes_the_nearest_training_queries_off(bank, pairs):
    cosines = cosine_similarity(pairs.texts, pairs.images)
    of_images = np.sort(cosine_similarity(bank.texts, pairs.images), axis=0)[-5:]
    of_texts = np.sort(cosine_similarity(pairs.texts, bank.images), axis=1)[:, -5:]
    expected = 2 * cosines - of_images.mean(axis=0) - of_texts.mean(axis=1)[:, None]
    # Scaled by half, and by the squared length of two.
    similarity = CSLS(5).fit(bank).similarity(pairs)
    np.testing.assert_allclose(4 * similarity, expected, atol=1e-12)


def test_the_inverted_softmax_is_the_probability_of_the_query(bank, pairs):
    """Its order, for either direction, is that of the formula in the paper."""
    similarity = InvertedSoftmax(0.1).fit(bank).similarity(pairs)
    cosines = cosine_similarity(pairs.texts, pairs.images)
    of_images = logsumexp(cosine_similarity(bank.texts, pairs.images) / 0.1, axis=0)
    by_text = np.exp(cosines / 0.1 - of_images)
    np.testing.assert_array_equal(np.argsort(similarity), np.argsort(by_text))
    of_texts = logsumexp(cosine_similarity(pairs.texts, bank.images) / 0.1, axis=1)
    by_image = np.exp(cosines / 0.1 - of_texts[:, None])
    np.testing.assert_array_equal(np.argsort(similarity, 0), np.argsort(by_image, 0))


@pytest.mark.parametrize("correction", INDUCTIVE[:2], ids=str)
def test_corrected_scores_are_cosines_of_what_transform_gives(correction, bank, pairs):
    """So an index that knows cosines alone ranks by them."""
    model = make_pipeline(correction).fit(bank)
    vectors = embed_pairs(model, pairs)
    similarity = model[-1].similarity(pairs)
    cosines = cosine_similarity(vectors.texts, vectors.images)
    np.testing.assert_allclose(cosines, similarity, atol=1e-12)
    found = CrossModalRetriever(model).fit(pairs).retrieve_images(pairs.texts, 40)
    np.testing.assert_array_equal(found.indices, np.argsort(-similarity, axis=1))
    by_blocks = evaluate_retrieval(model, pairs, random_state=0).report["rsum"]
    assert by_blocks == pytest.approx(retrieval_report(similarity, pairs)["rsum"])


def test_the_query_bank_corrects_only_what_a_hub_would_answer(pairs):
    bank = hubby_pairs(0, 10)
    plain = cosine_similarity(pairs.texts, pairs.images)
    corrected = InvertedSoftmax(0.1).fit(bank).similarity(pairs)
    by_bank = cosine_similarity(bank.texts, pairs.images)
    hubs = np.unique(np.argsort(-by_bank, axis=1)[:, :2])
    answered_by_hub = np.isin(plain.argmax(axis=1), hubs)
    assert 0 < answered_by_hub.sum() < len(pairs)
    model = QueryBankNormalization(0.1, n_activated=2).fit(bank)
    expected = np.where(answered_by_hub[:, None], corrected, plain)
    order = np.argsort(model.similarity(pairs)[0], axis=1)
    np.testing.assert_array_equal(order, np.argsort(expected, axis=1))


@pytest.mark.parametrize("correction", INDUCTIVE, ids=str)
def test_the_other_queries_do_not_change_an_answer(correction, bank, pairs):
    correction.fit(bank)
    shape = (2, len(pairs), pairs.n_images)
    together = np.broadcast_to(correction.similarity(pairs), shape)
    for row in (0, 7, 31):
        query = ImageTextPairs(pairs.images, pairs.texts[[row]], [0])
        alone = np.broadcast_to(correction.similarity(query), (2, 1, shape[2]))
        np.testing.assert_allclose(alone[0, 0], together[0, row], atol=1e-12)
    for image in (0, 19):
        nobody = np.zeros(len(pairs), dtype=int)
        query = ImageTextPairs(pairs.images[[image]], pairs.texts, nobody)
        alone = np.broadcast_to(correction.similarity(query), (2, shape[1], 1))
        np.testing.assert_allclose(alone[1, :, 0], together[1, :, image], atol=1e-12)


@pytest.mark.parametrize("correction", TRANSDUCTIVE, ids=str)
def test_a_correction_by_the_other_queries_is_marked(correction, pairs):
    together = correction.fit(pairs).similarity(pairs)[0]
    alone = correction.similarity(ImageTextPairs(pairs.images, pairs.texts[[0]], [0]))
    assert not np.array_equal(np.argsort(together), np.argsort(alone[0]))
    evaluated = evaluate_retrieval(correction, pairs, n_bootstrap=2, random_state=0)
    assert evaluated.transductive
    assert not evaluate_retrieval(CSLS().fit(pairs), pairs, n_bootstrap=2).transductive


def test_a_ready_model_can_be_corrected(bank, pairs):
    model = CCA(3).fit(bank)
    outside = TransductiveCorrection("csls", model=model).fit(bank).similarity(pairs)
    inside = TransductiveCorrection("csls").fit(bank).similarity(model.transform(pairs))
    np.testing.assert_allclose(outside, inside)


@pytest.mark.parametrize("correction", [*INDUCTIVE, *TRANSDUCTIVE], ids=str)
def test_hubs_are_held_back(correction, bank, pairs):
    """The most frequent first image is first less often than by plain cosines."""

    def most_frequent(scores):
        return np.bincount(scores.argmax(axis=1)).max()

    scores = np.asarray(correction.fit(bank).similarity(pairs))
    scores = np.broadcast_to(scores, (2, len(pairs), pairs.n_images))[0]
    plain = cosine_similarity(pairs.texts, pairs.images)
    assert most_frequent(scores) < most_frequent(plain)


def test_views_in_different_spaces_are_refused():
    pairs = ImageTextPairs(np.eye(3), np.ones((3, 2)))
    with pytest.raises(ValueError, match="3 features and the texts 2"):
        CSLS().fit(pairs)


def test_vectors_of_another_space_are_refused(bank):
    with pytest.raises(ValueError, match="2 features, but the training queries"):
        CSLS().fit(bank).transform(ImageTextPairs(np.ones((3, 2))))
