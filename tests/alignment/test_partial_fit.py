"""CCA of pairs that come in chunks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itm_sklearn.alignment import CCA, PairMoments
from itm_sklearn.pairs import ImageTextPairs

LEARNED = ["correlations_", "image_weights_", "text_weights_", "text_mean_"]


@pytest.fixture(scope="module")
def views():
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(300, 3))
    images = topics @ rng.normal(size=(3, 6)) + rng.normal(size=(300, 6))
    return images, topics @ rng.normal(size=(3, 4)) + rng.normal(size=(300, 4))


def assert_same_result(first, second):
    assert first.ridge_ == second.ridge_
    for name in LEARNED:
        np.testing.assert_allclose(
            getattr(first, name), getattr(second, name), atol=1e-6
        )


@pytest.mark.parametrize("ridge", [0.0, 0.3, "auto"])
@given(cuts=st.lists(st.integers(1, 149), max_size=5, unique=True))
@settings(deadline=None, max_examples=10)
def test_any_chunking_gives_what_one_fit_gives(views, ridge, cuts):
    whole = CCA(ridge=ridge).partial_fit(*views)
    chunked = CCA(ridge=ridge)
    for rows in np.split(np.arange(300), 2 * np.sort(np.array(cuts, int))):
        chunked.partial_fit(views[0][rows], views[1][rows])
    assert_same_result(chunked, whole)
    assert_same_result(chunked, CCA(ridge=ridge).fit(*views))


def test_moments_that_were_summed_elsewhere_are_as_good_as_pairs(views):
    chunks = [
        PairMoments().update(views[0][rows], views[1][rows])
        for rows in (slice(100), slice(100, 300))
    ]
    cca = CCA().partial_fit(sum(chunks, PairMoments()))
    assert_same_result(cca, CCA().fit(*views))


def test_chunks_of_pairs_count_images_by_their_texts(views):
    images, texts = views
    image_index = np.repeat(np.arange(100), 3)
    cca = CCA()
    for chunk in (slice(150), slice(150, 300)):
        cca.partial_fit(ImageTextPairs(images[:100], texts, image_index)[chunk])
    assert_same_result(cca, CCA().fit(images[image_index], texts))


def test_the_first_call_after_fit_begins_anew(views):
    images, texts = views
    cca = CCA().fit(images[:200], texts[:200]).partial_fit(images, texts)
    assert_same_result(cca, CCA().fit(images, texts))


@pytest.mark.parametrize("sizes", [(299, 1), (1, 299)])
def test_a_chunk_may_hold_a_single_pair(views, sizes):
    cca = CCA()
    for rows in np.split(np.arange(300), np.cumsum(sizes)[:-1]):
        cca.partial_fit(views[0][rows], views[1][rows])
    assert_same_result(cca, CCA().fit(*views))


def test_a_single_pair_is_too_little_to_solve():
    cca = CCA().partial_fit([[1.0, 2.0]], [[3.0]])
    with pytest.raises(ValueError, match="all 1 pairs have the same"):
        _ = cca.correlations_


def test_chunks_in_single_precision_give_correlations_to_a_millionth(views):
    images, texts = (view.astype(np.float32) for view in views)
    cca = CCA()
    for rows in np.array_split(np.arange(300), 7):
        cca.partial_fit(images[rows], texts[rows])
    expected = CCA().fit(*views).correlations_
    np.testing.assert_allclose(cca.correlations_, expected, atol=1e-6)


def test_adding_to_moments_that_were_handed_in_leaves_them_alone(views):
    moments = PairMoments().update(*views)
    before = moments.image_scatter.copy()
    CCA().partial_fit(moments).partial_fit(*views)
    np.testing.assert_array_equal(moments.image_scatter, before)


def test_a_chunk_of_another_width_is_an_error(views):
    images, texts = views
    cca = CCA().partial_fit(images, texts)
    with pytest.raises(ValueError, match="The texts have 3 features"):
        cca.partial_fit(images, texts[:, 1:])


def test_too_few_pairs_for_left_out_parts_are_an_error_with_a_way_out():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="set the ridge to a number"):
        CCA(ridge="auto").fit(rng.normal(size=(3, 2)), rng.normal(size=(3, 2)))


@pytest.mark.parametrize("ridge", [0.3, "auto"])
def test_moments_of_another_width_are_an_error(views, ridge):
    narrow = PairMoments().update(views[0][:, :1], views[1][:, :1])
    cca = CCA(1, ridge=ridge).partial_fit(PairMoments().update(*views))
    with pytest.raises(ValueError, match="do not go with"):
        cca.partial_fit(narrow)


def test_moments_of_no_pairs_are_an_error():
    with pytest.raises(ValueError, match="hold nothing to learn"):
        CCA().partial_fit(PairMoments())
