import pickle

import numpy as np
import pytest

from itm_sklearn._batching import LazyRows
from itm_sklearn.image import LocalDescriptors
from itm_sklearn.image._local_descriptors import as_descriptor_rows


@pytest.fixture
def batch():
    """Three images with 2, 0 and 3 keypoints, numbered from 0 to 4."""
    numbers = np.arange(5.0)
    places = np.repeat(numbers[:, None], 4, axis=1)
    return LocalDescriptors(numbers[:, None], [2, 0, 3], places)


def test_each_image_has_its_own_keypoints(batch):
    assert [batch[row].descriptors.ravel().tolist() for row in range(3)] == [
        [0, 1],
        [],
        [2, 3, 4],
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([2, 0], [2, 3, 4, 0, 1]),
        ([1], []),
        ([0, 0], [0, 1, 0, 1]),
        (slice(1, None), [2, 3, 4]),
        (np.array([True, False, False]), [0, 1]),
        (-1, [2, 3, 4]),
        ([], []),
    ],
)
def test_rows_take_descriptors_and_positions_along(batch, rows, expected):
    taken = batch[rows]
    assert taken.descriptors.ravel().tolist() == expected
    assert taken.positions[:, 0].tolist() == expected
    assert taken.counts.sum() == len(expected)


def test_image_index_names_the_image_of_each_keypoint(batch):
    assert batch.image_index().tolist() == [0, 0, 2, 2, 2]


def test_batches_put_together_again_are_the_whole(batch):
    batch.batch_size = 2
    parts = list(batch.batches())
    assert [len(part) for part in parts] == [2, 1]
    whole = LocalDescriptors.from_images(parts)
    np.testing.assert_array_equal(whole.descriptors, batch.descriptors)
    np.testing.assert_array_equal(whole.positions, batch.positions)
    assert whole.counts.tolist() == [2, 0, 3]


def test_a_batch_without_images_has_no_keypoints():
    empty = LocalDescriptors.from_images([])
    assert len(empty) == 0
    assert empty.shape == (0,)
    assert list(empty.batches()) == []


def test_counts_that_do_not_add_up_are_an_error():
    with pytest.raises(ValueError, match="counts that add up to 4"):
        LocalDescriptors(np.zeros((5, 2)), [4])


def test_positions_of_another_length_are_an_error():
    with pytest.raises(ValueError, match="do not fit 5 keypoints"):
        LocalDescriptors(np.zeros((5, 2)), [5], np.zeros((4, 4)))


def test_arrays_of_single_images_become_rows():
    rows = as_descriptor_rows([np.ones((2, 3)), np.zeros((0, 3))])
    assert rows.counts.tolist() == [2, 0]
    assert rows.positions is None


def test_lazy_rows_are_taken_as_they_are(batch):
    lazy = LazyRows([0, 2], lambda rows: batch[rows])
    assert as_descriptor_rows(lazy) is lazy


@pytest.mark.parametrize("X", [["a.jpg"], [np.ones((2, 3)), np.ones((2, 4))], 7])
def test_anything_else_is_an_error_that_names_the_missing_step(X):
    match = r"Put SIFT\(\) or another descriptor before"
    with pytest.raises((TypeError, ValueError), match=match):
        as_descriptor_rows(X)


def test_values_that_are_not_finite_are_an_error():
    with pytest.raises(ValueError, match="1 of 4 values .* are NaN or infinite"):
        as_descriptor_rows([np.zeros((1, 2)), np.array([[1, 2], [3, np.nan]])])


def test_a_batch_survives_a_pickle(batch):
    again = pickle.loads(pickle.dumps(batch))
    np.testing.assert_array_equal(again[2].descriptors, batch[2].descriptors)
