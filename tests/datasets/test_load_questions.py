"""Questions from files are read as they are, and what is wrong with them is named."""

import json

import numpy as np
import pytest
from PIL import Image

from itm_sklearn.datasets import load_easy_vqa, load_questions

ROWS = [
    {"image": "a.png", "question": "what is it?", "answer": "a cup"},
    {"image": "b.png", "question": "how many?", "answer": "2"},
    {"image": "a.png", "question": "où est-ce ?", "answer": "là"},
]


@pytest.fixture
def folder(tmp_path):
    """A folder with both images."""
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    return tmp_path


def write(path, rows):
    """The rows in the format that the name of the file asks for."""
    if path.suffix == ".json":
        text = json.dumps(rows)
    elif path.suffix == ".jsonl":
        text = "\n".join(json.dumps(row) for row in rows)
    else:
        comma = "\t" if path.suffix == ".tsv" else ","
        text = "\n".join(comma.join(row) for row in [rows[0], *map(dict.values, rows)])
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl"])
def test_every_format_says_the_same(folder, suffix):
    data = load_questions(write(folder / f"questions{suffix}", ROWS))
    assert data.pairs.texts == [row["question"] for row in ROWS]
    assert data.pairs.images == [str(folder / name) for name in ("a.png", "b.png")]
    assert data.pairs.image_index.tolist() == [0, 1, 0]
    assert data.answers.tolist() == ["a cup", "2", "là"]


def test_answers_of_several_people_stay_lists(folder):
    rows = [
        {"image": "a.png", "question": "colour?", "answers": ["red", "dark red"]},
        {"image": "b.png", "question": "colour?", "answers": [{"answer": "blue"}]},
    ]
    data = load_questions(write(folder / "questions.json", rows))
    assert data.answers == [["red", "dark red"], ["blue"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": " "}, "row 2: the answer is blank"),
        ({"question": ""}, "row 2: the question is blank"),
        ({"image": None}, "row 2 has no image"),
    ],
)
def test_the_row_that_cannot_be_used_is_named(folder, change, message):
    rows = [ROWS[0], ROWS[1] | change]
    with pytest.raises(ValueError, match=message):
        load_questions(write(folder / "questions.json", rows))


def test_missing_images_are_found_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match="2 of 2 images are not there"):
        load_questions(write(tmp_path / "questions.csv", ROWS))


@pytest.mark.parametrize("text", ["", "[]", "image: a.png"])
def test_files_without_questions_are_refused(tmp_path, text):
    path = tmp_path / "questions.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="questions"):
        load_questions(path)


def test_easy_vqa_is_read_from_its_package():
    pytest.importorskip("easy_vqa")
    data = load_easy_vqa("test")
    assert len(data.pairs) == len(data.answers) == 9673
    assert len(set(data.answers)) == 13
    assert data.pairs.n_images == 1000
    asked = np.array(data.pairs.texts) == "what is the blue shape?"
    assert set(data.answers[asked]) == {"circle", "rectangle", "triangle"}


def test_only_its_two_parts_can_be_asked_for():
    with pytest.raises(ValueError, match="validation"):
        load_easy_vqa("validation")


def test_questions_about_broken_images_are_left_out_with_their_answers(folder):
    Image.new("L", (1, 1)).save(folder / "b.png")
    data = load_questions(write(folder / "questions.csv", ROWS), on_error="skip")
    assert data.pairs.texts == ["how many?"]
    assert data.answers.tolist() == ["2"]
    with pytest.warns(UserWarning, match="a.png' can't be read: it is empty") as caught:
        load_questions(folder / "questions.csv", on_error="warn")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("q.json", "[3]", "row 1 is 3, and no object"),
        ("q.json", "[" * 100_000, "neither a .csv or .tsv nor JSON"),
        ("q.json", "[" + "9" * 5000 + "]", "neither a .csv or .tsv nor JSON"),
        ("q.csv", 'image,question,answer\na,"b" c,d\n', "line 2 is no row of a table"),
        (
            "q.jsonl",
            '{"image": "a", "question": "b", "answer": [{"said": "c"}]}',
            "row 1: the answer is blank",
        ),
    ],
)
def test_what_is_no_table_of_questions_is_named(folder, name, content, message):
    (folder / name).write_text(content)
    with pytest.raises(ValueError, match=f"{name}.*{message}"):
        load_questions(folder / name)
