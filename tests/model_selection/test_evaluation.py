"""Evaluations: the numbers of the metrics, with intervals that hold what they say."""

import json

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.metrics import average_precision, retrieval_report
from itm_sklearn.model_selection import (
    evaluate_retrieval,
    pair_similarity,
    retrieval_scoring,
)
from itm_sklearn.model_selection._resampling import ImageTotals, resampled_weights
from itm_sklearn.pairs import ImageTextPairs


@pytest.fixture(scope="module")
def vectors():
    """70 images with 1, 2 or 3 captions each, in no order, with one caption twice."""
    rng = np.random.default_rng(0)
    image_index = rng.permutation(np.repeat(np.arange(70), np.resize([1, 2, 3], 70)))
    images = rng.normal(size=(70, 8))
    texts = images[image_index] + rng.normal(scale=1.5, size=(len(image_index), 8))
    return ImageTextPairs(images, texts, image_index)


@pytest.fixture(scope="module")
def similarity(vectors):
    return pair_similarity(FunctionTransformer(), vectors)


def assert_same_report(one, other):
    for way in ("text_to_image", "image_to_text"):
        assert list(one[way]) == list(other[way])
        for name, value in one[way].items():
            assert value == pytest.approx(other[way][name], rel=1e-12)
    assert one["rsum"] == pytest.approx(other["rsum"])


def test_the_values_are_those_of_the_report(vectors, similarity):
    evaluation = evaluate_retrieval(similarity, vectors, n_bootstrap=5)
    assert_same_report(evaluation.report, retrieval_report(similarity, vectors))


@pytest.mark.parametrize(
    "model",
    [FunctionTransformer(), make_pipeline(FunctionTransformer(), SimilarityMatcher())],
    ids=["aligner", "pipeline"],
)
def test_vectors_are_ranked_as_their_matrix_is(vectors, similarity, model):
    model.fit(vectors)
    streamed = evaluate_retrieval(model, vectors, random_state=0)
    held = evaluate_retrieval(similarity, vectors, random_state=0)
    assert_same_report(streamed.report, held.report)
    assert streamed.tie_rate == held.tie_rate


def test_a_cosine_is_ranked_without_the_matrix(vectors):
    class Matcher(SimilarityMatcher):
        def similarity(self, X):
            raise AssertionError("The whole matrix was asked for.")

    evaluate_retrieval(Matcher().fit(vectors), vectors, n_bootstrap=2)


def test_other_similarities_come_from_the_model(vectors, similarity):
    class Model:
        def similarity(self, pairs):
            return -similarity

    evaluation = evaluate_retrieval(Model(), vectors, n_bootstrap=2)
    assert_same_report(evaluation.report, retrieval_report(-similarity, vectors))


def test_intervals_are_those_of_a_loop_over_resamples(vectors, similarity):
    """Images are drawn; every query keeps its rank in the whole gallery."""
    n_bootstrap = 50
    evaluation = evaluate_retrieval(
        similarity, vectors, n_bootstrap=n_bootstrap, random_state=3
    )
    target = (vectors.relevance().toarray() * 1e9 - 1e9).astype(float)
    best = (similarity + target).max(axis=1)
    ranks = 1 + ((similarity > best[:, None]) & (target < 0)).sum(axis=1)
    recalls, medians = [], []
    weights = resampled_weights(70, n_bootstrap, np.random.RandomState(3))
    for counts in np.vstack(list(weights)).astype(int):
        drawn = np.concatenate(
            [
                ranks[vectors.image_index == image]
                for image in np.repeat(np.arange(70), counts)
            ]
        )
        recalls.append(np.mean(drawn <= 5))
        medians.append(np.median(drawn))
    found = evaluation.intervals["text_to_image"]
    assert found["recall@5"] == pytest.approx(np.quantile(recalls, [0.025, 0.975]))
    assert found["median_rank"] == pytest.approx(np.quantile(medians, [0.025, 0.975]))


def test_every_value_lies_between_reasonable_limits(vectors, similarity):
    frame = evaluate_retrieval(similarity, vectors, random_state=0).to_frame()
    assert (frame["low"] <= frame["value"]).all()
    assert (frame["value"] <= frame["high"]).all()


def test_intervals_of_a_recall_cover_the_truth_as_often_as_they_say():
    """200 images of which each finds its text with the chance 0.7."""
    rng = np.random.default_rng(0)
    truth, n_images, covered = 0.7, 200, 0
    for _ in range(300):
        hits = rng.random(n_images) < truth
        queries = make_queries(hits)
        totals = ImageTotals(queries, np.arange(n_images), np.array([1, 2]))
        resampled = [
            totals.finish(*totals.weigh(weights))[:, 0]
            for weights in resampled_weights(n_images, 300, np.random.RandomState(1))
        ]
        low, high = np.quantile(np.concatenate(resampled), [0.025, 0.975])
        covered += low <= truth <= high
    # Within three standard errors of 95 %.
    assert 0.91 <= covered / 300 <= 0.985


def make_queries(hits):
    from itm_sklearn.model_selection._judged import JudgedQueries

    ranks = np.where(hits, 1, 2)
    return JudgedQueries(
        {"recall@1": hits, "mean_rank": ranks},
        ranks,
        np.zeros(len(hits), bool),
        np.arange(len(hits)),
        [len(hits)],
    )


def test_captions_of_an_image_do_not_count_as_independent():
    """Five captions that say the same do not make an interval narrower."""
    rng = np.random.default_rng(0)
    similarity = rng.normal(size=(60, 60)) + 2 * np.eye(60)
    widths = []
    for n_captions in (1, 5):
        pairs = ImageTextPairs(
            np.eye(60),
            rng.normal(size=(60 * n_captions, 2)),
            np.repeat(np.arange(60), n_captions),
        )
        evaluation = evaluate_retrieval(
            np.repeat(similarity, n_captions, axis=0), pairs, random_state=0
        )
        low, high = evaluation.intervals["text_to_image"]["recall@1"]
        widths.append(high - low)
    assert widths[0] == pytest.approx(widths[1])


def test_items_of_the_category_of_the_query_are_relevant(vectors, similarity):
    by_image = np.arange(70) % 4
    categories = np.array(["art", "war", "sport", "music"])[by_image]
    evaluation = evaluate_retrieval(
        similarity, vectors, categories=categories[vectors.image_index], n_bootstrap=3
    )
    relevant = by_image[vectors.image_index][:, None] == by_image
    assert evaluation.relevance == "category"
    for way, wanted, scores in (
        ("text_to_image", relevant, similarity),
        ("image_to_text", relevant.T, similarity.T),
    ):
        found = evaluation.report[way]["average_precision"]
        assert found == pytest.approx(average_precision(wanted, scores))


def test_an_image_has_one_category(vectors, similarity):
    with pytest.raises(ValueError, match="pairs of two categories"):
        evaluate_retrieval(similarity, vectors, categories=np.arange(len(vectors)))


def test_constant_scores_earn_nothing_and_are_all_tied(vectors):
    constant = np.ones((len(vectors), 70))
    evaluation = evaluate_retrieval(constant, vectors, n_bootstrap=2)
    assert evaluation.report["rsum"] == 0
    assert evaluation.tie_rate == {"text_to_image": 1.0, "image_to_text": 1.0}


def test_constant_vectors_earn_nothing():
    vectors = np.tile(np.random.default_rng(0).normal(size=5), (67, 1))
    pairs = ImageTextPairs(vectors, vectors)
    evaluation = evaluate_retrieval(FunctionTransformer(), pairs, n_bootstrap=2)
    assert evaluation.report["rsum"] == 0
    assert evaluation.tie_rate == {"text_to_image": 1.0, "image_to_text": 1.0}


def test_half_of_the_queries_are_tied_by_hand():
    pairs = ImageTextPairs(np.eye(2), ["a dog", "a cat"])
    similarity = np.array([[0.5, 0.5], [0.1, 0.9]])
    evaluation = evaluate_retrieval(similarity, pairs, n_bootstrap=2)
    assert evaluation.tie_rate == {"text_to_image": 0.5, "image_to_text": 0.0}


def test_galleries_of_one_size_are_those_of_the_scoring():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(50, 4))
    pairs = ImageTextPairs(images, images + rng.normal(size=images.shape))
    settings = {"gallery_size": 12, "random_state": 5}
    evaluation = evaluate_retrieval(FunctionTransformer(), pairs, **settings)
    scores = retrieval_scoring(**settings)(FunctionTransformer(), pairs)
    assert evaluation.report["rsum"] == pytest.approx(scores["rsum"])
    assert evaluation.report["text_to_image"]["gallery_size"] == 12
    assert (evaluation.n_galleries, evaluation.n_images) == (4, 48)


def test_one_direction_allows_images_that_only_stand_in_the_way():
    pairs = ImageTextPairs(np.eye(3), ["a dog", "a cat"], [0, 1])
    evaluation = evaluate_retrieval(
        pairs.relevance().toarray(), pairs, directions="text_to_image", n_bootstrap=2
    )
    assert evaluation.report["text_to_image"]["recall@1"] == 1
    assert list(evaluation.report) == ["text_to_image"]
    assert evaluation.n_images == 2


def test_the_seed_in_the_result_gives_the_result_again(vectors, similarity):
    first = evaluate_retrieval(similarity, vectors, n_bootstrap=20)
    again = evaluate_retrieval(
        similarity, vectors, n_bootstrap=20, random_state=first.random_state
    )
    assert first == again


def test_the_result_survives_json(vectors, similarity):
    evaluation = evaluate_retrieval(similarity, vectors, n_bootstrap=5)
    content = evaluation.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert {"numpy", "itm-sklearn", "python"} <= set(content["versions"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"directions": "image_to_sound"}, "image_to_sound.* must be one or both"),
        ({"directions": []}, "must be one or both"),
        ({"n_bootstrap": 0}, "n_bootstrap == 0"),
        ({"confidence_level": 95}, "confidence_level == 95"),
        ({"gallery_size": 71}, "gallery_size=71 is more than the 70 images"),
        ({"ks": ()}, "no recall at all"),
        ({"categories": [1, 2]}, "inconsistent numbers of samples"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    vectors, similarity, settings, message
):
    with pytest.raises(ValueError, match=message):
        evaluate_retrieval(similarity, vectors, **settings)


def test_a_matrix_of_other_pairs_is_refused(vectors, similarity):
    with pytest.raises(ValueError, match="a column for each image"):
        evaluate_retrieval(similarity.T, vectors)
