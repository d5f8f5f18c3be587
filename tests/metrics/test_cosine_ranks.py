"""Ranks by cosine without the matrix are those of the matrix."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from itm_sklearn.metrics import _cosine_ranks, _rare_hits
from itm_sklearn.metrics._cosine_ranks import rank_cosines
from itm_sklearn.metrics._ranking import rank_relevant


def small_blocks(monkeypatch):
    """Blocks of 64 x 64, so that small data take many of them."""
    monkeypatch.setattr(_cosine_ranks, "_WIDTH", 64)
    monkeypatch.setattr(_cosine_ranks, "_BLOCK_BYTES", 1)


def make_vectors(n_texts, n_images, dtype):
    # Small whole numbers have exact products, so that ties are ties in any order.
    rng = np.random.default_rng(0)
    texts = rng.choice([-1, 1], (n_texts, 16)).astype(dtype)
    images = rng.choice([-1, 1], (n_images, 16)).astype(dtype)
    return texts, images


def make_relevance(n_texts, n_images, n_relevant):
    rng = np.random.default_rng(1)
    relevant = np.zeros((n_texts, n_images), bool)
    for text, image in enumerate(np.resize(np.arange(n_images), n_texts)):
        relevant[text, image] = True
        relevant[text, rng.choice(n_images, n_relevant - 1, replace=False)] = True
    return sparse.csr_array(relevant)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_relevant", [1, 3, 40])
def test_blocks_give_the_ranks_of_the_whole_matrix(monkeypatch, dtype, n_relevant):
    small_blocks(monkeypatch)
    texts, images = make_vectors(203, 150, dtype)
    relevance = make_relevance(203, 150, n_relevant)
    scores = texts @ images.T
    ours, best_case = rank_cosines(texts, images, relevance)
    theirs = rank_relevant(relevance, scores, axes=(0, 1))
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.ranks, other.ranks)
        np.testing.assert_array_equal(one.starts, other.starts)
        assert one.n_items == other.n_items
    rivals = np.where(relevance.toarray(), -np.inf, scores)
    above = rivals > np.where(relevance.toarray(), scores, -np.inf).max(1)[:, None]
    np.testing.assert_array_equal(best_case[0].first, 1 + above.sum(axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [3, 64, 300])
def test_vectors_that_are_all_one_earn_nothing(dtype, n_features):
    """Not even where the matrix product rounds its edges otherwise."""
    one = np.random.default_rng(0).normal(size=(1, n_features)).astype(dtype)
    relevance = sparse.csr_array(np.eye(5)[np.repeat(np.arange(5), 201)][:, :5])
    relevance = sparse.csr_array(sparse.block_diag([relevance] * 9))
    texts, images = (np.repeat(one, n, axis=0) for n in relevance.shape)
    (texts_first, images_first), best_case = rank_cosines(texts, images, relevance)
    assert (texts_first.first == len(images)).all()
    assert (images_first.first == len(texts) - 201 + 1).all()
    assert all((ranks.first == 1).all() for ranks in best_case)


def test_a_mean_rank_of_random_vectors_is_that_of_scikit_learn_s_cosine():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(120, 20))
    texts = np.repeat(images, 3, axis=0) + rng.normal(scale=2, size=(360, 20))
    relevance = sparse.csr_array(np.repeat(np.eye(120), 3, axis=0))
    ours, _ = rank_cosines(texts, images, relevance, first_only=True)
    scores = cosine_similarity(texts, images)
    theirs = rank_relevant(relevance, scores, axes=(0, 1), first_only=True)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one.ranks, other.ranks)


def test_nan_vectors_are_an_error():
    with pytest.raises(ValueError, match="texts hold NaN"):
        rank_cosines([[np.nan, 1.0]], [[1.0, 0.0]], sparse.csr_array([[1]]))


@pytest.mark.parametrize("one_of", [1, 1000])
def test_rare_and_frequent_hits_are_counted_alike(monkeypatch, one_of):
    """Whole tiles are compared from where hits are no longer rare."""
    monkeypatch.setattr(_rare_hits, "_ONE_OF", one_of)
    small_blocks(monkeypatch)
    texts, images = make_vectors(203, 150, np.float32)
    relevance = make_relevance(203, 150, 3)
    (ours, best_case) = rank_cosines(texts, images, relevance)
    modes = {"first_only": True, "best_case": True}
    for found, options in ((ours, {}), (best_case, modes)):
        held = rank_relevant(relevance, texts @ images.T, axes=(0, 1), **options)
        for one, other in zip(found, held, strict=True):
            np.testing.assert_array_equal(one.ranks, other.ranks)
