"""`itm explain`: which parts of a picture and words of a text made them match."""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn._load_image import load_image
from itm_sklearn.cli._gallery import load_gallery
from itm_sklearn.cli._output import check_path
from itm_sklearn.inspection import explain_match, write_explanations


def explain(
    image: Annotated[Path, typer.Argument(help="A picture.")],
    text: Annotated[str, typer.Argument(help="A sentence.")],
    model: Annotated[Path, typer.Option(help="From itm fit or itm index.")],
    html: Annotated[
        Path | None, typer.Option(help="A page to write, with the picture in it.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="occlusion, lime, shap or interactions.")
    ] = "shap",
    segments: Annotated[
        str, typer.Option(help="How the picture is cut: grid:4, or slic:30.")
    ] = "grid:4",
    n_samples: Annotated[
        int, typer.Option(min=8, help="How often parts are hidden.")
    ] = 400,
    max_size: Annotated[
        int, typer.Option(min=16, help="Shrink the picture to this many pixels.")
    ] = 480,
    seed: Annotated[int, typer.Option(help="Seed of what is hidden.")] = 0,
):
    """Print what each word did for the score, and the whole as a page with --html."""
    if not image.is_file():
        raise FileNotFoundError(f"{image}: there is no such picture.")
    if html is not None:
        check_path("--html", html)
    explanation = explain_match(
        load_gallery(model),
        load_image(image, max_size=max_size),
        text,
        method=method,
        segments=segments,
        n_samples=n_samples,
        random_state=seed,
    )
    typer.echo(
        f"score {explanation.score:.4f}, with all hidden {explanation.base_score:.4f}; "
        f"words did {100 * explanation.text_share:.0f} % of all that was done"
    )
    for word, score in zip(explanation.words, explanation.word_scores, strict=True):
        typer.echo(f"{score:+.4f}  {word}")
    if html is not None:
        summary = f"{image.name} and “{text}”, by {model.name}"
        write_explanations(html, [explanation], summary=summary)
        typer.echo(f"{html}: {html.stat().st_size / 1024:.0f} kB", err=True)
