"""What is on both sides of a split is found, under any name."""

import shutil

import numpy as np
import pytest
from PIL import Image

from itm_sklearn.datasets import make_scenes
from itm_sklearn.model_selection import check_leakage, train_test_split_pairs
from itm_sklearn.pairs import ImageTextPairs

pd = pytest.importorskip("pandas")


@pytest.fixture
def photos(tmp_path):
    """Three pictures, a copy of the first, and one of another picture's size."""
    for number in range(3):
        pixels = np.full((8, 8, 3), 50 * number, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.bmp")
    shutil.copy(tmp_path / "0.bmp", tmp_path / "copy.bmp")
    return tmp_path


def test_the_same_file_is_found_however_its_path_is_written(photos):
    train = ImageTextPairs([photos / "0.bmp", photos / "1.bmp"])
    test = ImageTextPairs(
        [str(photos / "2.bmp"), str(photos / ".." / photos.name / "1.bmp")]
    )
    report = check_leakage(train, test)
    assert report.images_by_name == [(1, 1)]
    assert report.images_by_content == []


def test_a_copy_under_another_name_is_found(photos):
    train = ImageTextPairs([str(photos / f"{number}.bmp") for number in range(3)])
    report = check_leakage(train, ImageTextPairs([str(photos / "copy.bmp")]))
    assert (report.images_by_name, report.images_by_content) == ([], [(0, 0)])


def test_the_bytes_of_a_file_are_the_file(photos):
    train = ImageTextPairs([str(photos / "0.bmp"), str(photos / "1.bmp")])
    undecoded = {"bytes": (photos / "1.bmp").read_bytes(), "path": None}
    test = ImageTextPairs([(photos / "copy.bmp").read_bytes(), undecoded])
    assert check_leakage(train, test).images_by_content == [(0, 0), (1, 1)]


def test_files_of_different_content_and_one_size_are_not_mixed_up(photos):
    train = ImageTextPairs([str(photos / "0.bmp")])
    assert check_leakage(train, ImageTextPairs([str(photos / "2.bmp")])) == (
        check_leakage(train, ImageTextPairs([str(photos / "1.bmp")]))
    )
    assert check_leakage(train, ImageTextPairs([str(photos / "1.bmp")])).unread == []


def test_absent_files_are_named_and_compared_by_path():
    train = ImageTextPairs(["absent/a.jpg", "absent/b.jpg"])
    report = check_leakage(train, ImageTextPairs(["absent/b.jpg"]))
    assert report.images_by_name == [(0, 1)]
    assert report.unread == ["absent/a.jpg", "absent/b.jpg"]
    assert "2 files not read" in repr(report)


def test_a_split_by_rows_leaks_and_a_split_by_image_does_not():
    pairs = make_scenes(40, random_state=0).pairs
    rows = np.random.default_rng(0).permutation(len(pairs))
    by_rows = check_leakage(pairs[rows[:100]], pairs[rows[100:]])
    assert by_rows.n_leaked_images > 0
    train, test = train_test_split_pairs(pairs, random_state=0)
    assert check_leakage(train, test).n_leaked_images == 0


def test_texts_are_the_same_by_letter_or_by_words():
    train = ImageTextPairs(texts=["A dog runs.", "two cats", "ein Fluß"])
    test = ImageTextPairs(
        texts=["A dog runs.", "runs a dog", "two two CATS!", "cats", "EIN FLUSS", "?"]
    )
    report = check_leakage(train, test)
    assert report.texts == [(0, 0)]
    assert report.similar_texts == [(1, 0), (2, 1), (4, 2)]


def test_tables_are_taken():
    frame = pd.DataFrame({"image": ["a.jpg"], "text": ["a dog"]})
    assert check_leakage(frame, frame).images_by_name == [(0, 0)]


def test_a_leak_warns_or_raises_if_asked_to():
    pairs = ImageTextPairs(np.eye(2), ["a dog", "a cat"])
    with pytest.warns(UserWarning, match="2 of 2 test images are among"):
        check_leakage(pairs, pairs, on_leak="warn")
    with pytest.raises(ValueError, match="the first is image 0, image 0 in training"):
        check_leakage(pairs, pairs, on_leak="raise")
    clean = ImageTextPairs(-np.eye(2), ["a dog", "a cat"])
    assert check_leakage(pairs, clean, on_leak="raise").texts == [(0, 0), (1, 1)]


def test_an_unknown_reaction_is_refused():
    pairs = ImageTextPairs(texts=["a dog"])
    with pytest.raises(ValueError, match="on_leak='shout' is none of"):
        check_leakage(pairs, pairs, on_leak="shout")
