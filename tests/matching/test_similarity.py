"""The cosine matcher: scores, learned threshold, probabilities, mismatches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import cross_val_score

from itm_sklearn.matching import SimilarityMatcher, sample_mismatches
from itm_sklearn.pairs import ImageTextPairs


@pytest.fixture
def pairs():
    """Forty images of two captions each; texts are noisy copies of their image."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(40, 8))
    image_index = np.repeat(np.arange(40), 2)
    texts = images[image_index] + 0.8 * rng.normal(size=(80, 8))
    return ImageTextPairs(images, texts, image_index)


@pytest.fixture
def labelled(pairs):
    """The pairs, and again with the images shifted by one: mismatches."""
    both = ImageTextPairs(
        pairs.images,
        np.vstack([pairs.texts, pairs.texts]),
        np.concatenate([pairs.image_index, (pairs.image_index + 1) % 40]),
    )
    return both, np.repeat([1, 0], 80)


def test_similarity_is_the_cosine_of_each_text_and_image(pairs):
    similarity = SimilarityMatcher().fit(pairs).similarity(pairs)
    np.testing.assert_allclose(similarity, cosine_similarity(pairs.texts, pairs.images))


def test_the_score_of_a_pair_is_its_entry_in_the_similarity(pairs):
    matcher = SimilarityMatcher().fit(pairs)
    own = matcher.similarity(pairs)[np.arange(80), pairs.image_index]
    np.testing.assert_allclose(matcher.decision_function(pairs), own)


def test_matches_and_mismatches_are_told_apart(pairs, labelled):
    both, labels = labelled
    matcher = SimilarityMatcher(random_state=0).fit(pairs)
    assert balanced_accuracy_score(labels, matcher.predict(both)) > 0.85


def test_probabilities_rise_with_the_score_and_sum_to_one(pairs, labelled):
    matcher = SimilarityMatcher(random_state=0).fit(pairs)
    probabilities = matcher.predict_proba(labelled[0])
    order = np.argsort(matcher.decision_function(labelled[0]))
    assert (np.diff(probabilities[order, 1]) >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_the_learned_threshold_is_the_best_of_all_training_scores(labelled):
    both, labels = labelled
    matcher = SimilarityMatcher().fit(both, labels)
    scores = matcher.decision_function(both)
    best = max(
        balanced_accuracy_score(labels, scores >= threshold) for threshold in scores
    )
    assert balanced_accuracy_score(labels, matcher.predict(both)) == best


def test_a_given_threshold_is_kept(pairs):
    assert SimilarityMatcher(threshold=0.9).fit(pairs).threshold_ == 0.9


def test_one_random_state_gives_one_model(pairs):
    first, second = (SimilarityMatcher(random_state=3).fit(pairs) for _ in range(2))
    assert first.threshold_ == second.threshold_
    assert first.calibrator_.coef_ == second.calibrator_.coef_


def test_score_is_the_mean_of_six_recalls_done_by_hand():
    """Of two texts, one ranks its image first: R@1 is 1/2 and R@5 is 1 each way."""
    pairs = ImageTextPairs([[1.0, 0.0], [0.6, 0.8]], np.array([[1.0, 0.0], [1.0, 0.1]]))
    matcher = SimilarityMatcher().fit(pairs)
    text_to_image = (0.5 + 1 + 1) / 3
    similarity = matcher.similarity(pairs)
    right = similarity[0, 0] > similarity[1, 0], similarity[1, 1] > similarity[0, 1]
    image_to_text = (np.mean(right) + 1 + 1) / 3
    assert matcher.score(pairs) == pytest.approx((text_to_image + image_to_text) / 2)


def test_score_leaves_out_rows_labelled_as_mismatches(pairs, labelled):
    matcher = SimilarityMatcher().fit(pairs)
    assert matcher.score(*labelled) == matcher.score(pairs)


def test_score_has_no_use_for_sample_weight(pairs):
    with pytest.raises(ValueError, match="no use for sample_weight"):
        SimilarityMatcher().fit(pairs).score(pairs, sample_weight=np.ones(80))


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1"])
def test_stock_scorers_judge_a_matcher(labelled, scoring):
    scores = cross_val_score(SimilarityMatcher(), *labelled, scoring=scoring, cv=3)
    assert scores.min() > 0.7


def test_views_of_different_width_ask_for_an_aligner():
    with pytest.raises(ValueError, match="Put an aligner such as CCA"):
        SimilarityMatcher().fit(ImageTextPairs(np.eye(3), np.eye(3)[:, :2]))


def test_a_single_image_offers_no_mismatches():
    with pytest.raises(ValueError, match="All 2 pairs have the label 1"):
        SimilarityMatcher().fit(ImageTextPairs(np.eye(1), np.ones((2, 1)), [0, 0]))


def test_categories_are_no_match_labels(pairs):
    with pytest.raises(ValueError, match="label matches 1 and mismatches 0"):
        SimilarityMatcher().fit(pairs, np.arange(80))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from("abcdef")), min_size=1, max_size=20
    ),
    st.integers(1, 3),
    st.integers(0, 99),
)
def test_no_sampled_mismatch_is_a_true_match(rows, n_negatives, seed):
    pairs = ImageTextPairs(
        list("uvwxyz"), [text for _, text in rows], [image for image, _ in rows]
    )
    relevance = pairs.relevance().toarray()
    texts, images = sample_mismatches(pairs, n_negatives, random_state=seed)
    assert not relevance[texts, images].any()
    fits_all = relevance.all(axis=1)
    assert len(texts) == n_negatives * (~fits_all).sum()
