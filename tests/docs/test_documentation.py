"""The documentation holds what it promises, as far as can be told without a build."""

import ast
import doctest
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
import typer

import itm_sklearn
from itm_sklearn.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (ROOT / "docs").rglob("*.rst")
    if not {"api", "auto_examples", "_build", "_templates"} & set(page.parts)
)
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))
DOCTEST_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def page_id(path):
    return str(path.relative_to(ROOT))


@pytest.fixture
def api_pages(tmp_path, monkeypatch):
    """The text of each written page of the API reference, by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import_module("api_pages").write_api_pages(tmp_path)
    yield {page.stem: page.read_text() for page in tmp_path.glob("*.rst")}
    del sys.modules["api_pages"]


def test_every_public_name_of_every_room_is_in_the_api_reference(api_pages):
    public = [
        module.name
        for module in iter_modules(itm_sklearn.__path__)
        if not module.name.startswith("_") and module.name != "cli"
    ]
    assert len(public) >= 16
    for room in public:
        lines = {line.strip() for line in api_pages[room].splitlines()}
        for name in import_module(f"itm_sklearn.{room}").__all__:
            assert {name, f".. autodata:: {name}"} & lines, f"{room}.{name} is missing"
        assert room in api_pages["index"]


def test_every_command_is_in_the_reference(api_pages):
    for command in typer.main.get_command(app).commands:
        assert f"Usage: itm {command} " in api_pages["commands"]


def test_every_name_at_the_top_is_documented_in_its_room():
    rooms = [name for name in itm_sklearn.__all__ if name not in itm_sklearn._ROOMS]
    for name in set(rooms) - {"__version__"}:
        home = import_module(f"itm_sklearn.{itm_sklearn._HOMES[name]}")
        assert name in home.__all__


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_what_a_page_shows_is_what_comes_out(page):
    text = page.read_text()
    found = doctest.DocTestParser().get_doctest(text, {}, page_id(page), str(page), 0)
    runner = doctest.DocTestRunner(optionflags=DOCTEST_OPTIONS)
    report = []
    runner.run(found, out=report.append)
    assert not runner.failures, "".join(report)


def test_there_are_twelve_examples_or_more():
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize("example", EXAMPLES, ids=page_id)
def test_an_example_is_a_short_story_with_a_title(example):
    text = example.read_text()
    assert len(text.splitlines()) <= 80
    title, underline, *_ = ast.get_docstring(ast.parse(text)).splitlines()
    assert underline == "=" * len(title)
    assert "plt.show()" in text


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_a_page_names_only_files_that_exist(page):
    for word in page.read_text().replace("`", " ").split():
        if word.startswith(("benchmarks/", "examples/")) and word.endswith(".py"):
            assert (ROOT / word).exists(), word
