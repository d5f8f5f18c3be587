"""CCA with a wide sparse view, which is never made dense."""

import numpy as np
import pytest
from scipy import sparse

from itm_sklearn.alignment import CCA, _sparse
from itm_sklearn.pairs import ImageTextPairs


def make_views(n_pairs=400, n_words=120, seed=0):
    """Image features, and words that are used or not as their topics say."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(n_pairs, 4))
    images = topics @ rng.normal(size=(4, 6)) + rng.normal(size=(n_pairs, 6))
    words = topics @ rng.normal(size=(4, n_words)) + rng.normal(size=(n_pairs, n_words))
    return images, sparse.csr_array(np.where(words > 2, words, 0.0))


def assert_same_directions(first, second):
    for name in ("correlations_", "image_weights_", "text_weights_", "text_mean_"):
        np.testing.assert_allclose(
            getattr(first, name), getattr(second, name), atol=2e-3
        )
    np.testing.assert_allclose(first.correlations_, second.correlations_, atol=1e-6)


@pytest.mark.parametrize("scale", [True, False])
def test_the_iteration_finds_what_the_covariance_gives(scale):
    images, words = make_views()
    exact = CCA(3, scale=scale, solver="covariance").fit(images, words)
    assert_same_directions(
        CCA(3, scale=scale, solver="sparse").fit(images, words), exact
    )


def test_the_wide_view_may_be_the_images():
    images, words = make_views()
    exact = CCA(3, ridge=(0.5, 0.2), solver="covariance").fit(words, images)
    cca = CCA(3, ridge=(0.5, 0.2), solver="sparse").fit(words, images)
    assert_same_directions(cca, exact)


@pytest.mark.parametrize("wide", ["image", "text"])
def test_images_count_once_for_each_of_their_texts(wide):
    images, words = make_views()
    image_index = np.random.default_rng(1).integers(100, size=400)
    views = (words[:100], images) if wide == "image" else (images[:100], words)
    pairs = ImageTextPairs(*views, image_index)
    exact = CCA(3, solver="covariance").fit(pairs)
    assert_same_directions(CCA(3, solver="sparse").fit(pairs), exact)


def test_a_wide_vocabulary_is_recognised_and_never_made_dense(monkeypatch):
    images, words = make_views(n_pairs=300, n_words=5000)

    def refuse(self, *args, **kwargs):
        raise AssertionError("made dense")

    # As if 300 rows were too many for a matrix of rows by rows.
    monkeypatch.setattr(_sparse, "_WIDE", 100)
    monkeypatch.setattr(sparse.csr_array, "toarray", refuse)
    cca = CCA(3).fit(images, words)
    assert cca.transform_text(words).shape == (300, 3)


def test_more_components_than_the_iteration_likes_are_found_all_the_same():
    images, words = make_views(n_words=8)
    exact = CCA(solver="covariance").fit(images, words)
    cca = CCA(solver="sparse").fit(images, words)
    np.testing.assert_allclose(cca.correlations_, exact.correlations_, atol=1e-6)


def test_a_word_in_no_text_gets_no_weight():
    images, words = make_views()
    words = sparse.csr_array(sparse.hstack([words, sparse.csr_array((400, 1))]))
    cca = CCA(3, solver="sparse").fit(images, words)
    assert (cca.text_weights_[-1] == 0).all()


@pytest.mark.parametrize("offset", [2e2, 1e5, 1e9])
def test_a_column_that_is_full_may_lie_far_from_zero(offset):
    """A year beside the words; single precision holds seven digits of it."""
    images, words = make_views()
    years = offset + images[:, :1]
    words = sparse.csr_array(sparse.hstack([words, years]))
    before = words.copy()
    found = CCA(3, solver="sparse").fit(images, words)
    assert_same_directions(found, CCA(3, solver="covariance").fit(images, words))
    assert (words != before).nnz == 0


@pytest.mark.parametrize(
    ("ridge", "message"),
    [("auto", "Set the ridge to a number"), ((0.1, 0.0), "Set its ridge to 0.1")],
)
def test_ridges_that_need_a_covariance_are_errors_with_a_way_out(ridge, message):
    images = np.random.default_rng(0).normal(size=(6000, 4))
    words = sparse.random_array(
        (6000, 5000), density=1e-3, random_state=0, format="csr"
    )
    with pytest.raises(ValueError, match=message):
        CCA(3, ridge=ridge).fit(images, words)


def test_two_wide_views_are_an_error_with_a_way_out(monkeypatch):
    _, words = make_views(n_words=5000)
    monkeypatch.setattr(_sparse, "_WIDE", 100)
    with pytest.raises(ValueError, match="Reduce one of them with TruncatedSVD"):
        CCA(3).fit(words, words)


def test_directions_that_the_narrow_view_lacks_are_zero():
    """Three hidden topics in ten features leave seven directions empty."""
    rng = np.random.default_rng(0)
    topics = rng.normal(size=(300, 3))
    images = topics @ rng.normal(size=(3, 10))
    words = topics @ rng.normal(size=(3, 40)) + rng.normal(size=(300, 40))
    words = sparse.csr_array(np.where(words > 1, words, 0.0))
    cca = CCA(solver="sparse").fit(images, words)
    assert (cca.correlations_[:3] > 0.1).all()
    assert not cca.correlations_[3:].any()
    assert np.isfinite(cca.transform(images)).all()
    exact = CCA(3, solver="gram").fit(images, words.toarray())
    np.testing.assert_allclose(cca.correlations_[:3], exact.correlations_, rtol=1e-4)


def test_a_wide_vocabulary_of_few_texts_is_solved_exactly():
    """Twenty texts hold nineteen directions, whatever the width asked for."""
    rng = np.random.default_rng(0)
    words = sparse.random_array((20, 5000), density=0.01, random_state=0, format="csr")
    images = rng.normal(size=(20, 30))
    cca = CCA().fit(images, words)
    exact = CCA().fit(images, words.toarray())
    assert_same_directions(cca, exact)
    assert np.isfinite(cca.transform_text(words)).all()
