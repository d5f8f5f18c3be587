import cv2
import numpy as np
import pytest

from itm_sklearn.image import DenseSIFT
from itm_sklearn.image._dense_sift import grid_centres
from itm_sklearn.image._gradients import cell_weights, direction_planes, sum_cells


@pytest.fixture(scope="module")
def picture():
    noise = np.random.default_rng(0).normal(size=(96, 128)).astype(np.float32)
    smooth = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (1, 3, 9))
    return np.clip(127 + 90 * smooth, 0, 255).astype(np.uint8)


def described(picture, **parameters):
    encoder = DenseSIFT(min_size=None, min_contrast=0, **parameters)
    return next(encoder.transform([picture]).batches())


def by_opencv(picture, positions, bin_size):
    """OpenCV's cells are 1.5 keypoint sizes apart; it reorders the keypoints."""
    height, width = picture.shape
    keypoints = [
        cv2.KeyPoint(float(x * width), float(y * height), bin_size / 1.5, 0, 0, 0, row)
        for row, (x, y) in enumerate(positions[:, :2])
    ]
    kept, descriptors = cv2.SIFT_create().compute(picture, keypoints)
    return descriptors[np.argsort([point.class_id for point in kept])]


@pytest.mark.parametrize("bin_size", [4, 8, 12])
def test_descriptors_agree_with_those_of_opencv(picture, bin_size):
    batch = described(picture, bin_size=bin_size, root=False)
    expected = by_opencv(picture, batch.positions, bin_size)
    assert np.corrcoef(batch.descriptors.ravel(), expected.ravel())[0, 1] > 0.95


def test_descriptors_without_root_are_as_long_as_those_of_opencv(picture):
    lengths = np.linalg.norm(described(picture, root=False).descriptors, axis=1)
    np.testing.assert_allclose(lengths, 512, rtol=1e-5)


def test_the_grid_is_centred():
    for side, step in ((20, 8), (64, 8), (65, 7), (8, 8)):
        centres = grid_centres(side, step)
        assert centres[0] == pytest.approx(side - 1 - centres[-1])
        assert len(centres) == side // step
    assert len(grid_centres(7, 8)) == 0


def test_step_sets_the_number_of_patches(picture):
    assert described(picture, step=16).counts.tolist() == [6 * 8]


def test_several_bin_sizes_describe_each_place_several_times(picture):
    batch = described(picture, bin_size=(4, 8))
    single = described(picture, bin_size=8)
    assert batch.counts[0] == 2 * single.counts[0]
    np.testing.assert_array_equal(
        batch.descriptors[single.counts[0] :], single.descriptors
    )
    sizes = np.unique(batch.positions[:, 2])
    np.testing.assert_allclose(sizes, [16 / 128, 32 / 128])


def test_flat_patches_are_left_out(picture):
    half = picture.copy()
    half[:, :64] = 100
    batch = described(half)
    assert 0 < batch.counts[0] < described(picture).counts[0]
    assert np.isfinite(batch.descriptors).all()


def test_min_contrast_leaves_out_faint_patches(picture):
    faint = (100 + picture // 64).astype(np.uint8)
    encoder = DenseSIFT(min_contrast=5.0, min_size=None)
    counts = next(encoder.transform([picture, faint]).batches()).counts
    assert counts[0] > 0
    assert counts[1] == 0


def test_a_ramp_to_the_right_lies_in_the_first_direction():
    ramp = np.tile(np.arange(0, 240, 5, dtype=np.uint8), (48, 1))
    histograms = described(ramp, step=48, root=False).descriptors.reshape(16, 8)
    assert (histograms.argmax(axis=1) == 0).all()
    assert histograms[:, 1:].max() < 1e-3


def test_a_ramp_to_the_top_lies_a_quarter_turn_further():
    ramp = np.tile(np.arange(0, 240, 5, dtype=np.uint8)[::-1, None], (1, 48))
    histograms = described(ramp, step=48, root=False).descriptors.reshape(16, 8)
    assert (histograms.argmax(axis=1) == 2).all()


def test_direction_planes_add_up_to_the_gradient(picture):
    pixels = picture.astype(np.float32)
    for signed in (True, False):
        planes = direction_planes(pixels, 9, signed=signed)
        strength = np.hypot(
            cv2.Sobel(pixels, cv2.CV_32F, 1, 0, ksize=1),
            cv2.Sobel(pixels, cv2.CV_32F, 0, 1, ksize=1),
        )
        np.testing.assert_allclose(planes.sum(axis=0), strength, rtol=1e-4, atol=1e-3)


def test_unsigned_directions_do_not_tell_light_from_dark(picture):
    pixels = picture.astype(np.float32)
    planes = direction_planes(pixels, 9, signed=False)
    np.testing.assert_allclose(
        planes, direction_planes(255 - pixels, 9, signed=False), atol=1e-2
    )


def test_cells_are_what_a_loop_over_pixels_gives():
    random = np.random.default_rng(0)
    planes = random.random((3, 10, 12)).astype(np.float32)
    rows, columns = np.array([1.5, 7.0]), np.array([0.0, 4.25, 20.0])
    cells = sum_cells(planes, cell_weights(10, rows, 3), cell_weights(12, columns, 2.5))
    for row, y in enumerate(rows):
        for column, x in enumerate(columns):
            expected = sum(
                planes[:, i, j]
                * max(0, 1 - abs(i - y) / 3)
                * max(0, 1 - abs(j - x) / 2.5)
                for i in range(10)
                for j in range(12)
            )
            np.testing.assert_allclose(cells[row, column], expected, rtol=1e-5)
