"""One view predicts the other, as scikit-learn's ridge regression does."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import RidgeAligner
from itm_sklearn.testing import parametrize_with_pair_checks


@pytest.fixture
def views():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(100, 5)) * [1, 2, 3, 4, 5] + 7
    return images, images @ rng.normal(size=(5, 4)) + rng.normal(size=(100, 4))


@parametrize_with_checks([RidgeAligner(), RidgeAligner("text", ridge=0.0)])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@parametrize_with_pair_checks([RidgeAligner(), RidgeAligner("text", scale=False)])
def test_the_checks_of_pairs_pass(estimator, check):
    check()


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_coefficients_are_those_of_ridge_regression(views, ridge):
    images, texts = views
    aligner = RidgeAligner("text", ridge=ridge, scale=False).fit(images, texts)
    alpha = ridge * len(images) * images.var(axis=0).mean()
    expected = Ridge(alpha).fit(images, texts).coef_.T
    np.testing.assert_allclose(aligner.image_weights_, expected, atol=1e-8)


def test_the_target_keeps_its_features(views):
    images, texts = views
    aligner = RidgeAligner("text", scale=False).fit(images, texts)
    np.testing.assert_allclose(
        aligner.transform_text(texts), texts - texts.mean(axis=0), atol=1e-10
    )


def test_a_scaled_target_has_unit_variance(views):
    images, _ = views
    projected = RidgeAligner("image").fit(*views).transform_image(images)
    np.testing.assert_allclose(projected.std(axis=0), 1, atol=1e-10)


def test_predicting_images_is_predicting_texts_with_the_views_swapped(views):
    images, texts = views
    forward = RidgeAligner("image").fit(images, texts)
    backward = RidgeAligner("text").fit(texts, images)
    np.testing.assert_allclose(forward.text_weights_, backward.image_weights_)


def test_repeated_columns_without_a_ridge_share_the_weight(views):
    images, texts = views
    single = RidgeAligner("text", ridge=0.0).fit(images, texts)
    double = RidgeAligner("text", ridge=0.0).fit(np.hstack([images, images]), texts)
    np.testing.assert_allclose(
        double.image_weights_, np.vstack([single.image_weights_] * 2) / 2, atol=1e-8
    )
