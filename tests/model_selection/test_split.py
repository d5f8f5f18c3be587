"""Splits never part the captions of an image."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold, cross_val_score

from itm_sklearn.model_selection import (
    ImageKFold,
    ImageShuffleSplit,
    train_test_split_pairs,
)
from itm_sklearn.pairs import ImageTextPairs

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

SPLITTERS = pytest.mark.parametrize(
    "splitter",
    [
        ImageKFold(3),
        ImageKFold(3, shuffle=True, random_state=0),
        ImageShuffleSplit(4, random_state=0),
        ImageShuffleSplit(4, test_size=5, train_size=0.5, random_state=0),
    ],
    ids=repr,
)


@SPLITTERS
def test_no_image_is_on_both_sides(pairs, splitter):
    for train, test in splitter.split(pairs):
        assert len(train)
        assert len(test)
        seen, unseen = pairs.image_index[train], pairs.image_index[test]
        assert not set(seen) & set(unseen)


def test_rows_split_by_sklearn_do_leak(pairs):
    """What these splitters are for: KFold puts an image on both sides."""
    train, test = next(KFold(3, shuffle=True, random_state=0).split(pairs))
    assert set(pairs.image_index[train]) & set(pairs.image_index[test])


@SPLITTERS
def test_the_same_seed_gives_the_same_splits(pairs, splitter):
    once, again = (
        [test.tolist() for _, test in splitter.split(pairs)] for _ in range(2)
    )
    assert once == again
    assert len(once) == splitter.get_n_splits()


@given(st.lists(st.integers(0, 6), min_size=2, max_size=20), st.booleans())
def test_each_row_is_tested_exactly_once(image_index, shuffle):
    n_images = len(set(image_index))
    pairs = ImageTextPairs(image_index=image_index, texts=["x"] * len(image_index))
    if n_images < 2:
        with pytest.raises(ValueError, match="n_splits=2 is more than the 1 images"):
            list(ImageKFold(2, shuffle=shuffle).split(pairs))
        return
    folds = [test for _, test in ImageKFold(n_images, shuffle=shuffle).split(pairs)]
    assert sorted(np.concatenate(folds)) == list(range(len(pairs)))
    for test in folds:
        assert len(set(pairs.image_index[test])) == 1


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_the_images_of_a_table_are_its_paths(make):
    frame = make({"image": ["a", "b", "a", "b"], "text": ["1", "2", "3", "4"]})
    folds = sorted(test.tolist() for _, test in ImageKFold(2).split(frame))
    assert folds == [[0, 2], [1, 3]]


def test_groups_are_ignored_with_a_warning(pairs):
    expected = [test.tolist() for _, test in ImageKFold(3).split(pairs)]
    with pytest.warns(UserWarning, match="groups are the images of the pairs"):
        found = list(ImageKFold(3).split(pairs, groups=np.arange(len(pairs))))
    assert [test.tolist() for _, test in found] == expected


def test_metadata_routing_asks_for_no_groups(pairs, aligner):
    """A group splitter of scikit-learn would demand them."""
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_val_score(
            aligner, pairs, cv=ImageKFold(3), scoring=lambda model, X: 1.0
        )
    assert scores.tolist() == [1.0, 1.0, 1.0]


def test_arrays_are_refused_because_they_know_no_images():
    with pytest.raises(TypeError, match="Expected ImageTextPairs"):
        next(ImageKFold(2).split(np.zeros((4, 2))))


def test_a_single_image_cannot_be_split():
    pairs = ImageTextPairs(["a"], ["x", "y"], [0, 0])
    with pytest.raises(ValueError, match="1 image, and each side"):
        train_test_split_pairs(pairs)


@pytest.mark.parametrize(
    ("sizes", "n_test"),
    [
        ({}, 15),
        ({"test_size": 0.5}, 30),
        ({"test_size": 7}, 7),
        ({"train_size": 50}, 10),
    ],
)
def test_sizes_count_images(pairs, sizes, n_test):
    train, test = train_test_split_pairs(pairs, random_state=0, **sizes)
    assert test.n_images == n_test
    assert train.n_images == 60 - n_test
    assert len(train) + len(test) == len(pairs)


def test_both_parts_keep_the_captions_of_their_images():
    pairs = ImageTextPairs(["a", "b"], ["a1", "b1", "a2"], [0, 1, 0])
    parts = train_test_split_pairs(pairs, test_size=1, random_state=0)
    by_images = {tuple(part.images): part.texts for part in parts}
    assert by_images == {("a",): ["a1", "a2"], ("b",): ["b1"]}


def test_repr_shows_what_was_set():
    assert repr(ImageKFold(3, shuffle=True)) == (
        "ImageKFold(n_splits=3, random_state=None, shuffle=True)"
    )
