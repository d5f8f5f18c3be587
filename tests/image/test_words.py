import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import pairwise_distances

from itm_sklearn.image._words import WordFinder, learn_words


@pytest.fixture
def random():
    return np.random.default_rng(0)


def brute_force(descriptors, words):
    return pairwise_distances(descriptors.astype(float), words.astype(float)) ** 2


def hamming(descriptors, words):
    differing = np.bitwise_count(descriptors[:, None] ^ words[None])
    return differing.sum(axis=2)


@pytest.mark.parametrize("n_words", [1, 3, 700])
@pytest.mark.parametrize("offset", [0, 1000])
def test_labels_are_those_of_all_distances(random, n_words, offset):
    descriptors = (random.normal(size=(900, 16)) + offset).astype(np.float32)
    words = (random.normal(size=(n_words, 16)) + offset).astype(np.float32)
    expected = brute_force(descriptors, words).argmin(axis=1)
    labels = WordFinder(words).labels(descriptors)
    assert (labels == expected).mean() > 0.999


def test_nearest_words_come_in_order_with_their_distances(random):
    descriptors = random.normal(size=(50, 8)).astype(np.float32)
    words = random.normal(size=(20, 8)).astype(np.float32)
    distances = brute_force(descriptors, words)
    labels, nearest = WordFinder(words).nearest(descriptors, 5)
    np.testing.assert_array_equal(labels, distances.argsort(axis=1)[:, :5])
    np.testing.assert_allclose(nearest, np.sort(distances)[:, :5], rtol=1e-4, atol=1e-4)


def test_bytes_are_compared_by_their_bits(random):
    descriptors = random.integers(0, 256, (300, 32), dtype=np.uint8)
    words = random.integers(0, 256, (40, 32), dtype=np.uint8)
    distances = hamming(descriptors, words)
    labels, nearest = WordFinder(words).nearest(descriptors)
    np.testing.assert_array_equal(nearest[:, 0], distances.min(axis=1))
    # argmin names the first of several, and so must we.
    np.testing.assert_array_equal(labels[:, 0], distances.argmin(axis=1))
    np.testing.assert_array_equal(WordFinder(words).labels(descriptors), labels[:, 0])


def test_no_descriptors_have_no_labels():
    assert len(WordFinder(np.ones((2, 4), np.float32)).labels(np.ones((0, 4)))) == 0


def test_blobs_far_apart_each_get_a_word():
    """Random seeds would leave some of them without one."""
    descriptors, labels = make_blobs(
        600, 8, centers=30, cluster_std=0.1, center_box=(-50, 50), random_state=0
    )
    words = learn_words(descriptors.astype(np.float32), 30, max_iter=10, random_state=0)
    inertia = brute_force(descriptors, words).min(axis=1).sum()
    within = sum(
        ((blob - blob.mean(axis=0)) ** 2).sum()
        for blob in (descriptors[labels == label] for label in range(30))
    )
    assert inertia < 500 * within


def test_inertia_is_within_two_percent_of_scikit_learns(random):
    centres = random.normal(size=(40, 12))
    descriptors = centres[random.integers(0, 40, 4000)] + random.normal(size=(4000, 12))
    descriptors = descriptors.astype(np.float32)
    words = learn_words(descriptors, 50, max_iter=20, random_state=0)
    peer = KMeans(50, n_init=1, random_state=0).fit(descriptors)
    inertia = brute_force(descriptors, words).min(axis=1).sum()
    assert inertia < 1.02 * peer.inertia_


def test_words_of_bits_are_majority_votes():
    descriptors = np.array([[0b111], [0b110], [0b011], [0xF0], [0xF1], [0xF2]])
    words = learn_words(descriptors.astype(np.uint8), 2, max_iter=10, random_state=0)
    assert words.dtype == np.uint8
    assert sorted(words.ravel()) == [0b111, 0xF0]


def test_as_many_words_as_descriptors_are_the_descriptors(random):
    descriptors = random.normal(size=(12, 3)).astype(np.float32)
    words = learn_words(descriptors, 12, max_iter=10, random_state=0)
    np.testing.assert_allclose(np.sort(words, axis=0), np.sort(descriptors, axis=0))


def test_equal_descriptors_give_finite_words():
    words = learn_words(
        np.ones((20, 4), dtype=np.float32), 5, max_iter=5, random_state=0
    )
    np.testing.assert_array_equal(words, 1)


def test_a_word_that_nobody_chose_moves_to_a_far_descriptor():
    descriptors = np.array([[0.0], [0.1], [9.0]], dtype=np.float32)
    for seed in range(10):
        words = learn_words(descriptors, 3, max_iter=10, random_state=seed)
        assert brute_force(descriptors, words).min(axis=1).max() < 1e-6


def test_the_same_seed_gives_the_same_words(random):
    descriptors = random.normal(size=(500, 6)).astype(np.float32)
    first, second = (
        learn_words(descriptors, 20, max_iter=5, random_state=3) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
