"""Sentences and facts: every sentence must come back as what it was made from."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itm_sklearn.datasets import (
    COLOURS,
    PLACES,
    RELATIONS,
    SHAPES,
    SIZES,
    Facts,
    ObjectFacts,
    describe,
    parse_caption,
)
from itm_sklearn.datasets._describe import Paraphrases

# No deadline: a busy machine is no defect.
unhurried = settings(deadline=None, max_examples=60)

objects = st.builds(
    ObjectFacts,
    st.sampled_from(SHAPES),
    st.sampled_from(COLOURS),
    st.sampled_from(SIZES),
)
complete_facts = st.one_of(
    st.builds(
        lambda thing, place: Facts((thing,), place=place),
        objects,
        st.sampled_from(PLACES),
    ),
    st.builds(
        lambda *things, relation: Facts(things, relation=relation),
        objects,
        objects,
        relation=st.sampled_from(tuple(RELATIONS)),
    ),
    st.builds(
        lambda thing, count: Facts((thing,), count=count), objects, st.integers(2, 4)
    ),
)
RED_CIRCLE, BLUE_SQUARE = ObjectFacts("circle", "red"), ObjectFacts("square", "blue")
WORDS = ["a", "small", "red", "circle", "stars", "two", "with", "it", "above", "left"]


@unhurried
@given(complete_facts)
def test_every_way_to_say_facts_is_read_as_these_facts(facts):
    assert {parse_caption(caption) for caption in Paraphrases(facts)} == {facts}


@unhurried
@given(complete_facts)
def test_all_paraphrases_of_facts_differ(facts):
    assert len(set(Paraphrases(facts))) == len(Paraphrases(facts)) >= 18


@unhurried
@given(complete_facts)
def test_every_word_survives_the_default_tokens_of_scikit_learn(facts):
    """They drop single letters; only the article may go."""
    words = " ".join(Paraphrases(facts)).split()
    assert {word for word in words if len(word) < 2} <= {"a"}


@unhurried
@given(complete_facts, st.integers(1, 18), st.integers(0, 2**32 - 1))
def test_describe_gives_as_many_different_captions_as_asked(facts, n_captions, seed):
    captions = describe(facts, n_captions, seed)
    assert len(set(captions)) == len(captions) == n_captions
    assert captions == describe(facts, n_captions, seed)


@unhurried
@given(complete_facts, st.randoms())
def test_case_and_punctuation_do_not_matter(facts, random):
    caption = random.choice(Paraphrases(facts))
    loud = caption.upper().replace(" ", ",  ") + "!"
    assert parse_caption(loud) == facts


@unhurried
@given(st.text() | st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
def test_any_text_is_read_or_refused_with_a_value_error(text):
    with suppress(ValueError):
        assert isinstance(parse_caption(text), Facts)


@pytest.mark.parametrize(
    "caption",
    [
        "a red circle above a blue square",
        "a blue square below a red circle",
        "a blue square with a red circle on top of it",
        "over the blue square is the red circle",
        "Beneath a red circle lies a blue square.",
    ],
)
def test_facts_do_not_depend_on_order_or_words(caption):
    assert parse_caption(caption) == Facts((RED_CIRCLE, BLUE_SQUARE), relation="above")


@pytest.mark.parametrize(
    "caption",
    [
        "a red circle below a blue square",
        "a blue circle above a red square",
        "a red circle left of a blue square",
        "a small red circle above a blue square",
        "a red circle",
    ],
)
def test_different_facts_are_not_equal(caption):
    assert parse_caption(caption) != Facts((RED_CIRCLE, BLUE_SQUARE), relation="above")


@pytest.mark.parametrize(
    ("caption", "facts"),
    [
        ("a circle", Facts((ObjectFacts("circle"),))),
        ("a red circle at the center", Facts((RED_CIRCLE,), place="centre")),
        ("red circle, top-left", Facts((RED_CIRCLE,), place="top left")),
        ("one red circle on the left", Facts((RED_CIRCLE,), place="left")),
        ("3 red circles", Facts((RED_CIRCLE,), count=3)),
    ],
)
def test_what_a_caption_leaves_open_is_none(caption, facts):
    assert parse_caption(caption) == facts


@pytest.mark.parametrize(
    ("caption", "problem"),
    [
        ("a red dog", "'dog'"),
        ("", "its parts are ''"),
        ("a small large circle", "names a size twice"),
        ("a red blue circle", "names a colour twice"),
        ("small and", "'and'"),
        ("a circle on the left, small red", "small and red of what"),
        ("red circles", "its parts are 'objects'"),
        ("two red circle", "its parts are 'count object'"),
        ("a red circle above", "its parts are 'object relation'"),
    ],
)
def test_a_sentence_that_cannot_be_read_is_named_with_the_reason(caption, problem):
    with pytest.raises(ValueError, match="Cannot read") as caught:
        parse_caption(caption)
    assert repr(caption) in str(caught.value)
    assert problem in str(caught.value)


def test_a_caption_that_is_no_string_is_a_type_error():
    with pytest.raises(TypeError, match=r"got \['a red circle'\] of type list"):
        parse_caption(["a red circle"])


@pytest.mark.parametrize(
    "facts",
    [
        Facts((RED_CIRCLE,), place="top"),
        Facts((ObjectFacts("circle", size="small"),), count=2),
        Facts((ObjectFacts("circle", "red", "small"),)),
    ],
)
def test_describe_refuses_facts_that_leave_something_open(facts):
    with pytest.raises(ValueError, match="leaves something open"):
        describe(facts)


def test_describe_refuses_more_captions_than_there_are():
    two_stars = Facts((ObjectFacts("star", "red", "small"),), count=2)
    with pytest.raises(ValueError, match="n_captions=19 is more than the 18 ways"):
        describe(two_stars, 19)
