"""`itm compare`: two saved models on the same captions, and whether it was luck."""

import json
from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.cli._options import Captions, Images, OnError, Seed
from itm_sklearn.datasets import load_pairs
from itm_sklearn.model_selection import check_leakage, compare_retrieval
from itm_sklearn.persistence import load, open_atomic

Model = Annotated[Path, typer.Argument(help="A file from itm fit.")]


def compare(
    a: Model,
    b: Model,
    captions: Captions,
    images: Images = None,
    on_error: OnError = "raise",
    test: Annotated[
        Path | None, typer.Option(help="File with one image name a line.")
    ] = None,
    n_resamples: Annotated[
        int, typer.Option(min=1, help="Bootstrap resamples, and permutations.")
    ] = 1000,
    seed: Seed = 0,
    output: Annotated[Path | None, typer.Option(help="Also write .json.")] = None,
):
    """Compare two saved models on pairs that neither was fitted on."""
    _check_output(output)
    models = [load(path) for path in (a, b)]
    pairs = load_pairs(captions, images, images=test, on_error=on_error)
    for model in models:
        if hasattr(model, "gallery_"):
            check_leakage(model.gallery_, pairs, on_leak="warn")
    comparison = compare_retrieval(
        *models,
        pairs,
        n_bootstrap=n_resamples,
        n_permutations=n_resamples,
        random_state=seed,
    )
    typer.echo(f"a = {a}, b = {b}\n{comparison!r}")
    if output is not None:
        content = {"a": str(a), "b": str(b), "comparison": comparison.to_dict()}
        with open_atomic(output) as file:
            file.write(f"{json.dumps(content, indent=2)}\n".encode())


def _check_output(path):
    if path is not None and (path.suffix != ".json" or not path.parent.is_dir()):
        raise ValueError(f"--output {path} must be a .json file in an existing folder.")
