"""The pages of the API reference, one a room, from what the rooms say is public."""

import inspect
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import typer

import itm_sklearn
from itm_sklearn.cli import app

_HEADINGS = {"class": "Classes", "function": "Functions", "constant": "Constants"}


def public_names():
    """The public names of each room, by the name of the room.

    `cli` is left out: `command_page` has its commands.
    """
    found = {}
    for module in iter_modules(itm_sklearn.__path__):
        if not module.name.startswith("_") and module.name != "cli":
            room = import_module(f"itm_sklearn.{module.name}")
            found[module.name] = sorted(room.__all__, key=str.lower)
    return found


def room_page(name, members):
    """The page of a room: its own first words, then its classes and functions."""
    room = import_module(f"itm_sklearn.{name}")
    title = f"itm_sklearn.{name}"
    parts = [
        title,
        "=" * len(title),
        "",
        inspect.getdoc(room),
        "",
        f".. currentmodule:: {title}",
        "",
    ]
    for kind, heading in _HEADINGS.items():
        chosen = [member for member in members if _kind(room, member) == kind]
        parts += _section(kind, heading, chosen)
    return "\n".join(parts)


def command_page():
    """What ``itm --help`` and the help of each command say."""
    program = typer.main.get_command(app)
    parts = ["Command line", "============", ""]
    for name, command in {"": program, **program.commands}.items():
        title = f"itm {name}".strip()
        context = typer.Context(command, info_name=title, terminal_width=80)
        lines = command.get_help(context).splitlines()
        parts += [title, "-" * len(title), "", ".. code-block:: text", ""]
        parts += [f"   {line}".rstrip() for line in lines] + [""]
    return "\n".join(parts)


def index_page(rooms):
    """The first page, a list of the rooms with the first line of each."""
    lines = ["API reference", "=============", ""]
    for name in rooms:
        first = inspect.getdoc(import_module(f"itm_sklearn.{name}")).splitlines()[0]
        lines += [f":doc:`itm_sklearn.{name} <{name}>`", f"    {first}", ""]
    lines += [":doc:`itm <commands>`", "    The command line.", ""]
    lines += [".. toctree::", "   :hidden:", "   :maxdepth: 1", ""]
    return "\n".join([*lines, *(f"   {name}" for name in [*rooms, "commands"]), ""])


def write_api_pages(folder):
    """Write all pages; one that is there and right stays as old as it is."""
    rooms = public_names()
    pages = {name: room_page(name, members) for name, members in rooms.items()}
    pages |= {"index": index_page(rooms), "commands": command_page()}
    Path(folder).mkdir(exist_ok=True)
    for name, text in pages.items():
        path = Path(folder) / f"{name}.rst"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _kind(room, name):
    member = getattr(room, name)
    if inspect.isclass(member):
        return "class"
    return "function" if callable(member) else "constant"


def _section(kind, heading, members):
    if not members:
        return []
    lines = [heading, "-" * len(heading), ""]
    if kind == "constant":
        return [*lines, *(f".. autodata:: {name}\n" for name in members)]
    return [
        *lines,
        ".. autosummary::",
        "   :toctree: generated",
        "   :nosignatures:",
        "",
        *(f"   {name}" for name in members),
        "",
    ]
