"""What every index in memory does, whatever it is made of."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itm_sklearn.retrieval import ExactIndex, FaissIndex

pd = pytest.importorskip("pandas")

LABELS = np.array(["dog", "cat", "ox"])


def make_flat():
    pytest.importorskip("faiss", reason="faiss is not installed")
    return FaissIndex("flat")


def make_graph():
    pytest.importorskip("faiss", reason="faiss is not installed")
    return FaissIndex("hnsw")


def make_exact():
    return ExactIndex()


INDEXES = [make_exact, make_flat, make_graph]


def draw(n_vectors, seed=0):
    return np.random.default_rng(seed).standard_normal((n_vectors, 4))


def table(n_rows, first=0):
    numbers = first + np.arange(n_rows)
    return {"label": LABELS[numbers % 3], "image": numbers // 2}


@pytest.fixture(params=INDEXES, ids=lambda make: make.__name__)
def index(request):
    return request.param().fit(draw(30), metadata=table(30))


def nearest(vectors, query, n_neighbors):
    """Ids of a dict from id to vector, the nearest first."""
    ids = np.array(sorted(vectors))
    unit = np.array([vectors[i] / np.linalg.norm(vectors[i]) for i in ids])
    order = np.argsort(-(unit @ query), kind="stable")
    return ids[order][:n_neighbors]


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 5)),
        st.tuples(st.just("remove"), st.floats(0, 1)),
        st.tuples(st.just("save"), st.none()),
    ),
    max_size=12,
)


@pytest.mark.parametrize("make", INDEXES)
@settings(deadline=None, max_examples=40)
@given(actions=ACTIONS, seed=st.integers(0, 1000))
def test_it_does_as_a_dict_of_vectors_does(make, actions, seed, tmp_path_factory):
    rng = np.random.default_rng(seed)
    model = dict(enumerate(rng.standard_normal((3, 4))))
    n_given = 3
    index = make().fit(list(model.values()))
    for action, value in actions:
        if action == "add":
            vectors = rng.standard_normal((value, 4))
            ids = index.add(vectors)
            assert ids.tolist() == list(range(n_given, n_given + value))
            model |= dict(zip(ids.tolist(), vectors, strict=True))
            n_given += value
        elif action == "remove" and len(model) > 1:
            id_ = sorted(model)[int(value * (len(model) - 1))]
            index.remove([id_])
            del model[id_]
        elif action == "save":
            index = type(index).load(index.save(tmp_path_factory.mktemp("i") / "i"))
        assert index.n_vectors_ == len(model)
        assert index.ids_.tolist() == sorted(model)
        query = rng.standard_normal(4)
        found = index.kneighbors([query], len(model))[1][0]
        assert found.tolist() == nearest(model, query, len(model)).tolist()


def test_only_vectors_that_meet_the_condition_are_found(index):
    _, ids = index.kneighbors(draw(5, seed=1), 8, where="label == 'dog'")
    assert set(ids.ravel() % 3) == {0}
    assert ids.shape == (5, 8)


def test_fewer_columns_come_when_fewer_vectors_meet_the_condition(index):
    assert index.kneighbors(draw(2), 5, where="image in [0, 1]")[1].shape == (2, 4)
    assert index.kneighbors(draw(2), 5, where="image < 0")[1].shape == (2, 0)


def test_a_removed_vector_meets_no_condition(index):
    index.remove([0, 1])
    assert index.kneighbors(draw(2), 5, where="image in [0, 1]")[1].shape == (2, 2)


def test_of_each_group_only_the_nearest_vector_counts(index):
    queries = draw(5, seed=1)
    everything = index.kneighbors(queries, 30)[1]
    distances, ids = index.kneighbors(queries, 15, group_by="image")
    for row, found in zip(everything, ids, strict=True):
        firsts = np.sort(np.unique(row // 2, return_index=True)[1])
        np.testing.assert_array_equal(found, row[firsts])
    assert (np.diff(distances, axis=1) >= 0).all()


def test_groups_that_are_rare_among_the_nearest_are_found(index):
    """The first vectors looked at are all of one group."""
    near = np.tile([1.0, 0, 0, 0], (40, 1))
    index.add(near, metadata={"label": ["dog"] * 40, "image": [99] * 40})
    ids = index.kneighbors([[1.0, 0, 0, 0]], 3, group_by="image")[1][0]
    assert ids[0] >= 30
    assert len(set(ids[1:] // 2)) == 2
    assert (ids[1:] < 30).all()


def test_metadata_may_be_a_data_frame():
    index = ExactIndex().fit(np.eye(2), metadata=pd.DataFrame({"year": [1, 2]}))
    assert index.kneighbors([[1.0, 1.0]], 1, where="year > 1")[1] == 1


def test_an_absent_column_is_named(index):
    with pytest.raises(ValueError, match=r"no column 'year'; known are: image, label"):
        index.kneighbors(draw(1), where="year > 2000")
    with pytest.raises(ValueError, match=r"group_by='year'.*image, label"):
        index.kneighbors(draw(1), group_by="year")


def test_added_vectors_need_the_columns_of_the_others(index):
    with pytest.raises(ValueError, match="Give the same columns"):
        index.add(draw(2), metadata={"label": ["dog", "cat"]})
    assert index.n_vectors_ == 30


def test_a_removed_id_is_never_given_again(index):
    index.remove([29])
    assert index.add(draw(1), metadata=table(1)).tolist() == [30]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ([[np.nan, 0, 0, 1]], "NaN"),
        ([[np.inf, 0, 0, 1]], "infinity"),
        ([[1, 2, 3]], "3 features"),
        ([1, 2, 3, 4], "2D array"),
        (np.empty((0, 4)), "0 sample"),
    ],
)
def test_a_query_that_has_the_right_type_is_checked_all_the_same(index, query, message):
    with pytest.raises(ValueError, match=message):
        index.kneighbors(np.array(query, np.float32))


def test_what_is_not_there_can_not_be_removed(index):
    with pytest.raises(ValueError, match="does not hold 1 of the 2 ids, such as 30"):
        index.remove([3, 30])
    assert index.n_vectors_ == 30
    with pytest.raises(TypeError, match="whole numbers"):
        index.remove([0.5])


def test_an_index_can_be_emptied_and_filled_again(index):
    index.remove(index.ids_)
    assert index.n_vectors_ == 0
    with pytest.raises(ValueError, match="holds 0 vectors"):
        index.kneighbors(draw(1), 1)
    assert index.add(draw(1), metadata=table(1)).tolist() == [30]
    assert index.kneighbors(draw(1), 1)[1] == 30


def test_a_saved_index_comes_back_as_it_was(index, tmp_path):
    index.remove([3, 4])
    loaded = type(index).load(index.save(tmp_path / "index"))
    queries = draw(5, seed=1)
    for options in ({}, {"where": "label != 'dog'"}, {"group_by": "image"}):
        ours = index.kneighbors(queries, 6, **options)
        theirs = loaded.kneighbors(queries, 6, **options)
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])
    assert loaded.get_params() == index.get_params()
    assert loaded.n_features_in_ == 4
    assert loaded.add(draw(1), metadata=table(1)).tolist() == [30]


def test_an_index_can_be_saved_over_the_one_it_was_read_from(index, tmp_path):
    path = index.save(tmp_path / "index")
    loaded = type(index).load(path, mmap=True)
    loaded.add(draw(5), metadata=table(5))
    loaded.remove([0])
    again = type(index).load(loaded.save(path))
    assert again.ids_.tolist() == list(range(1, 35))


def test_another_class_refuses_it(index, tmp_path):
    path = index.save(tmp_path / "index")

    class OtherIndex(ExactIndex):
        pass

    with pytest.raises(ValueError, match=f"saved {type(index).__name__}, not a Other"):
        OtherIndex.load(path)


def test_no_flipped_bit_gives_another_index(index, tmp_path):
    """Every byte of the manifest, and three hundred of the rest."""
    path = index.save(tmp_path / "index")
    queries = draw(5, seed=1)
    expected = index.kneighbors(queries, 30)
    for file in sorted(path.iterdir()):
        content = file.read_bytes()
        for place in range(0, len(content), max(1, len(content) // 150)):
            damaged = bytearray(content)
            damaged[place] ^= 1 << place % 8
            file.write_bytes(damaged)
            try:
                loaded = type(index).load(path)
            except (ValueError, FileNotFoundError):
                continue
            # White space of the manifest means nothing.
            assert file.name == "manifest.json"
            found = loaded.kneighbors(queries, 30)
            np.testing.assert_array_equal(found, expected)
        file.write_bytes(content)


@pytest.mark.parametrize("part", ["vectors", "rows", "manifest"])
def test_half_a_file_is_refused(index, tmp_path, part):
    path = index.save(tmp_path / "index")
    (file,) = path.glob(f"{part}*")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ValueError, match="is damaged"):
        type(index).load(path)
    file.unlink()
    with pytest.raises((ValueError, FileNotFoundError), match="no manifest|missing"):
        type(index).load(path)


def test_a_later_format_is_refused(index, tmp_path, monkeypatch):
    monkeypatch.setattr("itm_sklearn._directory._FORMAT", 2)
    path = index.save(tmp_path / "index")
    assert json.loads((path / "manifest.json").read_text())["format"] == 2
    monkeypatch.undo()
    with pytest.raises(ValueError, match="has format 2, and this version reads 1"):
        type(index).load(path)


def test_a_directory_of_something_else_is_left_alone(index, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"dog")
    with pytest.raises(ValueError, match=r"'photo.jpg', which was not saved by"):
        index.save(tmp_path)
    assert (tmp_path / "photo.jpg").exists()
    with pytest.raises(FileNotFoundError, match="no manifest.json"):
        type(index).load(tmp_path)


def test_a_saved_index_can_be_copied_elsewhere(index, tmp_path):
    path = index.save(tmp_path / "index")
    shutil.copytree(path, tmp_path / "copy")
    assert type(index).load(tmp_path / "copy").n_vectors_ == 30
