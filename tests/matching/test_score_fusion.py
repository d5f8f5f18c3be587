"""A matcher of matchers: scales, weights, ranks, and what is refused."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.compose import DualEncoder
from itm_sklearn.matching import ScoreFusion, SimilarityMatcher
from itm_sklearn.matching._score_weights import _loss_and_gradient, learn_weights
from itm_sklearn.model_selection import ImageKFold, pair_similarity
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import parametrize_with_pair_checks


def _first(vectors):
    return vectors[:, :3]


def _second(vectors):
    return vectors[:, 3:]


def _matcher(columns):
    column = FunctionTransformer(columns)
    return make_pipeline(DualEncoder(column, column), SimilarityMatcher(random_state=0))


BOTH = [("first", _matcher(_first)), ("second", _matcher(_second))]
SAME = [("one", SimilarityMatcher()), ("other", SimilarityMatcher(threshold=0.0))]


def _pairs(noise, seed=0):
    """Sixty images of two captions; the noise of the last three columns is given."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(60, 6))
    image_index = np.repeat(np.arange(60), 2)
    texts = images[image_index] + np.repeat([0.5, noise], 3) * rng.normal(size=(120, 6))
    return ImageTextPairs(images, texts, image_index)


@parametrize_with_pair_checks(
    [
        ScoreFusion(SAME),
        ScoreFusion(SAME, weights="learned", cv=2),
        ScoreFusion(SAME, weights="reciprocal_rank"),
    ]
)
def test_pair_checks(estimator, check):
    check()


def test_the_average_is_that_of_standardised_scores():
    pairs = _pairs(0.5)
    fusion = ScoreFusion(BOTH).fit(pairs)
    expected = 0.0
    for _, matcher in BOTH:
        scores = pair_similarity(clone(matcher).fit(pairs), pairs)
        mismatches = scores[~pairs.relevance().toarray()]
        expected = expected + (scores - mismatches.mean()) / mismatches.std() / 2
    np.testing.assert_allclose(fusion.similarity(pairs), expected)


@pytest.mark.parametrize("weights", ["average", "learned", "reciprocal_rank", (1, 2)])
def test_two_matchers_know_more_than_either(weights):
    pairs, unseen = _pairs(0.5), _pairs(0.5, seed=1)
    fusion = ScoreFusion(BOTH, weights=weights, random_state=0).fit(pairs)
    alone = max(clone(matcher).fit(pairs).score(unseen) for _, matcher in BOTH)
    assert fusion.score(unseen) > alone + 0.05


def test_a_matcher_that_guesses_gets_little_weight():
    fusion = ScoreFusion(BOTH, weights="learned", random_state=0).fit(_pairs(100.0))
    assert fusion.weights_[1] < 0.1
    assert fusion.weights_.sum() == pytest.approx(1)


def test_weights_are_learned_from_images_the_matchers_did_not_see():
    """One that knows its training pairs by heart must not win on them."""
    pairs = _pairs(0.5)
    estimators = [("first", _matcher(_first)), ("memory", _Memory())]
    fusion = ScoreFusion(estimators, weights="learned", random_state=0).fit(pairs)
    assert fusion.estimators_[1].similarity(pairs).max() == 1
    assert fusion.weights_[1] < 0.2


class _Memory(SimilarityMatcher):
    """Perfect on the pairs of `fit`; noise elsewhere."""

    def fit(self, X, y=None):
        self.seen_ = {text.tobytes() for text in X.texts}
        return super().fit(X, y)

    def similarity(self, X):
        if all(text.tobytes() in self.seen_ for text in X.texts):
            return X.relevance().toarray() * 1.0
        return np.random.default_rng(0).random((len(X), X.n_images))


def test_the_gradient_of_the_weights_is_right():
    rng = np.random.default_rng(0)
    matches = rng.random((7, 5)) < 0.3
    galleries = [(rng.normal(size=(3, 7, 5)), matches)]
    weights = rng.random(3)
    expected = approx_fprime(weights, lambda w: _loss_and_gradient(w, galleries)[0])
    gradient = _loss_and_gradient(weights, galleries)[1]
    np.testing.assert_allclose(gradient, expected, atol=1e-6)


def test_matchers_worse_than_chance_are_weighed_alike():
    scores = -np.array([np.eye(4), np.eye(4)])
    assert learn_weights([(scores, np.eye(4, dtype=bool))]).tolist() == [0.5, 0.5]


def test_reciprocal_ranks_done_by_hand():
    """Cosines rank as (1, 2), (2, 1) among images and the same among texts."""
    pairs = ImageTextPairs(np.eye(2), np.eye(2))
    fusion = ScoreFusion([("one", SimilarityMatcher())], weights="reciprocal_rank")
    expected = [[2 / 61, 2 / 62], [2 / 62, 2 / 61]]
    np.testing.assert_allclose(fusion.fit(pairs).similarity(pairs), expected)


def test_constant_scores_earn_nothing_by_reciprocal_ranks():
    pairs = ImageTextPairs(np.ones((3, 2)), np.ones((3, 2)))
    fusion = ScoreFusion([("one", SimilarityMatcher())], weights="reciprocal_rank")
    np.testing.assert_allclose(fusion.fit(pairs).similarity(pairs), 2 / 63)


def test_given_weights_are_brought_to_a_sum_of_one():
    assert ScoreFusion(BOTH, weights=[1, 3]).fit(_pairs(1.0)).weights_.tolist() == [
        0.25,
        0.75,
    ]


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [np.nan, 1.0]])
def test_weights_that_are_no_weights_are_refused(weights):
    with pytest.raises(ValueError, match="must be 2 numbers"):
        ScoreFusion(BOTH, weights=weights).fit(_pairs(1.0))


def test_labels_of_mismatches_are_learned_from():
    pairs = _pairs(0.5)
    wrong = (pairs.image_index + 1) % 60
    both = ImageTextPairs(
        pairs.images,
        np.vstack([pairs.texts, pairs.texts]),
        np.concatenate([pairs.image_index, wrong]),
    )
    labels = np.repeat([1, 0], 120)
    fusion = ScoreFusion(BOTH).fit(both, labels)
    assert roc_auc_score(labels, fusion.predict_proba(both)[:, 1]) > 0.95
    assert (fusion.predict(both) == labels).mean() > 0.85


def test_a_matcher_can_be_dropped_and_its_parameters_searched():
    fusion = ScoreFusion(BOTH, weights="average")
    grid = {"second": ["drop", SimilarityMatcher()]}
    search = GridSearchCV(fusion, grid, cv=ImageKFold(2), error_score="raise")
    search.fit(_pairs(0.5))
    assert search.best_params_["second"] != "drop"
    assert "first__similaritymatcher__threshold" in fusion.get_params()


def test_a_dropped_matcher_takes_its_weight_with_it():
    fusion = ScoreFusion([("gone", "drop"), *BOTH], weights=[5, 1, 3])
    assert fusion.fit(_pairs(0.5)).weights_.tolist() == [0.25, 0.75]
    with pytest.raises(ValueError, match="must be 3 numbers"):
        fusion.set_params(weights=[1, 0, 0]).fit(_pairs(0.5))


def test_matchers_without_names_are_an_error_that_says_so():
    with pytest.raises(TypeError, match="with a name"):
        ScoreFusion([_matcher(_first), _matcher(_second)]).fit(_pairs(0.5))


@pytest.mark.parametrize("matcher", [SimilarityMatcher(), _matcher(_first)])
def test_a_fitted_matcher_is_kept_if_it_is_frozen(matcher):
    pairs = _pairs(0.5)
    fitted = clone(matcher).fit(pairs)
    fusion = ScoreFusion([("fitted", FrozenEstimator(fitted))]).fit(pairs)
    assert fusion.estimators_[0].estimator is fitted


def test_no_matcher_at_all_is_an_error():
    with pytest.raises(ValueError, match="is empty"):
        ScoreFusion([]).fit(_pairs(1.0))
    with pytest.raises(ValueError, match="dropped"):
        ScoreFusion([("one", "drop")]).fit(_pairs(1.0))


def test_a_single_image_has_no_mismatches():
    with pytest.raises(ValueError, match="two or more images"):
        ScoreFusion(BOTH).fit(_pairs(1.0)[:2])
