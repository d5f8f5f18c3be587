"""`itm evaluate`: a baseline on your own captions, with every number to file."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.baselines import make_baseline
from itm_sklearn.cli._choose import choose_settings
from itm_sklearn.cli._evaluation import evaluate_split
from itm_sklearn.cli._options import (
    Captions,
    Components,
    Folds,
    Grid,
    Image,
    Images,
    Jobs,
    Memory,
    MinDf,
    OnError,
    Ridge,
    Seed,
    Text,
    TextComponents,
    Words,
    baseline_settings,
)
from itm_sklearn.cli._output import check_output, format_intervals, write_output
from itm_sklearn.datasets import load_pairs
from itm_sklearn.inspection import format_table
from itm_sklearn.model_selection import evaluate_retrieval, train_test_split_pairs

List = Annotated[Path | None, typer.Option(help="File with one image name a line.")]


def evaluate(
    ctx: typer.Context,
    captions: Captions,
    images: Images = None,
    on_error: OnError = "raise",
    train: List = None,
    test: List = None,
    test_size: Annotated[
        float, typer.Option(help="Share of images to test on, without lists.")
    ] = 0.2,
    image: Image = "sift",
    text: Text = "tfidf",
    n_words: Words = 1000,
    n_text_components: TextComponents = None,
    n_components: Components = None,
    ridge: Ridge = None,
    min_df: MinDf = 1,
    grid: Grid = None,
    cv: Folds = 3,
    memory: Memory = None,
    n_jobs: Jobs = None,
    seed: Seed = 0,
    output: Annotated[
        Path | None, typer.Option(help="Also write .json, .csv or .html.")
    ] = None,
):
    """Fit on the training images and rank those to test on, in both directions."""
    check_output(output)
    read = partial(load_pairs, captions, images, on_error=on_error)
    train_pairs, test_pairs = _split(read, train, test, test_size, seed)
    settings = baseline_settings(ctx.params)
    typer.echo(f"Train: {train_pairs!r}\nTest:  {test_pairs!r}", err=True)
    model = make_baseline(**settings, verbose=1)
    if grid:
        # The bar of the grid stands alone.
        quiet = make_baseline(**settings)
        model.set_params(**choose_settings(quiet, grid, train_pairs, cv, seed))
    evaluation = evaluate_split(model, train_pairs, test_pairs)
    name = f"{image} + {text}"
    facts = _facts(settings, evaluation, train_pairs, test_pairs)
    certainty = evaluate_retrieval(evaluation.similarity, test_pairs, random_state=seed)
    typer.echo(format_table({name: evaluation.report}))
    for where, intervals in format_intervals(certainty).items():
        typer.echo(f"{where}: {intervals}")
    typer.echo(f"{facts['seconds']} s, {facts['peak_memory_mib']} MiB at most")
    write_output(output, name, evaluation, test_pairs, facts, certainty)


def _split(read, train, test, test_size, seed):
    """Training and test pairs, by lists of images or by lot."""
    if (train is None) != (test is None):
        raise ValueError(
            f"--train {train} and --test {test}: give both lists, or neither for a "
            "random split of the images."
        )
    if train is None:
        return train_test_split_pairs(read(), test_size=test_size, random_state=seed)
    train_pairs, test_pairs = read(images=train), read(images=test)
    shared = set(train_pairs.images) & set(test_pairs.images)
    if shared:
        raise ValueError(
            f"{len(shared)} images are on both lists, {min(map(str, shared))} for "
            "one. Take them off one list: scores on images seen in training mislead."
        )
    return train_pairs, test_pairs


def _facts(settings, evaluation, train, test):
    """What it takes to have the numbers again, and what they cost."""
    chosen = {
        name: value
        for name, value in evaluation.model.get_params().items()
        if isinstance(value, int | float | str | tuple)
        and not name.endswith(("random_state", "verbose"))
    }
    return {
        "settings": {name: _plain(value) for name, value in settings.items()},
        "parameters": chosen,
        "train": {"images": train.n_images, "texts": len(train)},
        "test": {"images": test.n_images, "texts": len(test)},
        "seconds": round(evaluation.seconds, 1),
        "peak_memory_mib": _peak_mebibytes(),
    }


def _plain(value):
    return str(value) if isinstance(value, Path) else value


def _peak_mebibytes():
    """The most memory this process has held; None where no one counts it."""
    try:
        import resource
    except ImportError:
        return None
    # macOS counts bytes, the others kibibytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20
