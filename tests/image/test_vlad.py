import numpy as np
import pytest

from itm_sklearn.image import VLAD


@pytest.fixture
def images():
    """Clusters of descriptors at 1 and at 10."""
    return [np.array([[0.0], [2.0], [9.0]]), np.array([[1.0], [11.0]])]


def fitted(images, **parameters):
    return VLAD(2, random_state=0, **parameters).fit(images)


def by_word(vlad, rows):
    return rows[:, np.argsort(vlad.words_.ravel())]


def test_differences_done_by_hand(images):
    vlad = fitted(images, intra_norm=False, power=1)
    sums = np.array([[0.0 + 4.0 - 1 - 1, 13.0 - 10]])
    expected = sums / np.linalg.norm(sums)
    rows = vlad.transform([np.array([[0.0], [4.0], [13.0]])])
    np.testing.assert_allclose(by_word(vlad, rows), expected, rtol=1e-6)


def test_power_is_taken_under_the_sign(images):
    vlad = fitted(images, intra_norm=False, power=0.5)
    rows = by_word(vlad, vlad.transform([np.array([[0.0], [14.0]])]))
    np.testing.assert_allclose(rows, np.array([[-1, 2]]) / np.sqrt(5), rtol=1e-6)


def test_each_word_counts_alike_with_intra_normalisation(images):
    vlad = fitted(images)
    rows = by_word(vlad, vlad.transform([np.array([[0.0], [14.0]])]))
    np.testing.assert_allclose(rows, np.array([[-1, 1]]) / np.sqrt(2), rtol=1e-6)


def test_the_second_image_of_a_batch_has_its_own_sums(images):
    vlad = fitted(images)
    together = vlad.transform([*images, np.zeros((0, 1)), images[0]])
    np.testing.assert_array_equal(together[0], together[3])
    np.testing.assert_array_equal(together[1], vlad.transform(images[1:])[0])


def test_an_image_without_keypoints_is_a_row_of_zeros(images):
    rows = fitted(images).transform([np.zeros((0, 1)), images[0]])
    assert not rows[0].any()
    assert rows.dtype == np.float32


def test_bytes_are_pooled_by_their_bits():
    images = [np.array([[0], [0], [255]], dtype=np.uint8)] * 3
    rows = fitted(images).transform([np.array([[1], [255]], dtype=np.uint8)])
    assert rows.shape == (1, 16)
    assert np.count_nonzero(rows) == 1


def test_features_are_words_times_values():
    images = [np.random.default_rng(0).normal(size=(20, 6))]
    vlad = VLAD(4, random_state=0).fit(images)
    assert len(vlad.get_feature_names_out()) == 24
    assert vlad.transform(images).shape == (1, 24)


def test_more_words_than_descriptors_are_an_error(images):
    with pytest.raises(ValueError, match="n_words=9 is more than the 5 descriptors"):
        VLAD(9).fit(images)
