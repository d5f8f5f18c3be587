"""`itm search`: ask a saved gallery by a sentence or by a picture.

The list is made by `retrieve_images` and `retrieve_texts` in `retrieval/_search.py`.
"""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.cli._gallery import load_gallery


def search(
    model: Annotated[Path, typer.Option(help="From itm fit or itm index.")],
    text: Annotated[
        str | None, typer.Argument(help="A sentence to find images.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="A picture to find sentences.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many results.")] = 5,
):
    """Print the best results, a line each: rank, cosine similarity, what it is."""
    if (text is None) == (image is None):
        raise ValueError(
            f"text={text!r} and --image {image}: give one of the two, a sentence to "
            "find images or --image to find sentences."
        )
    if text is not None and not text.strip():
        raise ValueError(f"text={text!r} says nothing to look for. Write a sentence.")
    if image is not None and not image.is_file():
        raise FileNotFoundError(f"--image {image}: there is no such file.")
    retriever = load_gallery(model)
    if image is None:
        found = retriever.retrieve_images([text], n_neighbors=k)
    else:
        found = retriever.retrieve_texts([str(image)], n_neighbors=k)
    ranked = zip(found.scores[0], found.items[0], strict=True)
    for rank, (score, item) in enumerate(ranked, start=1):
        typer.echo(f"{rank:3d}  {score:6.3f}  {item}")
