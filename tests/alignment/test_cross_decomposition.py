"""scikit-learn's two-view estimators on pairs."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import CrossDecompositionAligner, ProcrustesAligner
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import parametrize_with_pair_checks

ESTIMATORS = [PLSCanonical(2), PLSSVD(2), PLSRegression(2), CCA(2)]


@pytest.fixture
def pairs():
    """Pairs of 60 images with two texts each that share three topics."""
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(60, 3))
    rows = np.repeat(np.arange(60), 2)
    images, texts = (
        shown @ rng.normal(size=(3, width)) + 0.1 * rng.normal(size=(len(shown), width))
        for shown, width in ((topics, 5), (topics[rows], 4))
    )
    return ImageTextPairs(images, texts, rows)


@parametrize_with_checks([CrossDecompositionAligner(PLSRegression(1))])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


# The iterations of the others warn of data that they give up on.
@parametrize_with_pair_checks([CrossDecompositionAligner(PLSSVD(2))])
def test_the_checks_of_pairs_pass(estimator, check):
    check()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_scores_are_those_of_the_estimator_on_repeated_images(pairs, estimator):
    images = pairs.images[pairs.image_index]
    expected = estimator.fit(images, pairs.texts).transform(images, pairs.texts)
    aligned = CrossDecompositionAligner(estimator).fit_transform(pairs)
    np.testing.assert_allclose(aligned.images[pairs.image_index], expected[0])
    np.testing.assert_allclose(aligned.texts, expected[1])


def test_singular_vectors_of_scikit_learn_are_those_of_procrustes(pairs):
    ours = ProcrustesAligner(2, scale=True).fit_transform(pairs)
    theirs = CrossDecompositionAligner(PLSSVD(2)).fit_transform(pairs)
    # scikit-learn divides by deviations of one degree of freedom less.
    factor = np.sqrt(119 / 120)
    np.testing.assert_allclose(np.abs(theirs.texts), factor * np.abs(ours.texts))


def test_the_estimator_and_its_components_are_values_of_a_grid(pairs):
    pipeline = Pipeline(
        [("align", CrossDecompositionAligner(PLSSVD())), ("match", SimilarityMatcher())]
    )
    grid = [
        {
            "align__estimator": [PLSSVD(), PLSCanonical()],
            "align__estimator__n_components": [1, 3],
        },
        {"align": [ProcrustesAligner(3)]},
    ]
    search = GridSearchCV(pipeline, grid, cv=ImageKFold(3), error_score="raise")
    search.fit(pairs)
    scores = search.cv_results_["mean_test_score"]
    assert scores[1] > 0.6
    assert scores[1] > scores[0] + 0.2


def test_more_components_than_features_are_an_error_of_the_estimator(pairs):
    with pytest.raises(ValueError, match=r"n_components` upper bound is 4"):
        CrossDecompositionAligner(PLSSVD(9)).fit(pairs)
