"""Probabilities and thresholds that matchers learn from scores."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, fbeta_score, make_scorer
from sklearn.model_selection import cross_validate

from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.matching._threshold import best_threshold
from itm_sklearn.pairs import ImageTextPairs


@pytest.fixture
def noisy():
    """Scores of which the higher half is mostly that of matches, in steps."""
    rng = np.random.default_rng(0)
    labels = (rng.random(300) < 0.3).astype(int)
    return np.round(labels + rng.normal(size=300), 1), labels


@pytest.fixture
def labelled():
    """Texts that are noisy copies of their image, and as many of another."""
    rng = np.random.default_rng(0)
    images = rng.normal(size=(60, 6))
    texts = images + rng.normal(size=(60, 6))
    image_index = np.concatenate([np.arange(60), (np.arange(60) + 1) % 60])
    pairs = ImageTextPairs(images, np.vstack([texts, texts]), image_index)
    return pairs, np.repeat([1, 0], 60)


@pytest.mark.parametrize(
    ("name", "metric"), [("f1", f1_score), ("accuracy", accuracy_score)]
)
def test_no_other_score_is_a_better_threshold(noisy, name, metric):
    scores, labels = noisy
    best = max(metric(labels, scores >= threshold) for threshold in scores)
    found = best_threshold(scores, labels, name)
    assert metric(labels, scores >= found) == pytest.approx(best)


def test_any_scorer_chooses_a_threshold(noisy):
    scores, labels = noisy
    careful = best_threshold(scores, labels, make_scorer(fbeta_score, beta=0.2))
    assert careful > best_threshold(scores, labels, make_scorer(fbeta_score, beta=5))


def test_what_is_read_off_is_what_the_search_finds(noisy):
    by_search = best_threshold(*noisy, make_scorer(f1_score))
    assert by_search == best_threshold(*noisy, "f1")


def test_many_scores_are_searched_in_steps():
    """A metric that can't be read off is not asked about each of a thousand."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 500)
    scores = labels + 0.3 * rng.normal(size=1000)
    found = best_threshold(scores, labels, make_scorer(f1_score))
    assert found in scores
    best = f1_score(labels, scores >= best_threshold(scores, labels, "f1"))
    assert f1_score(labels, scores >= found) == pytest.approx(best, abs=0.01)


def test_a_metric_without_a_name_is_refused():
    pairs = ImageTextPairs(np.eye(3), np.eye(3))
    with pytest.raises(ValueError, match="threshold"):
        SimilarityMatcher(threshold="balanced").fit(pairs)


def test_probabilities_are_as_frequent_as_labels(labelled):
    """One pair in five matches here, so the mean probability is one fifth."""
    pairs, labels = labelled
    rows = np.concatenate([np.arange(15), np.arange(60, 120)])
    for calibration in ("sigmoid", "isotonic"):
        matcher = SimilarityMatcher(calibration=calibration)
        told = matcher.fit(pairs[rows], labels[rows]).predict_proba(pairs[rows])
        assert told[:, 1].mean() == pytest.approx(0.2, abs=1e-3)


def test_sampled_mismatches_weigh_as_much_as_matches(labelled):
    pairs = labelled[0][:60]
    few, many = (
        SimilarityMatcher(n, random_state=0).fit(pairs).predict_proba(pairs)
        for n in (1, 20)
    )
    np.testing.assert_allclose(few.mean(axis=0), many.mean(axis=0), atol=0.05)


def test_isotonic_probabilities_are_shares_of_matches():
    """Of two equal scores one is that of a match: the probability is a half."""
    images = np.array([[1.0, 0.0], [0.0, 1.0]])
    texts = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    pairs = ImageTextPairs(images, texts, [0, 0, 1, 1])
    matcher = SimilarityMatcher(calibration="isotonic").fit(pairs, [1, 1, 0, 0])
    np.testing.assert_allclose(matcher.predict_proba(pairs)[:, 1], [1, 0.5, 0.5, 0])


@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic"])
def test_stock_scorers_judge_probabilities(labelled, calibration):
    names = ["roc_auc", "average_precision", "f1", "neg_log_loss", "neg_brier_score"]
    matcher = SimilarityMatcher(calibration=calibration, threshold="f1")
    scores = cross_validate(matcher, *labelled, scoring=names, error_score="raise")
    assert scores["test_roc_auc"].mean() > 0.8
    assert scores["test_average_precision"].mean() > 0.8
    assert scores["test_f1"].mean() > 0.7
    assert scores["test_neg_brier_score"].mean() > -0.2
    assert np.isfinite(scores["test_neg_log_loss"]).all()
