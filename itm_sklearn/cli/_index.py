"""`itm index`: put a folder of pictures or a file of captions behind a fitted model."""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn._directory import refuse_strangers
from itm_sklearn.cli._gallery import load_gallery, read_gallery
from itm_sklearn.cli._options import Images, OnError
from itm_sklearn.persistence import check_clock
from itm_sklearn.retrieval import CrossModalRetriever


def index(
    source: Annotated[
        Path, typer.Argument(help="A folder of pictures, or a file of captions.")
    ],
    model: Annotated[Path, typer.Option(help="From itm fit or itm index.")],
    output: Annotated[Path, typer.Option(help="The directory to write.")],
    images: Images = None,
    on_error: OnError = "raise",
    add: Annotated[
        bool, typer.Option("--add", help="Keep what --model has, and add to it.")
    ] = False,
):
    """Make a gallery to search and save it in a directory; nothing is learned."""
    refuse_strangers(output)
    check_clock()
    saved = load_gallery(model)
    pairs = read_gallery(source, images, on_error)
    typer.echo(f"Indexing {pairs!r} ...", err=True)
    if add:
        retriever = saved.add(pairs)
    else:
        retriever = CrossModalRetriever(saved.model_, index=saved.index).fit(pairs)
    retriever.save(output)
    typer.echo(f"{output}: {retriever.gallery_!r}")
