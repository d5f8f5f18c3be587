"""What README.md promises can be typed."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_example_runs(capsys):
    (example,) = blocks("python")
    exec(compile(example, "README.md", "exec"), {})
    assert len(re.findall(r"\d+", capsys.readouterr().out)) >= 10


def test_the_example_fits_on_one_screen():
    (example,) = blocks("python")
    statements = example.rsplit("\n\n", 1)[1]
    assert statements.count("\n") <= 10


@pytest.mark.parametrize("ending", ["itm demo", "pytest"])
def test_each_of_the_two_commands_is_one_line(ending):
    """CI takes them from here by their ends."""
    commands = [b for b in blocks("bash") if b.strip().endswith(ending)]
    assert len(commands) == 1
    assert commands[0].startswith("python3 -m venv ")
    assert commands[0].count("\n") == 1


def test_every_picture_is_in_the_repository():
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README, flags=re.DOTALL):
        assert (Path(__file__).parents[1] / path).is_file()
