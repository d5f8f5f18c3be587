"""Moments of pairs: what one pass over repeated rows would give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from itm_sklearn.alignment import PairMoments

NAMES = ["image_mean", "text_mean", "image_scatter", "text_scatter", "cross_scatter"]


def make_views(seed=0, n_images=30, n_pairs=80):
    rng = np.random.default_rng(seed)
    image_index = rng.integers(n_images, size=n_pairs)
    images = rng.normal(size=(n_images, 4))
    return images, images[image_index, :3] + rng.normal(size=(n_pairs, 3)), image_index


def naive_moments(images, texts, image_index):
    images = images[image_index]
    left, right = images - images.mean(axis=0), texts - texts.mean(axis=0)
    return dict(
        zip(
            NAMES,
            [images.mean(0), texts.mean(0), left.T @ left, right.T @ right]
            + [left.T @ right],
            strict=True,
        )
    )


def assert_moments(moments, expected, tolerance=1e-10):
    for name in NAMES:
        np.testing.assert_allclose(
            getattr(moments, name), expected[name], rtol=tolerance, atol=tolerance
        )


def test_an_image_counts_once_for_each_of_its_texts():
    views = make_views()
    assert_moments(PairMoments().update(*views), naive_moments(*views))


def test_images_without_a_text_do_not_count():
    images, texts, _ = make_views()
    image_index = np.full(len(texts), 7)
    image_index[0] = 2
    moments = PairMoments().update(images, texts, image_index)
    assert_moments(moments, naive_moments(images, texts, image_index))


def test_rows_are_paired_in_order_without_an_image_index():
    images, texts, _ = make_views(n_pairs=30)
    moments = PairMoments().update(images, texts)
    assert_moments(moments, naive_moments(images, texts, np.arange(30)))


def test_many_blocks_give_what_one_block_gives(monkeypatch):
    views = make_views(n_images=50, n_pairs=500)
    monkeypatch.setattr("itm_sklearn.alignment._moments._BLOCK_ROWS", 16)
    assert_moments(PairMoments().update(*views), naive_moments(*views))


def test_sparse_views_give_what_dense_views_give():
    images, texts, image_index = make_views()
    moments = PairMoments().update(
        sparse.csr_array(images), sparse.csr_array(texts), image_index
    )
    assert_moments(moments, naive_moments(images, texts, image_index))


@given(
    cuts=st.lists(st.integers(1, 79), max_size=6, unique=True),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=25)
def test_any_chunking_in_any_order_gives_the_same(cuts, seed):
    images, texts, image_index = make_views()
    chunks = np.split(np.arange(80), sorted(cuts))
    np.random.default_rng(seed).shuffle(chunks)
    parts = [
        PairMoments().update(images[image_index[rows]], texts[rows]) for rows in chunks
    ]
    total = sum(parts, PairMoments())
    assert total.n_pairs == 80
    assert_moments(total, naive_moments(images, texts, image_index))


@pytest.mark.parametrize(("dtype", "precise"), [("f4", False), ("f8", True)])
def test_products_are_in_the_precision_of_the_features(dtype, precise):
    views = make_views()
    images, texts = (view.astype(dtype) for view in views[:2])
    expected = PairMoments(np.float64).update(images, texts, views[2])
    moments = PairMoments().update(images, texts, views[2])
    assert (moments.image_scatter == expected.image_scatter).all() == precise
    assert_moments(moments, {name: getattr(expected, name) for name in NAMES}, 1e-4)


def test_adding_leaves_the_parts_as_they_were():
    images, texts, _ = make_views(n_pairs=30)
    first = PairMoments().update(images[:10], texts[:10])
    before = first.image_scatter.copy()
    _ = first + PairMoments().update(images[10:], texts[10:])
    assert first.n_pairs == 10
    np.testing.assert_array_equal(first.image_scatter, before)


@pytest.mark.parametrize(
    ("dtype", "offset", "tolerance"), [("f8", 1e8, 1e-6), ("f4", 1e4, 0.05)]
)
def test_offsets_cost_only_the_digits_that_the_data_lost(dtype, offset, tolerance):
    images, texts, image_index = make_views()
    far_images = (images + offset).astype(dtype)
    moments = PairMoments(np.dtype(dtype)).update(far_images, texts, image_index)
    expected = naive_moments(images, texts, image_index)
    np.testing.assert_allclose(
        moments.image_scatter, expected["image_scatter"], atol=tolerance
    )


@pytest.mark.parametrize("offset", [0, 0.5, 1.2, 1.5, 5, 1e3, 1e6])
def test_no_offset_costs_products_of_single_precision_a_digit(offset):
    rng = np.random.default_rng(0)
    images, texts = rng.normal(size=(3000, 4)), rng.normal(size=(3000, 3))
    expected = naive_moments(images, texts, np.arange(3000))
    moments = PairMoments(np.float32).update(images + offset, texts - offset)
    for name in NAMES[2:]:
        scatter = getattr(moments, name)
        np.testing.assert_allclose(scatter / 3000, expected[name] / 3000, atol=1e-6)


def test_a_far_row_hides_no_offset():
    """The first row is always in the sample that offsets are found by."""
    images = np.random.default_rng(0).normal(size=(3000, 4)) + 1000
    images[0] = -5000
    exact = PairMoments(np.float64).update(images, images).image_scatter
    scatter = PairMoments(np.float32).update(images, images).image_scatter
    np.testing.assert_allclose(scatter, exact, rtol=1e-5)


def test_a_constant_column_has_a_scatter_of_exactly_zero():
    images, texts, image_index = make_views()
    images[:, 1] = 0.1
    moments = PairMoments().update(images, texts, image_index)
    assert (moments.image_scatter[1] == 0).all()
    assert moments.image_mean[1] == 0.1


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_units_of_measurement_fit_into_single_precision(unit):
    images, texts, image_index = make_views()
    expected = naive_moments(images, texts, image_index)["image_scatter"]
    moments = PairMoments(np.float32).update(images * unit, texts, image_index)
    np.testing.assert_allclose(
        moments.image_scatter / unit**2, expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("dtype", ["u1", "i1", "i8", "f2", ">f8", bool])
def test_numbers_of_any_type_are_summed_as_numbers(dtype):
    """Differences of unsigned integers would begin again at zero."""
    images, texts, image_index = make_views()
    images = (30 * images > 0 if dtype is bool else 30 * images + 60).astype(dtype)
    moments = PairMoments().update(images.tolist(), texts, image_index)
    again = PairMoments().update(images, texts, image_index.tolist())
    expected = naive_moments(images.astype("f8"), texts, image_index)
    assert_moments(again, expected)
    assert_moments(moments, expected)


@pytest.mark.parametrize("shorter", [0, 1])
def test_rows_without_a_partner_are_an_error(shorter):
    views = list(make_views(n_pairs=30)[:2])
    views[shorter] = views[shorter][:25]
    with pytest.raises(ValueError, match="pass image_index"):
        PairMoments().update(*views)


def test_a_missing_number_is_an_error_that_leaves_the_moments_as_they_were():
    images, texts, image_index = make_views()
    moments = PairMoments().update(images, texts, image_index)
    with pytest.raises(ValueError, match="The images hold NaN or infinity in row 2"):
        moments.update(np.where(images == images[2], np.nan, images), texts)
    assert_moments(moments, naive_moments(images, texts, image_index))


def test_pairs_of_other_widths_are_not_mixed():
    """A single column would be added to every column."""
    images, texts, _ = make_views(n_pairs=30)
    moments, narrow = (PairMoments().update(images[:, :k], texts) for k in (4, 1))
    with pytest.raises(ValueError, match="1 image and 3 text features do not go"):
        moments.update(images[:, :1], texts)
    with pytest.raises(ValueError, match="1 image and 3 text features do not go"):
        _ = moments + narrow
