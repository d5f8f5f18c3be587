"""What holds for every encoder that describes keypoints."""

import pickle

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from itm_sklearn._cache import use_cache
from itm_sklearn.image import ORB, SIFT, SURF, DenseSIFT

pytest.importorskip("mahotas")

ENCODERS = [SIFT(), ORB(), SURF(), DenseSIFT()]
every_encoder = pytest.mark.parametrize(
    "encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__
)


def blobs(seed, shape=(120, 160)):
    """A picture with something to see at every scale."""
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (2, 4, 8))
    return np.clip(127 + 90 * smooth, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def images():
    return [blobs(0), blobs(1), np.full((90, 120), 128, dtype=np.uint8), blobs(2)]


def described(encoder, images):
    return next(encoder.transform(images).batches())


@every_encoder
def test_an_image_without_keypoints_has_zero_rows(encoder, images):
    batch = described(encoder, images)
    assert batch.counts[2] == 0
    assert (batch.counts[[0, 1, 3]] > 5).all()


@every_encoder
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 300), (300, 1), (7, 7)])
@pytest.mark.parametrize("size", [None, 192])
def test_the_smallest_images_are_no_error(encoder, shape, size):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    batch = described(clone(encoder).set_params(min_size=size), [pixels])
    assert len(batch) == 1
    assert batch.descriptors.shape == (batch.counts[0], encoder._n_features_out)
    assert np.isfinite(batch.descriptors).all()


@every_encoder
def test_no_images_give_no_rows(encoder):
    rows = encoder.transform([])
    assert len(rows) == 0
    assert list(rows.batches()) == []


@every_encoder
def test_an_image_is_described_alike_alone_and_among_others(encoder, images):
    together = described(encoder, images)
    alone = described(encoder, images[3:])
    np.testing.assert_array_equal(together[3].descriptors, alone.descriptors)
    np.testing.assert_array_equal(together[3].positions, alone.positions)


@every_encoder
def test_threads_change_nothing(encoder, images):
    threaded = described(clone(encoder).set_params(n_jobs=2), images)
    np.testing.assert_array_equal(
        threaded.descriptors, described(encoder, images).descriptors
    )


def test_threads_leave_the_setting_of_opencv_as_it_was(images):
    before = cv2.getNumThreads()
    described(SIFT(n_jobs=2), images)
    assert cv2.getNumThreads() == before


@every_encoder
def test_batches_bound_how_much_is_described_at_once(encoder, images):
    rows = clone(encoder).set_params(batch_size=3).transform(images)
    assert [len(batch) for batch in rows.batches()] == [3, 1]


@every_encoder
def test_positions_lie_in_the_image(encoder, images):
    positions = described(encoder, images).positions
    assert positions[:, :2].min() >= 0
    assert positions[:, :2].max() <= 1
    assert (positions[:, 2] > 0).all()
    assert ((positions[:, 3] >= 0) & (positions[:, 3] <= 360)).all()


@every_encoder
def test_positions_follow_a_shape_into_its_corner(encoder):
    picture = np.full((200, 400), 255, dtype=np.uint8)
    picture[130:170, 310:350] = blobs(5, (40, 40))
    x, y = described(encoder, [picture]).positions[:, :2].mean(axis=0)
    assert x == pytest.approx(330 / 400, abs=0.05)
    assert y == pytest.approx(150 / 200, abs=0.1)


@pytest.mark.parametrize("kind", [SIFT, ORB, SURF])
def test_max_keypoints_is_never_exceeded(kind, images):
    counts = described(kind(max_keypoints=7), images).counts
    assert (counts <= 7).all()
    assert counts[0] > 0


@every_encoder
def test_max_size_shrinks_before_describing(encoder):
    large = cv2.resize(blobs(0), (640, 480))
    small = clone(encoder).set_params(max_size=100, min_size=None)
    assert described(small, [large]).counts[0] < described(encoder, [large]).counts[0]


@every_encoder
def test_it_needs_no_fit_and_says_so(encoder):
    tags = get_tags(encoder)
    assert not tags.requires_fit
    assert not tags.input_tags.two_d_array


@every_encoder
def test_it_survives_a_pickle_even_after_use(encoder, images):
    described(encoder, images)
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(
        described(again, images).descriptors, described(encoder, images).descriptors
    )


@every_encoder
def test_feature_names_count_the_descriptor(encoder):
    names = encoder.get_feature_names_out()
    assert names[0] == f"{type(encoder).__name__.lower()}0"
    assert len(names) == encoder._n_features_out


@every_encoder
def test_a_pipeline_with_tables_as_output_still_gets_lazy_rows(encoder, images):
    pipeline = make_pipeline(encoder).set_output(transform="pandas")
    assert len(pipeline.fit_transform(images)) == 4


@every_encoder
def test_the_cache_gives_back_what_was_put_in(encoder, images, tmp_path, monkeypatch):
    expected = described(encoder, images)
    with use_cache(tmp_path, "1GiB"):
        described(encoder, images[:2])
        described(encoder, images[2:])
        monkeypatch.setattr(type(encoder), "_describe", pytest.fail)
        found = described(encoder, images)
    np.testing.assert_array_equal(found.descriptors, expected.descriptors)
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(found.counts, expected.counts)


def test_other_parameters_find_nothing_in_the_cache(images, tmp_path):
    with use_cache(tmp_path, "1GiB"):
        described(SIFT(), images)
        plain = described(SIFT(root=False), images)
    np.testing.assert_array_equal(
        plain.descriptors, described(SIFT(root=False), images).descriptors
    )


def test_a_colour_image_is_described_by_its_gray_values(images):
    colour = Image.fromarray(np.dstack([images[0]] * 3))
    np.testing.assert_array_equal(
        described(SIFT(), [colour]).descriptors,
        described(SIFT(), images[:1]).descriptors,
    )


def test_root_sift_is_the_root_of_the_shares():
    image = [blobs(0)]
    plain = described(SIFT(root=False), image).descriptors
    rooted = described(SIFT(), image).descriptors
    shares = plain / plain.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rooted**2, shares, atol=1e-6)
    assert np.linalg.norm(plain, axis=1) == pytest.approx(512, rel=0.02)


def test_orb_descriptors_are_bytes(images):
    assert described(ORB(), images).descriptors.dtype == np.uint8


@pytest.mark.parametrize(
    "X", ["photo.jpg", b"x", np.zeros((20, 30, 3)), np.zeros((20, 30)), None]
)
def test_a_single_image_is_an_error_that_says_what_to_write(X):
    with pytest.raises(TypeError, match=r"write \[image\]"):
        SIFT().transform(X)


def test_a_broken_image_is_named(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"broken\.jpg' can't be read"):
        described(SIFT(), [str(path)])


@pytest.mark.parametrize(
    "encoder", [SIFT(0), ORB(None), SURF(threshold=-1), DenseSIFT(step=0)]
)
def test_a_parameter_out_of_range_is_an_error_in_fit_and_transform(encoder):
    for method in (encoder.fit, encoder.transform):
        with pytest.raises(ValueError, match="parameter of"):
            method([])
