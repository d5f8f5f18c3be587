"""The options that several commands share, and how their values are read."""

import ast
import inspect
from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.baselines import make_baseline

Captions = Annotated[
    Path,
    typer.Argument(help="CSV, TSV, Flickr tokens, COCO or Karpathy JSON, JSON lines."),
]
Images = Annotated[Path | None, typer.Option(help="Folder of the images.")]
OnError = Annotated[
    str,
    typer.Option(
        help="At images that can't be read: 'raise' stops, 'warn' and 'skip' leave "
        "them out, with a warning or without a word."
    ),
]
Image = Annotated[
    str, typer.Option(help="sift, dense_sift, orb, surf, color, hog, or sift+color.")
]
Text = Annotated[str, typer.Option(help="tfidf, bow, or characters for Chinese.")]
Words = Annotated[int, typer.Option(help="Size of the visual vocabulary.")]
TextComponents = Annotated[
    int | None, typer.Option(help="Reduce the text features by an SVD to this many.")
]
Components = Annotated[int | None, typer.Option(help="Dimensions of the shared space.")]
Ridge = Annotated[
    str | None,
    typer.Option(
        help="Smoothing of the correlations: a number, one for images and one for "
        "texts as in 0.3,0.03, or auto."
    ),
]
MinDf = Annotated[int, typer.Option(help="Leave out terms in fewer texts than this.")]
Memory = Annotated[
    Path | None, typer.Option(help="Folder that keeps descriptors between runs.")
]
Jobs = Annotated[int | None, typer.Option(help="Threads that describe images.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn by lot.")]
Grid = Annotated[
    list[str] | None,
    typer.Option(help="Values to choose from, e.g. ridge=0.01,0.1; may be repeated."),
]
Folds = Annotated[int, typer.Option("--cv", min=2, help="Folds that choose from grid.")]

# The short names under which the parameters of the baseline can be searched.
_SEARCHABLE = {
    "n_words": "bagofvisualwords__n_words",
    "n_text_components": "truncatedsvd__n_components",
    "n_components": "cca__n_components",
    "ridge": "cca__ridge",
    "min_df": "vectorizer__min_df",
}


def baseline_settings(values):
    """Those of the values that `make_baseline` takes.

    Examples
    --------
    >>> baseline_settings({"image": "orb", "captions": "c.csv", "seed": 3})
    {'image': 'orb', 'random_state': 3}
    >>> baseline_settings({"ridge": "0.3,0.03"})
    {'ridge': (0.3, 0.03)}
    """
    names = inspect.signature(make_baseline).parameters
    values = {"random_state" if k == "seed" else k: v for k, v in values.items()}
    if values.get("ridge") is not None:
        values["ridge"] = _ridge(values["ridge"])
    return {name: value for name, value in values.items() if name in names}


def _ridge(text):
    numbers = _values(text)
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def parse_grid(entries, model):
    """Parameter grid of the model from entries like ``ridge=0.01,0.1``.

    Examples
    --------
    >>> parse_grid(["ridge=0.01,0.1", "n_components=32"], make_baseline())
    {'cca__ridge': [0.01, 0.1], 'cca__n_components': [32]}
    """
    grid = {}
    for entry in entries:
        name, equals, values = entry.partition("=")
        if not (name and equals and values):
            raise ValueError(
                f"--grid {entry!r} is not of the form NAME=VALUE,VALUE. Short names: "
                f"{', '.join(_SEARCHABLE)}."
            )
        grid |= dict.fromkeys(_full_names(name, model), _values(values))
    return grid


def _full_names(name, model):
    """All parameters of the model that a short name stands for."""
    ending = _SEARCHABLE.get(name, name)
    names = [full for full in model.get_params() if full.endswith(ending)]
    if not names:
        raise ValueError(
            f"--grid {name}: the model has no such parameter. Short names: "
            f"{', '.join(_SEARCHABLE)}."
        )
    return names


def _values(text):
    """Python values, or words if they are none.

    Examples
    --------
    >>> _values("0.1,(0.3,0.03)"), _values("balanced,l2")
    ([0.1, (0.3, 0.03)], ['balanced', 'l2'])
    """
    try:
        return list(ast.literal_eval(f"[{text}]"))
    except (ValueError, SyntaxError):
        return text.split(",")
