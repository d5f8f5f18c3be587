"""The feature cache: whole entries or none, bounded, used by frozen encoders."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from itm_sklearn._cache import FeatureCache, read_size
from itm_sklearn.alignment import CCA
from itm_sklearn.base import FrozenEncoderMixin
from itm_sklearn.compose import DualEncoder
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.pairs import ImageTextPairs


class LetterCounter(FrozenEncoderMixin, BaseEstimator):
    """Counts two letters, and remembers which texts it was asked to encode."""

    encoded: list = []

    def __init__(self, letters="ab", verbose=0):
        self.letters = letters
        self.verbose = verbose

    def _encode(self, items):
        self.encoded.extend(items)
        return np.array(
            [[text.count(letter) for letter in self.letters] for text in items]
        )

    def transform(self, X):
        return self._cached_encode(X)


@pytest.fixture
def counter():
    LetterCounter.encoded = []
    return LetterCounter()


def open_cache(directory, max_bytes=10**9):
    return FeatureCache(directory, max_bytes=max_bytes)


def texts(*values):
    return ImageTextPairs(texts=list(values))


def test_an_entry_comes_back_as_it_was_put(tmp_path):
    arrays = (np.arange(6, dtype=np.uint8).reshape(2, 3), np.array([0.5]))
    open_cache(tmp_path).put_many({b"key": arrays})
    found = open_cache(tmp_path).get_many([b"key"])[b"key"]
    for array, expected in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype


def test_a_damaged_entry_counts_as_absent(tmp_path):
    cache = open_cache(tmp_path)
    cache.put_many({b"key": (np.arange(100),)})
    with closing(sqlite3.connect(cache.path)) as connection, connection:
        (value,) = connection.execute("SELECT value FROM items").fetchone()
        damaged = value[:-1] + bytes([value[-1] ^ 1])
        connection.execute("UPDATE items SET value = ?", (damaged,))
    assert cache.get_many([b"key"]) == {}


def test_the_oldest_entries_go_when_the_cache_is_full(tmp_path):
    cache = open_cache(tmp_path, max_bytes=3000)
    for name in b"abcd":
        cache.put_many({bytes([name]): (np.zeros(1000, np.uint8),)})
    assert sorted(cache.get_many([b"a", b"b", b"c", b"d"])) == [b"c", b"d"]


def test_more_keys_than_one_statement_takes_are_all_found(tmp_path):
    cache = open_cache(tmp_path)
    keys = [number.to_bytes(4, "little") for number in range(1200)]
    cache.put_many({key: (np.array(1),) for key in keys})
    assert len(cache.get_many(keys)) == 1200


def test_many_writers_lose_nothing(tmp_path):
    def write(number):
        open_cache(tmp_path).put_many({bytes([number]): (np.array(number),)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    found = open_cache(tmp_path).get_many([bytes([number]) for number in range(40)])
    assert sorted(int(array) for (array,) in found.values()) == list(range(40))


def test_a_writer_killed_in_the_middle_leaves_whole_entries(tmp_path):
    script = (
        "import sys, numpy as np; from itm_sklearn._cache import FeatureCache\n"
        "cache = FeatureCache(sys.argv[1], max_bytes=10**9)\n"
        "for number in range(10**6):\n"
        "    cache.put_many({number.to_bytes(4, 'little'): (np.full(5000, number),)})\n"
        "    print(number, flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while int(process.stdout.readline()) < 20:
            pass
        process.kill()
    keys = [number.to_bytes(4, "little") for number in range(20)]
    found = open_cache(tmp_path).get_many(keys)
    assert [int(found[key][0][0]) for key in keys] == list(range(20))


def test_each_text_is_encoded_once_over_fits_and_runs(tmp_path, counter):
    for _ in range(2):
        encoder = DualEncoder(text=counter, memory=tmp_path)
        first = encoder.fit_transform(texts("aab", "b", "aab"))
        again = encoder.transform(texts("b", "aab"))
    assert first.texts.tolist() == [[2, 1], [0, 1], [2, 1]]
    assert again.texts.tolist() == [[0, 1], [2, 1]]
    assert sorted(LetterCounter.encoded) == ["aab", "b"]


def test_other_parameters_do_not_share_entries(tmp_path, counter):
    for letters in ("ab", "ba"):
        encoder = DualEncoder(text=LetterCounter(letters), memory=tmp_path)
        encoded = encoder.fit_transform(texts("aab"))
    assert encoded.texts.tolist() == [[1, 2]]


def test_a_parameter_without_effect_on_the_code_shares_entries(tmp_path, counter):
    for verbose in (0, 1):
        encoder = DualEncoder(text=LetterCounter(verbose=verbose), memory=tmp_path)
        encoder.fit_transform(texts("aab"))
    assert LetterCounter.encoded == ["aab"]


def test_a_grid_over_folds_encodes_each_text_once(tmp_path, counter):
    """Four settings and three folds of sixty texts are sixty texts to encode."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abc"), size=9)) for _ in range(60)]
    pairs = ImageTextPairs(rng.normal(size=(60, 2)), words)
    encoder = DualEncoder(text=counter, memory=tmp_path)
    model = make_pipeline(encoder, CCA(), SimilarityMatcher(random_state=0))
    grid = {"cca__ridge": [0.1, 0.3], "cca__n_components": [1, 2]}
    GridSearchCV(model, grid, cv=ImageKFold(3), error_score="raise").fit(pairs)
    assert sorted(LetterCounter.encoded) == sorted(set(words))


@pytest.mark.parametrize(
    ("size", "n_bytes"),
    [(1, 1), ("3B", 3), ("2KB", 2000), ("2 KiB", 2048), ("0.5GiB", 2**29)],
)
def test_sizes_are_read_with_their_unit(size, n_bytes):
    assert read_size(size) == n_bytes


@pytest.mark.parametrize("size", [0, -1, 1.5, "8", "8 gigs", "0MB", None])
def test_what_is_no_size_is_an_error_even_without_memory(counter, size):
    with pytest.raises(ValueError, match=r"memory_size=.* is no size.*8GiB"):
        DualEncoder(text=counter, memory_size=size).fit(texts("a"))


def test_memory_size_drops_the_oldest_codes(tmp_path, counter):
    """A code of two numbers takes 144 bytes."""
    encoder = DualEncoder(text=counter, memory=tmp_path, memory_size=2 * 144)
    for text in ("a", "b", "aa"):
        encoder.fit_transform(texts(text))
    LetterCounter.encoded.clear()
    encoder.transform(texts("b", "aa"))
    assert LetterCounter.encoded == []
    assert encoder.transform(texts("a")).texts.tolist() == [[1, 0]]
    assert LetterCounter.encoded == ["a"]


def test_without_memory_nothing_is_written(tmp_path, counter, monkeypatch):
    monkeypatch.chdir(tmp_path)
    DualEncoder(text=counter).fit_transform(texts("a"))
    assert list(tmp_path.iterdir()) == []


def test_a_memory_that_is_a_file_is_an_error(tmp_path, counter):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(OSError, match="file"):
        DualEncoder(text=counter, memory=path).fit_transform(texts("a"))
