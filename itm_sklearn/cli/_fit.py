"""`itm fit`: learn from captions, index them, and keep it in one file."""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.baselines import make_baseline
from itm_sklearn.cli._options import (
    Captions,
    Components,
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
from itm_sklearn.cli._output import check_path
from itm_sklearn.datasets import load_pairs
from itm_sklearn.persistence import check_clock, save
from itm_sklearn.retrieval import CrossModalRetriever


def fit(
    ctx: typer.Context,
    captions: Captions,
    model: Annotated[Path, typer.Option(help="The file to write.")],
    images: Images = None,
    on_error: OnError = "raise",
    image: Image = "sift",
    text: Text = "tfidf",
    n_words: Words = 1000,
    n_text_components: TextComponents = None,
    n_components: Components = None,
    ridge: Ridge = None,
    min_df: MinDf = 1,
    memory: Memory = None,
    n_jobs: Jobs = None,
    seed: Seed = 0,
):
    """Fit a baseline on all pairs and save it with them as the gallery."""
    check_path("--model", model)
    check_clock()
    pairs = load_pairs(captions, images, on_error=on_error)
    typer.echo(f"Fitting on {pairs!r} ...", err=True)
    settings = baseline_settings(ctx.params)
    pipeline = make_baseline(**settings, verbose=1).fit(pairs)
    save(CrossModalRetriever(pipeline).fit(pairs), model)
    typer.echo(f"{model}: {model.stat().st_size / 2**20:.1f} MiB")
