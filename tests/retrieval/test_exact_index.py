"""The exact index: the same neighbours as a full sort, in bounded memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from itm_sklearn.retrieval import ExactIndex, _exact_index


def brute_force(queries, vectors, n_neighbors):
    """Neighbours by a stable sort of all cosines."""
    unit = [part / np.linalg.norm(part, axis=1)[:, None] for part in (queries, vectors)]
    return np.argsort(-(unit[0] @ unit[1].T), axis=1, kind="stable")[:, :n_neighbors]


@pytest.mark.parametrize("block", [7, 64, 4096])
@pytest.mark.parametrize("n_neighbors", [1, 10, 100])
def test_neighbours_are_those_of_a_full_sort(monkeypatch, block, n_neighbors):
    monkeypatch.setattr(_exact_index, "_N_VECTORS", block)
    rng = np.random.default_rng(0)
    vectors, queries = rng.normal(size=(500, 6)), rng.normal(size=(300, 6))
    _, neighbors = ExactIndex().fit(vectors).kneighbors(queries, n_neighbors)
    np.testing.assert_array_equal(neighbors, brute_force(queries, vectors, n_neighbors))


def test_it_agrees_with_scikit_learns_neighbours():
    rng = np.random.default_rng(1)
    vectors, queries = rng.normal(size=(200, 5)), rng.normal(size=(20, 5))
    distances, neighbors = ExactIndex().fit(vectors).kneighbors(queries, 7)
    peer = NearestNeighbors(metric="cosine").fit(vectors)
    expected, expected_neighbors = peer.kneighbors(queries, 7)
    np.testing.assert_array_equal(neighbors, expected_neighbors)
    np.testing.assert_allclose(distances, expected, atol=1e-12)


@given(
    st.lists(st.sampled_from([(1, 0), (0, 1), (1, 1), (-1, 0)]), min_size=1),
    st.data(),
)
def test_vectors_at_one_distance_come_in_the_order_of_their_rows(rows, data):
    vectors = np.array(rows, dtype=float)
    n_neighbors = data.draw(st.integers(1, len(rows)))
    _, neighbors = ExactIndex().fit(vectors).kneighbors([[1.0, 0.5]], n_neighbors)
    expected = brute_force(np.array([[1.0, 0.5]]), vectors, n_neighbors)
    np.testing.assert_array_equal(neighbors, expected)


def test_single_precision_is_kept():
    index = ExactIndex().fit(np.eye(3, dtype=np.float32))
    assert index.vectors_.dtype == np.float32
    assert index.kneighbors(np.eye(3), 1)[0].dtype == np.float32


def test_no_matrix_of_all_scores_is_held():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50_000, 8)).astype(np.float32)
    queries = rng.normal(size=(500, 8)).astype(np.float32)
    index = ExactIndex().fit(vectors)
    tracemalloc.start()
    index.kneighbors(queries, 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.2 * queries.shape[0] * vectors.shape[0] * 4


@pytest.mark.parametrize("n_neighbors", [0, 4])
def test_a_number_of_neighbours_out_of_range_is_an_error(n_neighbors):
    with pytest.raises(ValueError, match="ask for 1 to 3"):
        ExactIndex().fit(np.eye(3)).kneighbors(np.eye(3), n_neighbors)


def test_a_nan_query_is_an_error():
    with pytest.raises(ValueError, match="NaN"):
        ExactIndex().fit(np.eye(2)).kneighbors([[np.nan, 1]])
