"""A trained head on two vectors: what it learns, and what it starts from."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_validate

from itm_sklearn.matching import NeuralMatcher, SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import parametrize_with_pair_checks

torch = pytest.importorskip("torch")


def planted(seed, n_images=150):
    """Two captions an image; both views are other maps of the same six topics."""
    rng = np.random.default_rng(seed)
    maps = np.random.default_rng(99)
    topics = rng.normal(size=(n_images, 6))
    image_index = np.repeat(np.arange(n_images), 2)
    images = topics @ maps.normal(size=(6, 12)) + 0.1 * rng.normal(size=(n_images, 12))
    texts = topics[image_index] @ maps.normal(size=(6, 9))
    texts += 0.1 * rng.normal(size=texts.shape)
    return ImageTextPairs(images, texts, image_index)


def with_mismatches(pairs):
    wrong = (pairs.image_index + 1) % pairs.n_images
    texts = np.vstack([pairs.texts, pairs.texts])
    both = ImageTextPairs(
        pairs.images, texts, np.concatenate([pairs.image_index, wrong])
    )
    return both, np.repeat([1, 0], len(pairs))


FAST = {"max_iter": 20, "learning_rate": 0.01, "input_dropout": 0.1, "random_state": 0}


@pytest.fixture(scope="module")
def matcher():
    return NeuralMatcher(16, **FAST).fit(planted(0))


@parametrize_with_pair_checks([NeuralMatcher(4, loss="triplet", max_iter=3)])
def test_pair_checks(estimator, check):
    check()


def test_views_of_other_widths_are_matched_far_above_chance(matcher):
    unseen, labels = with_mismatches(planted(1))
    assert roc_auc_score(labels, matcher.decision_function(unseen)) > 0.95
    assert (matcher.predict(unseen) == labels).mean() > 0.85
    # By chance one of 150 images would be first, and ten among the best ten.
    assert matcher.score(planted(1)) > 0.5


def test_views_of_other_widths_meet_in_the_narrower_one():
    """Without a number of components; the cosine needs vectors of one length."""
    matcher = NeuralMatcher(None, **FAST | {"max_iter": 1}).fit(planted(0))
    assert matcher.similarity(planted(1)).shape == (300, 150)


def test_without_projections_training_begins_with_the_cosine():
    pairs = planted(0).map(image=lambda images: images[:, :9])
    start = NeuralMatcher(max_iter=1, learning_rate=1e-12, random_state=0).fit(pairs)
    cosine = SimilarityMatcher().fit(pairs).similarity(pairs)
    np.testing.assert_allclose(start.similarity(pairs), cosine, atol=1e-5)


def test_labelled_mismatches_are_pushed_apart():
    """Images and texts of one half mismatch, though they look as matches do."""
    pairs = planted(0)
    labels = (pairs.images[pairs.image_index, 0] > 0).astype(int)
    found = NeuralMatcher(16, **FAST).fit(pairs, labels).decision_function(pairs)
    assert roc_auc_score(labels, found) > 0.9


def test_a_batch_of_mismatches_alone_teaches_nothing():
    pairs, labels = with_mismatches(planted(0, n_images=40))
    labels[:78] = 0
    matcher = NeuralMatcher(4, validation_fraction=0, **FAST).fit(pairs, labels)
    assert np.isfinite(matcher.loss_curve_).all()


def test_probabilities_are_learned_from_images_held_out():
    """Vectors that say nothing are learned by heart, and yet promise nothing."""
    rng = np.random.default_rng(0)
    pairs = ImageTextPairs(rng.normal(size=(150, 30)), rng.normal(size=(150, 20)))
    settings = {**FAST, "max_iter": 40, "weight_decay": 0.0, "input_dropout": 0.0}
    honest, rash = (
        NeuralMatcher(32, validation_fraction=share, **settings).fit(pairs)
        for share in (0.3, 0.0)
    )
    assert rash.predict_proba(pairs)[:, 1].mean() > 0.95
    assert abs(honest.predict_proba(pairs)[:, 1].mean() - 0.5) < 0.3


def test_stock_scorers_judge_the_matcher():
    names = ["roc_auc", "average_precision", "f1", "neg_log_loss"]
    pairs, labels = with_mismatches(planted(0))
    scores = cross_validate(
        NeuralMatcher(16, **FAST),
        pairs,
        labels,
        scoring=names,
        cv=2,
        error_score="raise",
    )
    assert scores["test_roc_auc"].mean() > 0.9
    assert np.isfinite(scores["test_neg_log_loss"]).all()


def test_blocks_do_not_change_scores(matcher, monkeypatch):
    pairs = planted(1)
    whole = matcher.similarity(pairs)
    monkeypatch.setattr("itm_sklearn._torch._matching._BLOCK", 16 * 49)
    np.testing.assert_allclose(matcher.similarity(pairs), whole, atol=1e-6)


def test_early_stopping_keeps_the_best_pass():
    settings = {**FAST, "max_iter": 40, "n_iter_no_change": 2, "learning_rate": 0.1}
    matcher = NeuralMatcher(16, early_stopping=True, **settings).fit(planted(0))
    assert matcher.n_iter_ <= len(matcher.loss_curve_) < 40


def test_a_pickle_holds_arrays(matcher):
    copied = pickle.loads(pickle.dumps(matcher))
    assert all(isinstance(value, np.ndarray) for value in copied.weights_.values())
    pairs = planted(1)
    np.testing.assert_array_equal(copied.similarity(pairs), matcher.similarity(pairs))


def test_features_of_another_width_are_refused(matcher):
    with pytest.raises(ValueError, match=r"\(9, 12\) features"):
        matcher.similarity(ImageTextPairs(np.ones((2, 9)), np.ones((2, 12))))
