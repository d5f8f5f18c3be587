"""Dialogues: what was said before decides what a question is about."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator

from itm_sklearn.datasets import make_dialogues
from itm_sklearn.fusion import ConcatFusion
from itm_sklearn.generation import Captioner, VisualDialogue, VisualQuestionAnswering
from itm_sklearn.image import ColorHistogram
from itm_sklearn.pairs import ImageTextPairs

RED, BLUE = np.full((2, 8, 8, 3), [[[[200, 0, 0]]], [[[0, 0, 200]]]], dtype=np.uint8)


def by_words():
    """An answerer that needs no network."""
    return VisualQuestionAnswering(
        ConcatFusion(),
        image=ColorHistogram(),
        text=CountVectorizer(ngram_range=(1, 2)),
    )


@pytest.fixture(scope="module")
def said():
    """Two pictures, and a question that only its history makes clear."""
    images, texts, answers = [], [], []
    for image, name in ((RED, "red"), (BLUE, "blue")):
        images.append(image)
        for thing in ("star", "cross"):
            start = f"is there a {thing}?\nyes\nwhat is it?"
            texts += [start, f"{start}\n{thing}\nand its colour?"]
            answers += [thing, name]
    # Often enough for a classifier that is held back by its penalty.
    rows = np.tile(np.arange(8), 100)
    pairs = ImageTextPairs(images, texts, np.repeat([0, 1], 4))[rows]
    return pairs, [answers[row] for row in rows]


def test_the_history_is_used(said):
    model = VisualDialogue(by_words()).fit(*said)
    assert model.score(*said) == 1
    forgetful = VisualDialogue(by_words(), n_turns=0).fit(*said)
    assert forgetful.score(*said) == 0.75


def test_a_chat_remembers_what_was_said(said):
    model = VisualDialogue(by_words()).fit(*said)
    chat = model.chat(BLUE)
    chat.lines += ["is there a cross?", "yes"]
    assert chat.ask("what is it?") == "cross"
    assert chat.ask("and its colour?") == "blue"
    assert chat.lines[-4:] == ["what is it?", "cross", "and its colour?", "blue"]


@pytest.mark.parametrize("question", ["", "  ", "one\ntwo", None])
def test_a_question_is_one_line(said, question):
    chat = VisualDialogue(by_words()).fit(*said).chat(RED)
    with pytest.raises(ValueError, match="one line"):
        chat.ask(question)
    assert chat.lines == []


def test_candidates_are_ranked_by_probability(said):
    pairs, answers = said
    model = VisualDialogue(by_words()).fit(pairs, answers)
    candidates = [["pink", *model.classes_]] * len(pairs)
    ranked = model.rank(pairs, candidates)
    assert [row[0] for row in ranked] == answers
    assert {row[-1] for row in ranked} == {"pink"}
    with pytest.raises(ValueError, match="800 dialogues have 2 lists"):
        model.rank(pairs, [["yes"]] * 2)


def test_a_fitted_captioner_is_cloned_unless_it_is_frozen(said):
    pytest.importorskip("torch")
    pairs, answers = said[0][:8], said[1][:8]
    small = {"n_components": 32, "image_size": 16, "max_iter": 1}
    captioner = Captioner(**small).fit(pairs)
    answerer = VisualQuestionAnswering(image=captioner, **small)
    model = VisualDialogue(answerer)
    with pytest.raises(ValueError, match="forgotten what it learned.*FrozenEstimator"):
        model.fit(pairs, answers)
    answerer.image = FrozenEstimator(captioner)
    assert model.fit(pairs, answers).predict(pairs).shape == (8,)


def test_a_network_finds_out_what_it_is():
    """Colours of "it" and "the other one", far more often than half of the time."""
    pytest.importorskip("torch")
    train = make_dialogues(400, n_turns=2, image_size=16, random_state=0)
    answerer = VisualQuestionAnswering(
        n_components=32,
        image_size=16,
        max_iter=8,
        batch_size=64,
        learning_rate=3e-3,
        random_state=0,
    )
    model = VisualDialogue(answerer).fit(train.pairs, train.answers)
    assert model.answerer_.loss_curve_[-1] < 0.7 * model.answerer_.loss_curve_[0]
    test = make_dialogues(50, n_turns=2, image_size=16, random_state=1)
    most_frequent = max((test.answers == one).mean() for one in set(test.answers))
    assert model.score(test.pairs, test.answers) > most_frequent + 0.1


def test_a_chat_wants_a_fitted_model():
    with pytest.raises(NotFittedError):
        VisualDialogue(by_words()).chat(RED)
