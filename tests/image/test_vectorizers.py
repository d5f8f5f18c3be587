"""What `ColorHistogram` and `HOG` make of whole images."""

import pickle

import cv2
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from itm_sklearn._cache import use_cache
from itm_sklearn.image import HOG, ColorHistogram

ENCODERS = [ColorHistogram(), ColorHistogram(4, levels=2), HOG(), HOG(64, cell_size=8)]
every_encoder = pytest.mark.parametrize("encoder", ENCODERS, ids=str)


@pytest.fixture(scope="module")
def images():
    random = np.random.default_rng(0)
    shapes = [(40, 60, 3), (100, 90, 3), (7, 300, 3)]
    return [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


@every_encoder
def test_each_image_is_one_row_of_named_features(encoder, images):
    rows = encoder.fit_transform(images)
    assert rows.shape == (3, len(encoder.get_feature_names_out()))
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()


@every_encoder
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2)])
def test_the_smallest_images_have_finite_rows(encoder, shape):
    rows = encoder.transform([np.zeros(shape, dtype=np.uint8)])
    assert np.isfinite(rows).all()


@every_encoder
def test_no_images_give_no_rows(encoder):
    assert encoder.transform([]).shape == (0, encoder._n_features_out)


@every_encoder
def test_batches_and_threads_change_nothing(encoder, images):
    other = clone(encoder).set_params(batch_size=2, n_jobs=2)
    np.testing.assert_array_equal(other.transform(images), encoder.transform(images))


@every_encoder
def test_the_cache_gives_back_what_was_put_in(encoder, images, tmp_path, monkeypatch):
    expected = encoder.transform(images)
    with use_cache(tmp_path, "1GiB"):
        encoder.transform(images[:2])
        encoder.transform(images[1:])
        monkeypatch.setattr(type(encoder), "_describe", pytest.fail)
        np.testing.assert_array_equal(encoder.transform(images), expected)


@every_encoder
def test_it_needs_no_fit_and_survives_a_pickle(encoder, images):
    assert not get_tags(encoder).requires_fit
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(images), encoder.transform(images))


@every_encoder
def test_tables_as_output_have_named_columns(encoder, images):
    pytest.importorskip("pandas")
    frame = clone(encoder).set_output(transform="pandas").transform(images)
    assert list(frame.columns) == list(encoder.get_feature_names_out())


def test_shares_of_colours_done_by_hand():
    picture = np.zeros((2, 2, 3), dtype=np.uint8)
    picture[0, 0], picture[1, 1] = [255, 255, 255], [0, 0, 255]
    histogram = ColorHistogram(2, color_space="rgb", power=1)
    shares = histogram.transform([picture]).reshape(2, 2, 2)
    assert shares[0, 0, 0] == 0.5
    assert shares[1, 1, 1] == 0.25
    assert shares[0, 0, 1] == 0.25


def test_root_shares_have_unit_length(images):
    rows = ColorHistogram().transform(images)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)


def test_the_pyramid_counts_each_quarter_on_its_own():
    picture = np.zeros((4, 4, 3), dtype=np.uint8)
    picture[:2, 2:] = 255
    histogram = ColorHistogram((2, 1, 1), color_space="rgb", levels=2, power=1)
    shares = histogram.transform([picture]).reshape(5, 2)
    # The whole image, then left top, right top, left bottom, right bottom.
    assert shares[:, 1].tolist() == [0.25, 0, 1, 0, 0]


@pytest.mark.parametrize("space", ["rgb", "hsv", "lab"])
def test_brightest_and_darkest_values_are_all_counted(space):
    picture = np.array([[[255] * 3, [0] * 3, [255, 0, 0], [0, 0, 255]]], dtype=np.uint8)
    shares = ColorHistogram(8, color_space=space, power=1).transform([picture])
    assert shares.sum() == pytest.approx(1)


def test_red_is_nearer_to_red_than_to_blue():
    def plain(*colour):
        return np.full((8, 8, 3), colour, dtype=np.uint8)

    pictures = [plain(250, 10, 10), plain(240, 20, 15), plain(10, 10, 250)]
    rows = ColorHistogram().transform(pictures)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]


@pytest.mark.parametrize("bins", [(8, 4), (8, 4, 0)])
def test_bins_that_do_not_fit_three_channels_are_an_error(images, bins):
    with pytest.raises(ValueError, match="does not cut three channels"):
        ColorHistogram(bins).transform(images)


def test_hog_tells_a_horizontal_edge_from_a_vertical_one():
    picture = np.zeros((64, 64), dtype=np.uint8)
    picture[:, 32:] = 255
    hog = HOG(64, n_directions=4)
    right, down = hog.transform([picture, picture.T]).reshape(2, -1, 4).sum(axis=1)
    # Gradients to the right lie in direction 0, those downwards in direction 2.
    assert right.argmax() == 0
    assert down.argmax() == 2


def test_hog_does_not_tell_light_on_dark_from_dark_on_light():
    picture = np.zeros((64, 64), dtype=np.uint8)
    picture[16:40, 20:50] = 255
    rows = HOG(64).transform([picture, 255 - picture])
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-3)


def test_hog_survives_a_change_of_light():
    noise = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    bright, dark, other = 255 * smooth, 80 * smooth, 255 * smooth[::-1]
    rows = HOG(cell_size=16).transform([bright, dark, other])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert rows[0] @ rows[1] > 0.98
    assert rows[0] @ rows[2] < 0.9


def test_a_flat_image_has_no_gradients():
    assert not HOG().transform([np.full((50, 50), 99, dtype=np.uint8)]).any()


def test_cells_that_do_not_fit_twice_are_an_error(images):
    with pytest.raises(
        ValueError, match="leaves 1 cells along a side of image_size=30"
    ):
        HOG(30, cell_size=16).transform(images)
