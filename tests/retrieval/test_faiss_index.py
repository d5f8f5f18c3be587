"""Approximate search: how much it finds is measured, and nothing goes wrong unseen.

What it has in common with other indexes is in `test_index_contract.py`.
"""

import pickle

import numpy as np
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from itm_sklearn.retrieval import ExactIndex, FaissIndex

pytest.importorskip("faiss", reason="faiss is not installed")


def draw(n_vectors, n_features=16, seed=0):
    return np.random.default_rng(seed).standard_normal((n_vectors, n_features))


@pytest.fixture(scope="module")
def gallery():
    return draw(2000)


@pytest.fixture(scope="module", params=["hnsw", "ivfpq", "flat"])
def index(request, gallery):
    return FaissIndex(request.param, random_state=0).fit(
        gallery, metadata={"number": np.arange(len(gallery))}
    )


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=check.func.__name__)
        for _, check in estimator_checks_generator(FaissIndex())
    ],
)
def test_scikit_learns_own_checks(check):
    check(FaissIndex())


def test_the_graph_finds_nearly_all_neighbours(gallery):
    index = FaissIndex("hnsw", n_candidates=256, random_state=0).fit(gallery)
    assert index.recall_ > 0.98


def test_measured_recall_is_the_share_of_true_neighbours(index, gallery):
    exact, queries = ExactIndex().fit(gallery), draw(50, seed=1)
    truth, found = (part.kneighbors(queries, 10)[1] for part in (exact, index))
    shares = [len(set(a) & set(b)) / 10 for a, b in zip(truth, found, strict=True)]
    assert index.measure_recall(queries, exact) == pytest.approx(np.mean(shares))


def test_recall_falls_when_less_is_looked_at(gallery):
    many = FaissIndex("ivfpq", n_probes=40, code_size=16, random_state=0).fit(gallery)
    few = FaissIndex("ivfpq", n_probes=1, code_size=16, random_state=0).fit(gallery)
    assert few.recall_ < many.recall_


def test_a_search_for_more_than_it_comes_across_finds_them_all(index, gallery):
    """One list, or one walk through the graph, does not hold two thousand."""
    ids = index.kneighbors(draw(2, seed=1), len(gallery))[1]
    for row in ids:
        assert set(row) == set(range(len(gallery)))


@pytest.mark.parametrize("n_wanted", [3, 50, 1500])
def test_a_condition_loses_no_places(index, n_wanted):
    ids = index.kneighbors(draw(20, seed=1), 10, where=f"number < {n_wanted}")[1]
    assert ids.shape == (20, min(10, n_wanted))
    assert ((ids >= 0) & (ids < n_wanted)).all()


def test_others_are_found_as_before_when_most_are_removed(gallery):
    """Lists of codes are thinned out without coding anything anew."""
    index = FaissIndex("ivfpq", n_probes=44, random_state=0).fit(gallery)
    queries = draw(20, seed=1)
    distances, ids = index.kneighbors(queries, len(gallery))
    index.remove(np.arange(500, 2000))
    assert index._rows.ntotal == 500
    kept = ids < 500
    after = index.kneighbors(queries, 500)
    np.testing.assert_array_equal(after[1].ravel(), ids[kept])
    np.testing.assert_allclose(after[0].ravel(), distances[kept], atol=1e-5)


def test_rows_are_read_back_after_they_were_thinned_out(gallery):
    index = FaissIndex("ivfpq", random_state=0).fit(gallery)
    index.remove(np.arange(0, 1900))
    index.add(gallery[:5])
    index.remove([1999])
    ids = index.kneighbors(gallery[:5], 104)[1]
    assert sorted(ids[0]) == [*range(1900, 1999), *range(2000, 2005)]


def test_quantisation_of_few_vectors_is_refused():
    with pytest.raises(ValueError, match=r"at least 256 vectors, and 100 were given"):
        FaissIndex("ivfpq").fit(draw(100))


def test_a_code_that_does_not_divide_the_features_is_refused():
    with pytest.raises(ValueError, match=r"code_size=5 does not divide the 16 feat"):
        FaissIndex("ivfpq", code_size=5).fit(draw(300))


def test_a_nan_query_is_an_error(index):
    """faiss itself answers with ids of -1."""
    with pytest.raises(ValueError, match="NaN"):
        index.kneighbors(np.full((1, 16), np.nan))


def test_a_flipped_bit_is_refused(index, tmp_path):
    """faiss itself loads it, with changed vectors."""
    path = index.save(tmp_path / "index")
    (file,) = path.glob("vectors.*.faiss")
    content = bytearray(file.read_bytes())
    for place in np.random.default_rng(0).integers(0, len(content), 100):
        content[place] ^= 4
        file.write_bytes(content)
        content[place] ^= 4
        with pytest.raises(ValueError, match="is damaged"):
            FaissIndex.load(path)


def test_it_is_read_from_disk_where_it_lies(index, tmp_path):
    loaded = FaissIndex.load(index.save(tmp_path / "index"), mmap=True)
    queries = draw(5, seed=1)
    np.testing.assert_array_equal(
        loaded.kneighbors(queries)[1], index.kneighbors(queries)[1]
    )
    assert loaded.recall_ == index.recall_


def test_it_can_be_pickled(index):
    again = pickle.loads(pickle.dumps(index))
    queries = draw(5, seed=1)
    np.testing.assert_array_equal(
        again.kneighbors(queries)[1], index.kneighbors(queries)[1]
    )


def test_without_faiss_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    with pytest.raises(ImportError, match=r"pip install itm-sklearn\[search\]"):
        FaissIndex().fit(draw(10))
