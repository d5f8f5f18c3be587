"""`itm search`: ask a saved gallery by a sentence or by a picture."""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.persistence import load


def search(
    model: Annotated[Path, typer.Option(help="A file from itm fit.")],
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
    if image is not None and not image.is_file():
        raise FileNotFoundError(f"--image {image}: there is no such file.")
    retriever = load(model)
    if not hasattr(retriever, "retrieve_images"):
        raise ValueError(
            f"--model {model} holds a {type(retriever).__name__}, which has no "
            "gallery to search. Make the file with `itm fit`."
        )
    if image is None:
        found = retriever.retrieve_images([text], n_neighbors=k)
    else:
        found = retriever.retrieve_texts([str(image)], n_neighbors=k)
    ranked = zip(found.scores[0], found.items[0], strict=True)
    for rank, (score, item) in enumerate(ranked, start=1):
        typer.echo(f"{rank:3d}  {score:6.3f}  {item}")
