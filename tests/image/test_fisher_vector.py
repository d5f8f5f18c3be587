import numpy as np
import pytest
from sklearn.preprocessing import normalize

from itm_sklearn.image import FisherVector


@pytest.fixture(scope="module")
def images():
    random = np.random.default_rng(0)
    centres = 5 * random.normal(size=(4, 6))
    return [
        (centres[random.integers(0, 4, 60)] + random.normal(size=(60, 6)))
        for _ in range(5)
    ]


@pytest.fixture(scope="module")
def fisher(images):
    return FisherVector(4, descriptor_size=None, power=1, random_state=0).fit(images)


def log_likelihood(mixture, points, means, variances):
    squares = (points[:, None] - means) ** 2 / variances
    exponents = -0.5 * (squares + np.log(2 * np.pi * variances)).sum(axis=2)
    return np.log((mixture.weights_ * np.exp(exponents)).sum(axis=1)).mean()


def test_the_mixture_explains_the_clusters(fisher, images):
    points = np.vstack(images)
    own = fisher._posteriors(points.astype(np.float32))
    np.testing.assert_allclose(own, fisher.mixture_.predict_proba(points), atol=1e-3)
    assert (own.max(axis=1) > 0.9).mean() > 0.9


def test_the_gradient_is_that_of_the_likelihood(fisher, images):
    """Scaled by the square root of the Fisher information of each parameter."""
    mixture, points = fisher.mixture_, images[0]
    gradient = fisher._gradient(points.astype(np.float32)).reshape(2, 4, 6)
    weights = mixture.weights_[:, None]
    deviations = np.sqrt(mixture.covariances_)
    step = 1e-5

    def slope(kind, place):
        sides = []
        for sign in (1, -1):
            parameters = np.stack([mixture.means_, deviations])
            parameters[kind][place] += sign * step
            means, spread = parameters
            sides.append(log_likelihood(mixture, points, means, spread**2))
        return (sides[0] - sides[1]) / (2 * step)

    for place in ((0, 0), (2, 5), (3, 1)):
        scale = (deviations / np.sqrt(weights))[place]
        expected = slope(0, place) * scale, slope(1, place) * scale / np.sqrt(2)
        found = gradient[:, *place]
        np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-3)


def test_rows_have_unit_length_and_their_own_image(fisher, images):
    rows = fisher.transform(images)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(rows[3:4], fisher.transform(images[3:4]), atol=1e-6)


def test_power_is_taken_under_the_sign(fisher, images):
    plain = fisher.transform(images)
    fisher.power = 0.5
    expected = normalize(np.sign(plain) * np.sqrt(np.abs(plain)))
    rows = fisher.transform(images)
    fisher.power = 1
    np.testing.assert_allclose(rows, expected, atol=1e-5)


def test_an_image_without_keypoints_is_a_row_of_zeros(fisher):
    rows = fisher.transform([np.zeros((0, 6)), np.ones((2, 6))])
    assert not rows[0].any()
    assert rows[1].any()


def test_principal_components_shorten_the_descriptors(images):
    fisher = FisherVector(3, descriptor_size=2, random_state=0).fit(images)
    assert fisher.transform(images).shape == (5, 2 * 3 * 2)
    assert len(fisher.get_feature_names_out()) == 12


def test_more_components_than_values_leave_all(images):
    fisher = FisherVector(3, descriptor_size=64, random_state=0).fit(images)
    assert fisher.pca_ is None
    assert fisher.transform(images).shape == (5, 36)


def test_equal_descriptors_give_finite_rows():
    images = [np.ones((20, 6))] * 3
    rows = FisherVector(2, random_state=0).fit_transform(images)
    assert np.isfinite(rows).all()


def test_bits_are_an_error_that_names_what_takes_them():
    bits = [np.zeros((9, 32), dtype=np.uint8)]
    with pytest.raises(TypeError, match="Use BagOfVisualWords or VLAD"):
        FisherVector(2).fit(bits)


def test_descriptors_of_another_size_are_an_error(fisher):
    with pytest.raises(ValueError, match="Describe images in the same way"):
        fisher.transform([np.ones((3, 7))])
