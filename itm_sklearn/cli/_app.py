"""The program: its commands, its version, and how it reports errors."""

import warnings
from typing import Annotated

import typer
from typer.core import TyperGroup

from itm_sklearn import __version__
from itm_sklearn.cli._ask import ask
from itm_sklearn.cli._compare import compare
from itm_sklearn.cli._demo import demo
from itm_sklearn.cli._draw import draw
from itm_sklearn.cli._evaluate import evaluate
from itm_sklearn.cli._explain import explain
from itm_sklearn.cli._fit import fit
from itm_sklearn.cli._index import index
from itm_sklearn.cli._search import search
from itm_sklearn.cli._serve import serve

# What a user can put right: a wrong value, a missing file, an absent package.
_USER_ERRORS = (ValueError, TypeError, OSError, ImportError, MemoryError)


class OneLineErrors(TyperGroup):
    """Commands whose errors take one line, unless `--debug` asks for all of it."""

    def invoke(self, ctx):
        """Run the command; exit with 1 after an error, 130 after Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("itm: stopped.", err=True)
            raise typer.Exit(130) from None
        except _USER_ERRORS as error:
            if ctx.params.get("debug"):
                raise
            message = " ".join(str(error).split()) or type(error).__name__
            typer.echo(f"itm: {message}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=OneLineErrors,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted):
    if wanted:
        typer.echo(f"itm {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback of an error.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
):
    """Match images and texts: evaluate, fit, search, explain, ask, draw and serve."""


for command in (ask, compare, demo, draw, evaluate, explain, fit, index, search, serve):
    app.command()(command)


def main():
    """Run `itm` with the arguments of the process."""
    warnings.showwarning = _print_warning
    app()


def _print_warning(message, *_):
    """A line on stderr, without the place in the code that a user can't mend."""
    typer.echo(f"itm: warning: {message}", err=True)
