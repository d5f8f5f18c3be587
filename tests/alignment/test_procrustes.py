"""Orthogonal alignment against its definition."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import ProcrustesAligner
from itm_sklearn.testing import parametrize_with_pair_checks


@pytest.fixture
def views():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(100, 5))
    return images, images @ rng.normal(size=(5, 5)) + rng.normal(size=(100, 5))


@parametrize_with_checks([ProcrustesAligner()])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@parametrize_with_pair_checks([ProcrustesAligner(), ProcrustesAligner(2, scale=True)])
def test_the_checks_of_pairs_pass(estimator, check):
    check()


def test_inner_products_are_those_after_the_best_rotation(views):
    images, texts = (view - view.mean(axis=0) for view in views)
    rotation, _ = orthogonal_procrustes(images, texts)
    left, right = ProcrustesAligner().fit(*views).transform(*views)
    np.testing.assert_allclose(left @ right.T, images @ rotation @ texts.T, atol=1e-8)


def test_covariances_are_those_of_the_projections(views):
    aligner = ProcrustesAligner(3).fit(*views)
    left, right = aligner.transform(*views)
    np.testing.assert_allclose(
        left.T @ right / 100, np.diag(aligner.covariances_), atol=1e-10
    )


def test_directions_are_orthonormal(views):
    aligner = ProcrustesAligner(3).fit(*views)
    for weights in (aligner.image_weights_, aligner.text_weights_):
        np.testing.assert_allclose(weights.T @ weights, np.eye(3), atol=1e-10)


def test_scaling_makes_units_of_measurement_irrelevant(views):
    images, texts = views
    before = ProcrustesAligner(scale=True).fit(images, texts).covariances_
    after = ProcrustesAligner(scale=True).fit(images * [1, 1e10, 1, 1, 1], texts)
    np.testing.assert_allclose(after.covariances_, before, atol=1e-8)


def test_views_of_different_width_meet_in_the_narrower_one(views):
    images, texts = views
    aligner = ProcrustesAligner().fit(images, texts[:, :3])
    assert aligner.transform_image(images).shape == (100, 3)


def test_a_constant_view_is_an_error_that_names_it(views):
    with pytest.raises(ValueError, match="The text view is constant"):
        ProcrustesAligner().fit(views[0], np.ones((100, 2)))
