"""Every bad image and text has its one outcome at every door."""

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "faults" / "inputs.py"
INPUTS = runpy.run_path(str(PROGRAM))
image_doors = pytest.fixture(scope="module")(lambda: INPUTS["image_doors"](False))
text_doors = pytest.fixture(scope="module")(lambda: INPUTS["text_doors"](False))


def wrong_outcomes(name, item, doors):
    found = {door: INPUTS["outcome"](read, item) for door, read in doors.items()}
    return {
        door: result
        for door, result in found.items()
        if result[0] != INPUTS["expected"](name, door)
    }


@pytest.mark.parametrize("name", INPUTS["IMAGES"])
def test_an_image_is_read_or_refused_at_all_doors(name, image_doors, tmp_path):
    path = INPUTS["write_image"](name, tmp_path)
    assert wrong_outcomes(name, path, image_doors) == {}


@pytest.mark.parametrize(
    "name", [name for name, (_, _, good) in INPUTS["IMAGES"].items() if not good]
)
def test_a_refusal_names_the_file_and_gives_a_reason(name, image_doors, tmp_path):
    path = INPUTS["write_image"](name, tmp_path)
    for door, read in image_doors.items():
        message = INPUTS["outcome"](read, path)[1]
        assert repr(path) in message, door
        assert "can't be read: " in message, door


@pytest.mark.parametrize("name", INPUTS["TEXTS"])
def test_a_text_is_read_or_refused_at_all_doors(name, text_doors):
    assert wrong_outcomes(name, INPUTS["TEXTS"][name][0], text_doors) == {}


def test_the_tables_have_many_doors(image_doors, text_doors):
    assert len(image_doors) >= 8
    assert len(text_doors) >= 3
