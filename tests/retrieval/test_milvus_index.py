"""The index in a database: as exact as the exact one, and there after a restart."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, ExactIndex, MilvusIndex

PACKAGES = "pymilvus and milvus-lite are not installed"
pytest.importorskip("milvus_lite", reason=PACKAGES)
# Its packages warn when they are imported, and leave sockets to the end.
pytestmark = pytest.mark.filterwarnings("default")
LABELS = np.array(["dog", "cat", "o'x"])


def draw(n_vectors, seed=0):
    return np.random.default_rng(seed).standard_normal((n_vectors, 8))


def table(n_rows):
    numbers = np.arange(n_rows)
    return {
        "label": LABELS[numbers % 3],
        "image": numbers // 2,
        "weight": numbers / 4,
        "sold": numbers % 2 == 0,
    }


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return str(tmp_path_factory.mktemp("milvus") / "gallery.db")


@pytest.fixture(scope="module")
def index(path):
    return MilvusIndex(path).fit(draw(300), metadata=table(300))


@pytest.fixture(scope="module")
def exact():
    return ExactIndex().fit(draw(300), metadata=table(300))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"where": "label == 'dog'"},
        {"where": 'label == "o\'x" and not image in [4, 5]'},
        {"where": "10 < image < 30 or weight > 70.5"},
        {"where": "sold and label != 'cat'"},
        {"where": "image in [0, 1]"},
        {"where": "image < 0"},
        {"group_by": "image"},
        {"group_by": "label", "where": "image > 3"},
    ],
    ids=str,
)
def test_it_finds_what_the_exact_index_finds(index, exact, options):
    queries = draw(150, seed=1)
    found = index.kneighbors(queries, 3, **options)
    expected = exact.kneighbors(queries, 3, **options)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_allclose(found[0], expected[0], atol=1e-6)


def test_it_grows_and_shrinks_as_the_exact_index_does(path):
    indexes = [MilvusIndex(path, collection="changing"), ExactIndex()]
    for index in indexes:
        index.fit(draw(20))
        index.remove([0, 19])
        assert index.add(draw(5, seed=1)).tolist() == [20, 21, 22, 23, 24]
        assert index.n_vectors_ == 23
        with pytest.raises(ValueError, match="does not hold 1 of the 1 ids"):
            index.remove([19])
    found, expected = (index.kneighbors(draw(5, seed=2), 23) for index in indexes)
    np.testing.assert_array_equal(found[1], expected[1])


def test_an_id_is_not_given_again_after_a_restart(path):
    index = MilvusIndex(path, collection="restarted").fit(draw(3))
    index.remove([2])
    again = MilvusIndex(path, collection="restarted").connect()
    assert again.add(draw(1)).tolist() == [3]


def test_a_saved_index_finds_its_collection(index, tmp_path):
    loaded = MilvusIndex.load(index.save(tmp_path / "index"))
    queries = draw(5, seed=1)
    np.testing.assert_array_equal(
        loaded.kneighbors(queries)[1], index.kneighbors(queries)[1]
    )


def test_the_token_is_not_saved(path, tmp_path):
    index = MilvusIndex(path, collection="secret", token="s3cret").fit(draw(3))
    saved = index.save(tmp_path / "index")
    assert "s3cret" not in "".join(file.read_text() for file in saved.iterdir())


KILLED = """
import os, signal, sys
import numpy as np
from itm_sklearn.retrieval import MilvusIndex

draw = np.random.default_rng(0).standard_normal
vectors, queries = draw((50, 8)), draw((5, 8))
index = MilvusIndex(sys.argv[1], collection="photos")
{action}
np.save(sys.argv[2], index.kneighbors(queries, 5, where="n > 3"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_another_process_finds_the_same_after_this_one_was_killed(tmp_path):
    fit = "index.fit(vectors, metadata={'n': np.arange(50)}); index.remove([7])"
    for name, action in (("first", fit), ("second", "index.connect()")):
        program = KILLED.format(action=action)
        arguments = [str(tmp_path / "gallery.db"), str(tmp_path / f"{name}.npy")]
        subprocess.run([sys.executable, "-c", program, *arguments], timeout=120)
    first, second = (np.load(tmp_path / f"{name}.npy") for name in ("first", "second"))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (2, 5, 5)


def test_a_gallery_of_another_index_is_not_replaced(path):
    MilvusIndex(path, collection="taken").fit(draw(3))
    with pytest.raises(ValueError, match="collection 'taken' already"):
        MilvusIndex(path, collection="taken").fit(draw(4))
    again = MilvusIndex(path, collection="taken", overwrite=True).fit(draw(4))
    assert again.fit(draw(5)).n_vectors_ == 5


def test_a_retriever_keeps_images_and_texts_apart(path, tmp_path):
    gallery = ImageTextPairs(draw(4), draw(6, seed=1), [0, 1, 2, 3, 3, 0])
    model = CrossModalRetriever(FunctionTransformer(), index=MilvusIndex(path))
    model.fit(gallery, metadata={"label": list("abcdef")})
    model = CrossModalRetriever.load(model.save(tmp_path / "retriever"))
    query = ImageTextPairs(texts=draw(6, seed=1))
    expected = CrossModalRetriever(FunctionTransformer()).fit(gallery)
    for target in ("images", "texts"):
        np.testing.assert_array_equal(
            model.kneighbors(query, 4, target=target)[1],
            expected.kneighbors(query, 4, target=target)[1],
        )


def test_an_absent_collection_is_named(path):
    with pytest.raises(ValueError, match=r"no collection 'absent', but \["):
        MilvusIndex(path, collection="absent").connect()


def test_an_absent_column_is_named(index):
    message = "no column 'year'; known are: image, label, sold, weight"
    with pytest.raises(ValueError, match=message):
        index.kneighbors(draw(1), where="year > 3")
    with pytest.raises(ValueError, match=message):
        index.kneighbors(draw(1), group_by="year")


def test_added_vectors_need_the_columns_of_the_others(index):
    with pytest.raises(ValueError, match="Give the same columns"):
        index.add(draw(1), metadata={"label": ["dog"]})


def test_a_column_may_not_be_called_as_the_databases_own(path):
    with pytest.raises(ValueError, match=r"called 'id'.* Rename it"):
        MilvusIndex(path, collection="own").fit(draw(1), metadata={"id": [3]})


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"nor a file that ends in '.db'"):
        MilvusIndex(tmp_path / "gallery.txt").fit(draw(1))
