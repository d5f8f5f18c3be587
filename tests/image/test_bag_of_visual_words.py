import pickle
import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from itm_sklearn._batching import LazyRows
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ORB, SIFT, BagOfVisualWords, LocalDescriptors


def plain(n_words=3, **parameters):
    """Counts as they are."""
    parameters = {"power": 1, "norm": None, "random_state": 0} | parameters
    return BagOfVisualWords(n_words, **parameters)


@pytest.fixture
def images():
    """Three clusters of descriptors: at 0, at 10, at 20; the third image is empty."""
    values = [[0.1, 0.0, 10.1], [20.0, 20.1], [], [10.0, 0.2, 0.0, 9.9]]
    return [np.array(value, dtype=np.float32).reshape(-1, 1) for value in values]


def by_cluster(bag, counts):
    return counts[..., np.argsort(bag.words_.ravel())]


def test_counts_done_by_hand(images):
    bag = plain()
    counts = by_cluster(bag, bag.fit_transform(images))
    assert counts.tolist() == [[2, 1, 0], [0, 0, 2], [0, 0, 0], [2, 2, 0]]
    assert counts.dtype == np.float32


def test_transform_counts_as_fit_transform_does(images):
    for bag in (plain(), plain(use_idf=True), plain(assignment="soft", power=0.5)):
        together = bag.fit_transform(images)
        np.testing.assert_allclose(bag.transform(images), together, rtol=1e-6)
        alone = clone(bag).fit(images).transform(images)
        np.testing.assert_allclose(alone, together, rtol=1e-6)


def test_an_image_without_keypoints_is_a_row_of_zeros(images):
    for norm in ("l1", "l2", None):
        assert not plain(norm=norm).fit_transform(images)[2].any()


def test_power_and_norm_make_the_hellinger_map(images):
    shares = plain(norm="l1").fit_transform(images)
    bag = plain(power=0.5, norm="l2").fit_transform(images)
    np.testing.assert_allclose(bag**2, shares, atol=1e-6)


def test_soft_assignment_shares_a_descriptor_between_words(images):
    bag = plain(assignment="soft", n_nearest=2)
    bag.fit(images)
    bag.bandwidth_ = 10.0
    shares = by_cluster(bag, bag.transform([np.array([[5.0]], dtype=np.float32)]))
    np.testing.assert_allclose(shares, [[0.5, 0.5, 0]], atol=0.02)
    assert bag.transform(images).sum(axis=1) == pytest.approx([3, 2, 0, 4])


def test_soft_assignment_of_descriptors_far_from_all_words_is_finite(images):
    bag = plain(assignment="soft").fit(images)
    far = bag.transform([np.array([[1e6]], dtype=np.float32)])
    assert far.sum() == pytest.approx(1)


def test_more_nearest_words_than_words_are_all_words(images):
    assert plain(assignment="soft", n_nearest=99).fit_transform(images).shape == (4, 3)


def test_the_pyramid_counts_each_cell_on_its_own():
    descriptors = np.array([[0], [10], [0]], dtype=np.float32)
    positions = np.array([[0.1, 0.2], [0.9, 0.2], [1.0, 1.0]])
    positions = np.column_stack([positions, np.zeros((3, 2))])
    batch = LocalDescriptors(descriptors, [3], positions)
    bag = plain(2, levels=2)
    counts = by_cluster(bag, bag.fit_transform(batch).reshape(1, 5, 2))
    # The whole image, then the cells left top, right top, left bottom, right bottom.
    assert counts.tolist() == [[[2, 1], [1, 0], [0, 1], [0, 0], [1, 0]]]


def test_the_pyramid_needs_positions(images):
    with pytest.raises(ValueError, match="levels=1"):
        plain(levels=2).fit_transform(images)


def test_idf_weighs_down_what_is_everywhere(images):
    images = [np.vstack([image, [[20.0]]]).astype(np.float32) for image in images]
    bag = plain(use_idf=True).fit(images)
    idf = by_cluster(bag, bag.idf_)
    assert idf == pytest.approx([np.log(5 / 3) + 1, np.log(5 / 3) + 1, 1])
    counts = by_cluster(bag, bag.transform(images))
    assert counts[2] == pytest.approx([0, 0, 1])
    assert counts[0] == pytest.approx([2 * idf[0], idf[1], 1])


def test_sparse_output_holds_the_same_values(images):
    rows = plain(sparse_output=True).fit_transform(images)
    assert sparse.issparse(rows)
    np.testing.assert_array_equal(rows.toarray(), plain().fit_transform(images))


def test_tables_as_output_have_a_column_for_each_word(images):
    pytest.importorskip("pandas")
    frame = plain().set_output(transform="pandas").fit_transform(images)
    assert list(frame.columns) == [f"bagofvisualwords{word}" for word in range(3)]


def test_bytes_are_counted_by_hamming_distance():
    near_zero, near_ones = [[0, 0], [1, 0]], [[255, 255], [255, 127], [255, 255]]
    images = [np.array(bits, dtype=np.uint8) for bits in (near_zero, near_ones)]
    bag = plain(2)
    counts = bag.fit_transform(images)
    assert bag.words_.dtype == np.uint8
    assert sorted(map(sorted, counts.tolist())) == [[0, 2], [0, 3]]


def test_descriptors_of_another_kind_are_an_error(images):
    bag = plain().fit(images)
    for other in (np.zeros((2, 5), np.float32), np.zeros((2, 1), np.uint8)):
        with pytest.raises(ValueError, match=r"does not fit words of 1 float32"):
            bag.transform([other])


def test_more_words_than_descriptors_are_an_error_that_says_so(images):
    with pytest.raises(ValueError, match="n_words=10 is more than the 9 descriptors"):
        plain(10).fit(images)


def test_no_keypoints_at_all_are_an_error_that_says_so():
    with pytest.raises(ValueError, match="None of the 2 images has a keypoint"):
        plain().fit([np.zeros((0, 4)), np.zeros((0, 4))])


def test_many_images_without_keypoints_are_a_warning_that_says_how_many():
    """Their scores tie, whatever comes behind."""
    images = [np.ones((2, 4))] * 9 + [np.empty((0, 4))] * 4
    with pytest.warns(UserWarning, match="4 of 13 images have no keypoint.*DenseSIFT"):
        plain(1).fit(images)


@pytest.mark.parametrize(("found", "empty"), [(9, 3), (1, 8)])
def test_some_images_without_keypoints_are_no_warning(found, empty):
    plain(1).fit([np.ones((2, 4))] * found + [np.empty((0, 4))] * empty)


def test_sift_with_a_low_threshold_finds_keypoints_in_flat_drawings():
    """What the warning advises."""
    images = make_scenes(60, image_size=32, random_state=0).pairs.images
    with pytest.warns(UserWarning, match="16 of 60 images"):
        make_pipeline(SIFT(), plain(5)).fit(images)
    make_pipeline(SIFT(contrast_threshold=0.02), plain(5)).fit(images)


def test_transform_before_fit_is_an_error(images):
    with pytest.raises(NotFittedError):
        plain().transform(images)


def test_the_sample_visits_no_more_images_than_it_needs():
    visited = []

    def compute(items):
        visited.extend(items)
        return LocalDescriptors(np.ones((len(items) * 50, 2)), [50] * len(items))

    rows = LazyRows(list(range(1000)), compute, batch_size=4)
    plain(n_samples=200).fit(rows)
    assert len(visited) == 4
    assert sorted(visited) != [0, 1, 2, 3]


def test_a_stream_of_images_takes_little_more_memory_than_its_bags():
    def compute(items):
        values = np.random.default_rng(0).normal(size=(len(items) * 60, 1))
        return LocalDescriptors(values.astype(np.float32), [60] * len(items))

    rows = LazyRows(list(range(8000)), compute, batch_size=16)
    bag = plain(60, n_samples=1000, max_iter=1).fit(rows)
    tracemalloc.start()
    bags = bag.transform(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * bags.nbytes


def test_the_sample_takes_some_descriptors_of_many_images():
    """1,000 of one image would describe only that image."""
    rows = LocalDescriptors(
        np.repeat(np.arange(30.0), 1000)[:, None].astype(np.float32), [1000] * 30
    )
    bag = plain(20, n_samples=2000).fit(rows)
    assert len(np.unique(bag.words_.round())) >= 19


def test_the_same_seed_gives_the_same_bags(images):
    first, second = (plain(random_state=5).fit_transform(images) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_no_images_give_no_rows(images):
    for sparse_output in (False, True):
        bag = plain(sparse_output=sparse_output).fit(images)
        assert bag.transform([]).shape == (0, 3)


def test_it_survives_a_pickle(images):
    bag = plain().fit(images)
    again = pickle.loads(pickle.dumps(bag))
    np.testing.assert_array_equal(again.transform(images), bag.transform(images))


@pytest.mark.parametrize("descriptor", [SIFT(max_keypoints=40), ORB(max_keypoints=40)])
@pytest.mark.parametrize("parameters", [{}, {"assignment": "soft", "levels": 2}])
def test_a_pipeline_from_images_to_bags(descriptor, parameters):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    bag = BagOfVisualWords(5, random_state=0, **parameters)
    pipeline = make_pipeline(descriptor, bag)
    rows = pipeline.fit_transform([*pictures, np.zeros((1, 1), dtype=np.uint8)])
    assert rows.shape == (4, len(pipeline.get_feature_names_out()))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1, 1, 1, 0], rtol=1e-5)


@pytest.mark.parametrize(
    "parameters", [{"n_words": 0}, {"assignment": "both"}, {"power": 0}, {"levels": 0}]
)
def test_a_parameter_out_of_range_is_an_error(images, parameters):
    with pytest.raises(ValueError, match="parameter of BagOfVisualWords must be"):
        plain().set_params(**parameters).fit(images)


def test_progress_is_shown_when_asked_for(images, capsys):
    plain(verbose=1).fit_transform(images)
    assert "BagOfVisualWords" in capsys.readouterr().err
    plain().fit_transform(images)
    assert capsys.readouterr().err == ""
