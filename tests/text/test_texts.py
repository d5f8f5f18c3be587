"""Texts and words of any language."""

import unicodedata

import pytest

from itm_sklearn.text._texts import check_texts, empty_rows, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog's ball, 2 cats!", ["a", "dog's", "ball", "2", "cats"]),
        ("Straße ÉCOLE", ["strasse", "école"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("犬が走る", ["犬", "が", "走", "る"]),
        ("собака бежит", ["собака", "бежит"]),
        ("the dog’s café", ["the", "dog's", "café"]),
        ("🐶 dog 🐱", ["dog"]),
        ("'quoted' — dashed", ["quoted", "dashed"]),
        ("...", []),
    ],
)
def test_words_of_a_text_done_by_hand(text, words):
    assert split_words(text) == words


def test_composed_and_decomposed_spellings_are_one_text():
    decomposed = unicodedata.normalize("NFD", "café")
    assert check_texts([decomposed]) == ["café"]
    assert split_words(decomposed) == split_words("café")


def test_empty_texts_are_counted_with_the_first_row():
    with pytest.warns(UserWarning, match=r"2 of 3 texts are empty, the first in row 1"):
        assert empty_rows(["dog", "", " \n"]) == [1, 2]


def test_what_is_no_string_is_named_with_its_row():
    with pytest.raises(TypeError, match=r"Text 1 is None .*Put ''"):
        check_texts(["dog", None])


def test_a_single_string_is_no_sequence_of_texts():
    with pytest.raises(TypeError, match=r"\[text\]"):
        check_texts("a dog")
