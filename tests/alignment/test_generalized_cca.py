"""Several sets of features of the same pairs in one space."""

import numpy as np
import pytest
from scipy.linalg import block_diag, eigh
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import CCA, GeneralizedCCA
from itm_sklearn.pairs import ImageTextPairs


def make_views(n_pairs=300, widths=(6, 5, 4, 3), seed=0):
    """Image features of the first two encoders, text features of the others."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(n_pairs, 3))
    sets = [
        topics @ rng.normal(size=(3, width)) + rng.normal(size=(n_pairs, width))
        for width in widths
    ]
    return np.hstack(sets[:2]), np.hstack(sets[2:])


@parametrize_with_checks([GeneralizedCCA(), GeneralizedCCA(ridge=0.0)])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("ridge", [0.0, 0.3, (0.1, 2.0)])
@pytest.mark.parametrize("scale", [True, False])
def test_one_set_for_each_view_is_cca(ridge, scale):
    images, texts = make_views()
    two = CCA(3, ridge=ridge, scale=scale).fit(images, texts)
    general = GeneralizedCCA(3, ridge=ridge, scale=scale).fit(images, texts)
    np.testing.assert_allclose(general.correlations_, two.correlations_, atol=1e-10)
    np.testing.assert_allclose(general.image_weights_, two.image_weights_, atol=1e-8)
    np.testing.assert_allclose(general.text_weights_, two.text_weights_, atol=1e-8)


def test_directions_are_those_of_the_generalised_eigenvalue_problem():
    """All covariances against those within sets, without a ridge."""
    images, texts = make_views()
    joint = np.cov(np.hstack([images, texts]).T, bias=True)
    edges = [slice(0, 6), slice(6, 11), slice(11, 15), slice(15, 18)]
    within = block_diag(*(joint[edge, edge] for edge in edges))
    values, vectors = eigh(joint, within)
    aligner = GeneralizedCCA(2, image_blocks=(6, 5), text_blocks=(4, 3), ridge=0.0)
    aligner.fit(images, texts)
    np.testing.assert_allclose(
        aligner.correlations_, (values[:-3:-1] - 1) / 3, atol=1e-10
    )
    overlap = np.corrcoef(aligner.image_weights_[:, 0], vectors[:11, -1])[0, 1]
    np.testing.assert_allclose(abs(overlap), 1.0)


def test_an_image_is_the_mean_of_what_its_encoders_say():
    images, texts = make_views()
    aligner = GeneralizedCCA(2, image_blocks=(6, 5), power=0.0).fit(images, texts)
    first, second = images.copy(), images.copy()
    first[:, 6:] = aligner.image_mean_[6:]
    second[:, :6] = aligner.image_mean_[:6]
    parts = aligner.transform_image(first) + aligner.transform_image(second)
    np.testing.assert_allclose(parts, aligner.transform_image(images), atol=1e-10)


def test_the_order_of_encoders_changes_nothing():
    images, texts = make_views()
    before = GeneralizedCCA(2, image_blocks=(6, 5)).fit(images, texts)
    swapped = np.hstack([images[:, 6:], images[:, :6]])
    after = GeneralizedCCA(2, image_blocks=(5, 6)).fit(swapped, texts)
    np.testing.assert_allclose(
        after.transform_image(swapped), before.transform_image(images), atol=1e-8
    )


def test_each_set_has_its_own_ridge():
    """A set under a huge ridge has next to no say."""
    images, texts = make_views()
    aligner = GeneralizedCCA(2, image_blocks=(6, 5), ridge=(0.1, 1e8, 0.1))
    aligner.fit(images, texts)
    silent = np.abs(aligner.image_weights_[6:]).max()
    assert silent < 1e-3 * np.abs(aligner.image_weights_[:6]).max()


def test_pairs_count_as_if_images_were_repeated():
    rng = np.random.default_rng(0)
    images, texts = make_views(60)
    image_index = rng.integers(40, size=60)
    aligner = GeneralizedCCA(2, image_blocks=(6, 5))
    once = aligner.fit(ImageTextPairs(images[:40], texts, image_index))
    weights = once.image_weights_
    aligner.fit(images[image_index], texts)
    np.testing.assert_allclose(weights, aligner.image_weights_, atol=1e-8)


@pytest.mark.parametrize("blocks", [(6, 4), (11, 0), (5.5, 5.5)])
def test_blocks_that_do_not_add_up_are_an_error(blocks):
    with pytest.raises(ValueError, match="add up to the 11 image features"):
        GeneralizedCCA(image_blocks=blocks).fit(*make_views())


@pytest.mark.parametrize("ridge", [(0.1, 0.1), (0.1, 0.1, -1.0)])
def test_a_ridge_for_some_sets_only_is_an_error(ridge):
    with pytest.raises(ValueError, match="one for each of the 3 sets"):
        GeneralizedCCA(image_blocks=(6, 5), ridge=ridge).fit(*make_views())


def test_components_that_the_data_do_not_hold_are_zero_and_warned_of():
    images, texts = make_views()
    images = images[:, :1] @ np.ones((1, 11))
    with pytest.warns(UserWarning, match="more than the 1 directions"):
        aligner = GeneralizedCCA(3).fit(images, texts)
    assert (aligner.correlations_[1:] == 0).all()
    assert (aligner.transform_text(texts)[:, 1:] == 0).all()


def test_a_constant_set_is_an_error_that_names_its_view():
    images, texts = make_views()
    images[:, 6:] = 2.0
    with pytest.raises(ValueError, match="image view is constant"):
        GeneralizedCCA(image_blocks=(6, 5)).fit(images, texts)


def test_an_exact_fit_of_noise_is_warned_of():
    """Two sets that together have as many features as there are pairs will do."""
    images, texts = np.random.default_rng(0).normal(size=(2, 12, 8))
    with pytest.warns(UserWarning, match="12 features without a ridge can fit 12"):
        GeneralizedCCA(1, ridge=0, image_blocks=(4, 4)).fit(images, texts)
    GeneralizedCCA(1, ridge=(0, 0, 0.1), image_blocks=(4, 4)).fit(images, texts)
