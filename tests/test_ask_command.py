"""`itm ask` answers by a saved model, and says what is wrong in one line."""

import numpy as np
import pytest
from PIL import Image
from sklearn.feature_extraction.text import CountVectorizer
from typer.testing import CliRunner

import itm_sklearn
from itm_sklearn.cli._app import app
from itm_sklearn.fusion import ConcatFusion
from itm_sklearn.generation import VisualDialogue, VisualQuestionAnswering
from itm_sklearn.image import ColorHistogram
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs

COLOURS = {"red": (200, 0, 0), "blue": (0, 0, 200)}


@pytest.fixture
def picture(tmp_path):
    """A red picture."""
    path = tmp_path / "red.png"
    Image.new("RGB", (16, 16), COLOURS["red"]).save(path)
    return path


def saved(path, make, texts):
    """A model that tells colours, whatever it is asked, in a file."""
    images = [np.full((8, 8, 3), colour, np.uint8) for colour in COLOURS.values()]
    image_index = np.repeat([0, 1], len(texts))
    pairs = ImageTextPairs(images, texts * 2, image_index)
    answers = [[*COLOURS][image] for image in image_index]
    rows = np.tile(np.arange(len(pairs)), 100)
    answerer = VisualQuestionAnswering(
        ConcatFusion(), image=ColorHistogram(), text=CountVectorizer()
    )
    model = make(answerer).fit(pairs[rows], [answers[row] for row in rows])
    itm_sklearn.save(model, path)
    return str(path)


def itm(*arguments):
    return CliRunner().invoke(app, ["ask", *map(str, arguments)])


def test_each_question_gets_an_answer(tmp_path, picture):
    model = saved(tmp_path / "m", lambda answerer: answerer, ["what colour is it?"])
    done = itm(picture, "which colour is it?", "is it a colour?", "--model", model)
    assert done.exit_code == 0
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["red", "red"]


def test_more_answers_come_with_their_probabilities(tmp_path, picture):
    model = saved(tmp_path / "m", lambda answerer: answerer, ["what colour is it?"])
    done = itm(picture, "what colour is it?", "--model", model, "--n-answers", 2)
    (first, red), (second, blue) = (line.split() for line in done.stdout.splitlines())
    assert (red, blue) == ("red", "blue")
    assert float(first) > float(second)
    assert float(first) + float(second) == pytest.approx(1, abs=0.002)


def test_a_dialogue_hears_what_was_said_before(tmp_path, picture, monkeypatch):
    texts = ["what colour is it?", "what colour is it?\nred\nand now?"]
    model = saved(tmp_path / "m", VisualDialogue, texts)
    heard = []
    read = VisualDialogue._read
    monkeypatch.setattr(
        VisualDialogue, "_read", lambda self, X: heard.extend(X.texts) or read(self, X)
    )
    itm(picture, "what colour is it?", "and now?", "--model", model)
    assert heard == texts


@pytest.mark.parametrize("what", ["picture", "model"])
def test_what_is_missing_is_named(tmp_path, picture, what):
    model = saved(tmp_path / "m", lambda answerer: answerer, ["what colour is it?"])
    if what == "picture":
        done = itm(tmp_path / "no.png", "what is it?", "--model", model)
    else:
        done = itm(picture, "what is it?", "--model", tmp_path / "no")
    assert done.exit_code == 1
    assert "no" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_matcher_answers_no_questions(tmp_path, picture):
    pairs = ImageTextPairs(np.eye(3), np.eye(3))
    itm_sklearn.save(SimilarityMatcher().fit(pairs), tmp_path / "m")
    done = itm(picture, "what is it?", "--model", tmp_path / "m")
    assert done.exit_code == 1
    assert "SimilarityMatcher" in done.stderr
