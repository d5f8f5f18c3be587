"""Dialogues: what "it" is follows from what was said before."""

import numpy as np
import pytest

from itm_sklearn.datasets import make_dialogues


@pytest.fixture(scope="module")
def data():
    """Dialogues about 200 small pictures."""
    return make_dialogues(200, image_size=16, random_state=0)


def test_each_turn_begins_with_all_that_was_said_before(data):
    texts, image_index = data.pairs.texts, data.pairs.image_index
    for row in np.flatnonzero(image_index[1:] == image_index[:-1]):
        said = f"{texts[row]}\n{data.answers[row]}\n"
        assert texts[row + 1].startswith(said)
        assert "\n" not in texts[row + 1][len(said) :]


def attribute_of(question):
    """What a question asks for."""
    asked = [name for name in ("colour", "shape") if f"{name} is" in question]
    return asked[0] if asked else "size"


def test_answers_follow_from_whom_the_dialogue_is_about(data):
    """Both objects are tried as the first "it": one of them must explain all."""
    texts, image_index = data.pairs.texts, data.pairs.image_index
    for number, scene in enumerate(data.scenes):
        rows = np.flatnonzero(image_index == number)
        questions = [texts[row].split("\n")[-1] for row in rows]
        explained = []
        for start in (0, 1):
            it, said = start, []
            for question in questions:
                it = 1 - it if "the other one" in question else it
                said.append(getattr(scene.objects[it], attribute_of(question)))
            explained.append(said == data.answers[rows].tolist())
        assert any(explained)


def test_history_is_needed_exactly_if_both_objects_could_be_meant(data):
    for row, text in enumerate(data.pairs.texts):
        question = text.split("\n")[-1]
        scene = data.scenes[data.pairs.image_index[row]]
        name = attribute_of(question)
        answers = {getattr(thing, name) for thing in scene.objects}
        follows = question.endswith(("it?", "one?", "small or large?")) and "\n" in text
        assert data.needs_history[row] == (follows and len(answers) == 2)
    assert data.needs_history.mean() > 0.4


def test_nothing_is_asked_of_an_object_twice(data):
    for number in range(20):
        rows = data.pairs.image_index == number
        assert rows.sum() == 4
        longest = data.pairs.texts[np.flatnonzero(rows)[-1]].split("\n")
        assert len(longest) == 7


def test_the_number_of_turns_is_checked():
    with pytest.raises(ValueError, match="n_turns"):
        make_dialogues(3, n_turns=7)
