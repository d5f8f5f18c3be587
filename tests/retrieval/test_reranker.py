"""The first stage chooses, the matcher puts in order, each query by itself."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import (
    ImageKFold,
    evaluate_retrieval,
    retrieval_scoring,
)
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, Reranker


class OppositeMatcher(BaseEstimator):
    """Prefers what the cosine puts last, and counts what it is asked."""

    def fit(self, X, y=None):
        self.sizes_ = []
        return self

    def score_pairs(self, pairs):
        self.sizes_.append((len(pairs), pairs.n_images))
        return -np.einsum("ij,ij->i", pairs.texts, pairs.images[pairs.image_index])


@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(8, 4))
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    image_index = np.repeat(np.arange(8), 2)
    texts = images[image_index] + 0.5 * rng.normal(size=(16, 4))
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    return ImageTextPairs(images, texts, image_index)


@pytest.fixture
def first_stage(pairs):
    return SimilarityMatcher(random_state=0).fit(pairs)


def rankings(scores):
    return np.argsort(-scores, axis=1, kind="stable")


def by_hand(scores, n_candidates):
    """The order of the scores with the first ones back to front."""
    order = rankings(scores)
    return np.hstack([order[:, :n_candidates][:, ::-1], order[:, n_candidates:]])


def test_only_the_candidates_change_places(pairs, first_stage):
    reranker = Reranker(first_stage, OppositeMatcher(), n_candidates=3, weight=1)
    by_text, by_image = reranker.fit(pairs).similarity(pairs)
    scores = first_stage.similarity(pairs)
    np.testing.assert_array_equal(rankings(by_text), by_hand(scores, 3))
    np.testing.assert_array_equal(rankings(by_image.T), by_hand(scores.T, 3))


def test_the_other_queries_do_not_change_an_answer(pairs, first_stage):
    """The scores of a query are the same when it is asked alone."""
    reranker = Reranker(first_stage, OppositeMatcher(), n_candidates=3).fit(pairs)
    for row in range(4):
        alone = ImageTextPairs(pairs.images, pairs.texts[[row]], [0])
        np.testing.assert_allclose(
            reranker.similarity(alone)[0, 0], reranker.similarity(pairs)[0, row]
        )


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("target", ["images", "texts"])
def test_a_search_ranks_as_the_similarity_does(pairs, first_stage, indexed, target):
    stage = CrossModalRetriever(first_stage).fit(pairs) if indexed else first_stage
    reranker = Reranker(stage, OppositeMatcher(), n_candidates=3, weight=0.8)
    reranker.fit(pairs)
    by_text, by_image = reranker.similarity(pairs)
    if target == "images":
        found, scores = reranker.retrieve_images(pairs.texts, 6), by_text
    else:
        found, scores = reranker.retrieve_texts(pairs.images, 6), by_image.T
    np.testing.assert_array_equal(found.indices, rankings(scores)[:, :6])
    expected = np.take_along_axis(scores, found.indices, axis=1)
    np.testing.assert_allclose(found.scores, expected, atol=1e-5)


def test_the_weight_mixes_both_stages(pairs, first_stage):
    """Two opposite stages of equal weight leave all candidates alike."""
    reranker = Reranker(first_stage, OppositeMatcher(), n_candidates=3, weight=0.5)
    scores = reranker.fit(pairs).similarity(pairs)[0]
    candidates = np.take_along_axis(scores, rankings(scores)[:, :3], axis=1)
    np.testing.assert_allclose(np.ptp(candidates, axis=1), 0, atol=1e-9)


def test_no_weight_leaves_the_order_of_the_first_stage(pairs, first_stage):
    reranker = Reranker(first_stage, OppositeMatcher(), weight=0).fit(pairs)
    np.testing.assert_array_equal(
        rankings(reranker.similarity(pairs)[0]), rankings(first_stage.similarity(pairs))
    )


def test_batches_are_bounded_and_take_an_image_once(pairs, first_stage):
    """48 candidate pairs in batches of at most ten, the pairs of an image together."""
    matcher = OppositeMatcher().fit(pairs)
    reranker = Reranker(first_stage, matcher, n_candidates=3, batch_size=10).fit(pairs)
    reranker.retrieve_images(pairs.texts, 1)
    n_pairs, n_images = np.transpose(matcher.sizes_)
    assert n_pairs.tolist() == [10, 10, 10, 10, 8]
    assert n_images.sum() <= pairs.n_images + len(n_pairs) - 1


def test_a_fitted_retriever_keeps_its_gallery(pairs, first_stage):
    retriever = CrossModalRetriever(first_stage).fit(pairs[:6])
    reranker = Reranker(retriever, OppositeMatcher()).fit(pairs)
    assert reranker.gallery_ is retriever.gallery_
    assert reranker.retrieve_images(pairs.texts[:1], 3).indices.max() < 3


def test_an_evaluation_ranks_each_direction_by_its_own_scores(pairs, first_stage):
    reranker = Reranker(first_stage, OppositeMatcher(), n_candidates=3).fit(pairs)
    similarity = reranker.similarity(pairs)
    report = retrieval_report(similarity, pairs)
    for number, way in enumerate(("text_to_image", "image_to_text")):
        assert report[way] == retrieval_report(similarity[number], pairs)[way]
    evaluated = evaluate_retrieval(reranker, pairs, random_state=0).report
    assert evaluated["rsum"] == pytest.approx(report["rsum"])
    assert not evaluate_retrieval(reranker, pairs, random_state=0).transductive


def test_galleries_of_a_set_size_are_cut_out_of_both_matrices(pairs, first_stage):
    reranker = Reranker(first_stage, OppositeMatcher(), n_candidates=3).fit(pairs)
    evaluated = evaluate_retrieval(reranker, pairs, gallery_size=4, random_state=0)
    assert evaluated.report["text_to_image"]["gallery_size"] == 4


def test_the_weight_can_be_searched(pairs):
    """An opposite matcher is of no use, and the search finds that out."""
    search = GridSearchCV(
        Reranker(SimilarityMatcher(random_state=0), OppositeMatcher()),
        {"weight": [0.0, 1.0]},
        scoring=retrieval_scoring(ks=(1,)),
        refit="rsum",
        cv=ImageKFold(2),
        error_score="raise",
    ).fit(pairs)
    assert search.best_params_ == {"weight": 0.0}


def test_a_matcher_without_scores_is_refused(pairs, first_stage):
    with pytest.raises(TypeError, match="CrossModalRetriever has neither score_pairs"):
        Reranker(first_stage, CrossModalRetriever(first_stage)).fit(pairs)


def test_images_are_not_reranked_for_images(pairs, first_stage):
    reranker = Reranker(first_stage, OppositeMatcher()).fit(pairs)
    query = ImageTextPairs(images=pairs.images)
    with pytest.raises(ValueError, match="can't compare images with images"):
        reranker.retrieve_images(query)
