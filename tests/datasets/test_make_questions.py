"""The answers of questions are what the scene shows, and say little of themselves."""

from collections import Counter

import numpy as np
import pytest

from itm_sklearn.datasets import QUESTION_TYPES, make_questions
from itm_sklearn.datasets._describe import PLURALS, SIZE_WORDS

HELD_OUT = [("red", "star"), ("blue", "circle")]


@pytest.fixture(scope="module")
def data():
    """Four questions on each of 800 small pictures."""
    return make_questions(800, image_size=16, held_out=HELD_OUT, random_state=0)


def named(text, thing):
    """Whether all that a question says of colour, shape and size fits an object."""
    singular = {plural: shape for shape, plural in PLURALS.items()}
    words = {singular.get(word, word) for word in text.strip("?").split()}
    of_sizes = {word: size for size, some in SIZE_WORDS.items() for word in some}
    said = words & ({*of_sizes} | {"red", "blue", "green", "pink", "purple", "cyan"})
    said |= words & ({"yellow", "orange"} | {*PLURALS})
    looks = {thing.colour, thing.shape, thing.size}
    return {of_sizes.get(word, word) for word in said} <= looks


def rows_of(data, type_):
    """Facts, question and answer of each question of a type."""
    for row in np.flatnonzero(data.types == type_):
        scene = data.scenes[data.pairs.image_index[row]]
        yield scene.facts, data.pairs.texts[row], data.answers[row]


def test_something_exists_exactly_if_an_object_fits_its_name(data):
    for facts, text, answer in rows_of(data, "exist"):
        assert (answer == "yes") == any(named(text, one) for one in facts.objects)


def test_counts_are_those_of_the_objects_that_fit(data):
    for facts, text, answer in rows_of(data, "count"):
        fitting = sum(named(text, one) for one in facts.objects)
        assert int(answer) == fitting * facts.count


@pytest.mark.parametrize("attribute", ["colour", "shape"])
def test_exactly_one_object_is_asked_for_its_colour_or_shape(data, attribute):
    for facts, text, answer in rows_of(data, attribute):
        (thing,) = (one for one in facts.objects if named(text, one))
        assert answer == getattr(thing, attribute)


def test_verified_attributes_are_those_of_the_scene(data):
    looked_at = 0
    for facts, text, answer in rows_of(data, "verify"):
        if facts.relation is None:
            looked_at += 1
            assert (answer == "yes") == named(text, facts.objects[0])
    assert looked_at > 100


def test_relations_are_said_from_either_side(data):
    answers = Counter(answer for _, _, answer in rows_of(data, "relation"))
    assert set(answers) == {"above", "below", "left of", "right of"}
    for facts, text, answer in rows_of(data, "relation"):
        start = text.replace("on which side of the", "").split(" is the ")[0]
        asked_second = "seen from" not in text and named(start, facts.objects[0])
        if asked_second and not named(start, facts.objects[1]):
            assert answer != facts.relation


def test_a_relation_that_is_to_be_verified_does_not_tell_the_answer(data):
    """Facts know only two of the four relations."""
    counts = Counter(
        (relation, answer)
        for _, text, answer in rows_of(data, "verify")
        for relation in ("above", "below", "left of", "right of")
        if f" {relation} the " in text
    )
    assert len(counts) == 8


def test_places_are_asked_of_single_objects_only(data):
    for facts, _, answer in rows_of(data, "place"):
        assert facts.kind == "place"
        assert answer == facts.place


def test_all_types_and_their_answers_are_equally_frequent(data):
    counts = Counter(data.types.tolist())
    assert set(counts) == set(QUESTION_TYPES)
    assert max(counts.values()) <= 1.1 * min(counts.values())
    for type_ in ("exist", "verify", "size"):
        answers = Counter(data.answers[data.types == type_].tolist())
        assert len(answers) == 2
        assert abs(np.diff(list(answers.values()))[0]) <= 4


def test_no_question_names_a_combination_that_is_held_out(data):
    asked = " ".join(data.pairs.texts)
    assert not any(f"{colour} {shape}" in asked for colour, shape in HELD_OUT)
    assert "red cross" in asked


def test_an_image_is_never_asked_the_same_twice(data):
    asked = list(zip(data.pairs.image_index, data.pairs.texts, strict=True))
    assert len(set(asked)) == len(asked)


def test_the_same_seed_gives_the_same_questions():
    one, other = (make_questions(20, image_size=16, random_state=3) for _ in range(2))
    assert one.pairs.texts == other.pairs.texts
    assert (one.answers == other.answers).all()


def test_only_the_types_asked_for_are_there():
    data = make_questions(20, types="colour", image_size=16, random_state=0)
    assert set(data.types) == {"colour"}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"types": ["colour", "taste"]}, "taste"),
        ({"questions_per_image": 0}, "questions_per_image"),
        ({"held_out": ["red moon"]}, "red moon"),
    ],
)
def test_settings_that_make_no_sense_are_named(setting, message):
    with pytest.raises(ValueError, match=message):
        make_questions(3, **setting)
