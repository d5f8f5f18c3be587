"""Ready pipelines learn something; those that do not look find nothing."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from itm_sklearn.baselines import DummyMatcher, make_baseline
from itm_sklearn.datasets import make_scenes
from itm_sklearn.metrics import recall_at_k
from itm_sklearn.model_selection import (
    ImageKFold,
    pair_similarity,
    retrieval_scoring,
    train_test_split_pairs,
)

IMAGES = ["sift", "dense_sift", "orb", "surf", "color", "hog"]


@pytest.fixture(scope="module")
def pairs():
    return make_scenes(60, random_state=0).pairs


@pytest.mark.parametrize("image", IMAGES)
def test_every_baseline_ranks_its_training_images_better_than_chance(pairs, image):
    if image == "surf":
        pytest.importorskip("mahotas")
    model = make_baseline(image, n_words=30, n_components=10, random_state=0)
    similarity = pair_similarity(model.fit(pairs), pairs)
    # Chance finds one image in six.
    assert recall_at_k(pairs.relevance(), similarity, k=10) > 2 / 6


def test_a_baseline_finds_images_it_has_not_seen(pairs):
    train, test = train_test_split_pairs(pairs, test_size=20, random_state=0)
    model = make_baseline("color", n_components=8, ridge=0.1, random_state=0)
    similarity = pair_similarity(model.fit(train), test)
    # Chance finds one image in four.
    assert recall_at_k(test.relevance(), similarity, k=5) > 2 / 4


@pytest.mark.parametrize("text", ["tfidf", "bow"])
def test_the_same_seed_gives_the_same_similarity(pairs, text):
    settings = {"n_words": 20, "n_text_components": 10, "random_state": 3}
    model = make_baseline("orb", text, **settings)
    first, second = (pair_similarity(clone(model).fit(pairs), pairs) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_its_parts_are_searched_by_their_names(pairs):
    grid = {
        "cca__n_components": [2, 8],
        "dualencoder__text__tfidfvectorizer__min_df": [1, 2],
    }
    scoring = retrieval_scoring()
    search = GridSearchCV(
        make_baseline("color"), grid, scoring=scoring, refit="rsum", cv=ImageKFold(2)
    ).fit(pairs)
    assert search.best_params_["cca__n_components"] == 8


@pytest.mark.parametrize("unknown", [{"image": "sifd"}, {"text": "word2vec"}])
def test_an_unknown_name_is_answered_with_the_known_ones(unknown):
    ((parameter, name),) = unknown.items()
    with pytest.raises(ValueError, match=f"{parameter}='{name}' is unknown. Choose"):
        make_baseline(**unknown)


def test_a_constant_model_finds_nothing(pairs):
    similarity = DummyMatcher(strategy="constant").fit(pairs).similarity(pairs)
    assert recall_at_k(pairs.relevance(), similarity, k=10) == 0


def test_a_random_model_finds_what_chance_finds():
    """Ten of 400 images hold the only right one in 2.5 % of the cases."""
    pairs = make_scenes(400, captions_per_image=1, random_state=0).pairs
    similarity = DummyMatcher(random_state=0).fit(pairs).similarity(pairs)
    assert 0 < recall_at_k(np.eye(400), similarity, k=10) < 0.06


def test_a_blind_model_scores_a_pair_as_its_entry_in_the_similarity(pairs):
    matcher = DummyMatcher(random_state=0).fit(pairs)
    expected = matcher.similarity(pairs)[np.arange(len(pairs)), pairs.image_index]
    np.testing.assert_array_equal(matcher.decision_function(pairs), expected)


def test_an_unknown_strategy_is_refused(pairs):
    with pytest.raises(ValueError, match="strategy"):
        DummyMatcher(strategy="oracle").fit(pairs)
