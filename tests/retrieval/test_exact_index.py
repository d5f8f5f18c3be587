"""The exact index: the same neighbours as a full sort, in bounded memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from itm_sklearn.retrieval import ExactIndex, _exact_index, _exact_search


def brute_force(queries, vectors, n_neighbors):
    """Neighbours by a stable sort of all cosines."""
    unit = [part / np.linalg.norm(part, axis=1)[:, None] for part in (queries, vectors)]
    return np.argsort(-(unit[0] @ unit[1].T), axis=1, kind="stable")[:, :n_neighbors]


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def draw_distinct(n_queries, n_vectors, n_features):
    """Queries and vectors whose cosines differ by more than rounding."""
    for seed in range(100):
        queries = draw(n_queries, n_features, seed=seed)
        vectors = draw(n_vectors, n_features, seed=seed + 1000)
        unit = [
            part.astype(float) / np.linalg.norm(part.astype(float), axis=1)[:, None]
            for part in (queries, vectors)
        ]
        if np.diff(np.sort(unit[0] @ unit[1].T, axis=1), axis=1).min() > 1e-6:
            return queries, vectors
    raise AssertionError("no seed will do")


@pytest.fixture
def memmap(tmp_path):
    """A function that puts an array on disk."""

    def put(vectors):
        np.save(tmp_path / "gallery.npy", vectors)
        return np.load(tmp_path / "gallery.npy", mmap_mode="r")

    return put


@pytest.mark.parametrize("block", [7, 64, 4096])
@pytest.mark.parametrize("n_neighbors", [1, 10, 100])
def test_neighbours_are_those_of_a_full_sort(monkeypatch, block, n_neighbors):
    monkeypatch.setattr(_exact_search, "_ROWS", block)
    monkeypatch.setattr(_exact_search, "_QUERIES", 7)
    queries, vectors = draw_distinct(20, 300, 6)
    _, neighbors = ExactIndex().fit(vectors).kneighbors(queries, n_neighbors)
    np.testing.assert_array_equal(neighbors, brute_force(queries, vectors, n_neighbors))


def test_it_agrees_with_scikit_learns_neighbours():
    queries, vectors = draw_distinct(20, 200, 5)
    distances, neighbors = ExactIndex().fit(vectors).kneighbors(queries, 7)
    peer = NearestNeighbors(metric="cosine").fit(vectors)
    expected, expected_neighbors = peer.kneighbors(queries, 7)
    np.testing.assert_array_equal(neighbors, expected_neighbors)
    np.testing.assert_allclose(distances, expected, atol=1e-6)


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


def test_a_vector_twice_has_one_distance_wherever_its_block_ends(monkeypatch):
    """Matrix products round the ragged edge of a block in another way."""
    monkeypatch.setattr(_exact_search, "_ROWS", 37)
    vectors = np.repeat(draw(1, 333), 100, axis=0)
    distances, neighbors = ExactIndex().fit(vectors).kneighbors(draw(5, 333), 20)
    assert (np.ptp(distances, axis=1) == 0).all()
    np.testing.assert_array_equal(neighbors, np.tile(np.arange(20), (5, 1)))


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_lengths_make_no_difference(size):
    queries, vectors = draw_distinct(5, 50, 4)
    expected = ExactIndex().fit(vectors).kneighbors(queries)[1]
    found = ExactIndex().fit(vectors * np.float32(size)).kneighbors(queries)[1]
    np.testing.assert_array_equal(found, expected)


def test_a_vector_of_zeros_is_at_right_angles_to_all():
    distances, _ = ExactIndex().fit(np.zeros((1, 3))).kneighbors(np.eye(3), 1)
    np.testing.assert_array_equal(distances, np.ones((3, 1)))


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_small_numbers_are_exact_for_what_is_kept(storage):
    queries, vectors = draw_distinct(10, 200, 32)
    index = ExactIndex(storage=storage).fit(vectors)
    (segment,) = index._segments
    assert segment.stored.dtype == storage
    kept = segment.stored.astype(float)
    found = index.kneighbors(queries, 5)[1]
    np.testing.assert_array_equal(found, brute_force(queries, kept, 5))


@pytest.mark.parametrize("storage", ["float32", "float16", "int8"])
def test_a_gallery_on_disk_is_searched_exactly(storage, memmap):
    queries, vectors = draw_distinct(10, 300, 32)
    index = ExactIndex(storage=storage).fit(memmap(vectors))
    found = index.kneighbors(queries, 5)[1]
    np.testing.assert_array_equal(found, brute_force(queries, vectors, 5))


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_a_gallery_on_disk_stays_there(kind, memmap):
    vectors = memmap(draw(40_000, 256).astype(kind))
    tracemalloc.start()
    index = ExactIndex().fit(vectors)
    index.kneighbors(draw(3, 256))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.9 * 40_000 * 256 * 2


def test_a_gallery_on_disk_can_grow_and_shrink(memmap):
    queries, vectors = draw_distinct(10, 300, 32)
    index = ExactIndex().fit(memmap(vectors[:200]))
    index.add(vectors[200:])
    index.remove(np.arange(100))
    expected = 100 + brute_force(queries, vectors[100:], 5)
    np.testing.assert_array_equal(index.kneighbors(queries)[1], expected)


def test_small_numbers_with_originals_on_disk_are_saved_and_shrunk(memmap, tmp_path):
    """What was exact stays exact."""
    vectors, queries = draw(60, 16), draw(4, 16, seed=1)
    index = ExactIndex(storage="int8").fit(memmap(vectors))
    index.remove([0, 30])
    left = np.delete(np.arange(60), [0, 30])
    expected = left[brute_force(queries, vectors[left], 5)]
    index.save(tmp_path / "index")
    for each in (index, ExactIndex.load(tmp_path / "index")):
        np.testing.assert_array_equal(each.kneighbors(queries, 5)[1], expected)


def test_adding_one_by_one_leaves_few_segments():
    index = ExactIndex().fit(draw(1, 4))
    for vector in draw(200, 4):
        index.add([vector])
    assert len(index._segments) < 10


def test_large_segments_are_not_copied_by_adding(monkeypatch):
    monkeypatch.setattr(_exact_index, "_JOIN_BYTES", 1000)
    index = ExactIndex().fit(draw(100, 4))
    before = index._segments[0].stored
    index.add(draw(100, 4))
    assert index._segments[0].stored is before


def test_no_matrix_of_all_scores_is_held():
    index = ExactIndex().fit(draw(100_000, 8))
    queries = draw(1000, 8)
    tracemalloc.start()
    index.kneighbors(queries, 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.1 * 1000 * 100_000 * 4


@pytest.mark.parametrize(
    "settings",
    [{"product": "bfloat16"}, {"device": "cpu"}, {"device": "cpu", "storage": "int8"}],
    ids=str,
)
def test_torch_finds_the_same_neighbours(settings, memmap):
    pytest.importorskip("torch")
    queries, vectors = draw_distinct(10, 300, 32)
    index = ExactIndex(**settings).fit(memmap(vectors))
    distances, neighbors = index.kneighbors(queries, 5)
    expected = ExactIndex().fit(vectors).kneighbors(queries, 5)
    np.testing.assert_array_equal(neighbors, expected[1])
    np.testing.assert_array_equal(distances, expected[0])


def test_half_precision_tells_neighbours_apart_that_it_rounds_to_one():
    pytest.importorskip("torch")
    angles = np.linspace(0, 0.1, 100)[::-1]
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    index = ExactIndex(product="bfloat16").fit(vectors)
    assert index.kneighbors([[1.0, 0.0]], 1)[1] == 99


@pytest.mark.parametrize("n_neighbors", [0, 4])
def test_a_number_of_neighbours_out_of_range_is_an_error(n_neighbors):
    with pytest.raises(ValueError, match="ask for 1 to 3"):
        ExactIndex().fit(np.eye(3)).kneighbors(np.eye(3), n_neighbors)


def test_a_nan_query_is_an_error():
    with pytest.raises(ValueError, match="NaN"):
        ExactIndex().fit(np.eye(2)).kneighbors([[np.nan, 1]])
