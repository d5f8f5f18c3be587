"""`itm draw`: images for texts, drawn by a saved model."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from itm_sklearn.cli._output import check_path
from itm_sklearn.generation import TextToImage
from itm_sklearn.persistence import load

# White pixels between images.
_GAP = 2


def draw(
    texts: Annotated[list[str], typer.Argument(help="One text or more.")],
    model: Annotated[Path, typer.Option(help="A TextToImage, saved.")],
    out: Annotated[Path, typer.Option(help="The picture to write.")] = Path(
        "drawing.png"
    ),
    n: Annotated[
        int, typer.Option("-n", "--samples", min=1, help="Images of each text.")
    ] = 1,
    scale: Annotated[
        int, typer.Option(min=1, help="Side in which each pixel is painted.")
    ] = 4,
):
    """Draw the texts, a row for each, into one picture."""
    check_path("--out", out)
    painter = load(model)
    if not isinstance(painter, TextToImage):
        raise TypeError(
            f"{model} holds a {type(painter).__name__}, which draws no images. Save a "
            "TextToImage."
        )
    # A single image is the best of the model's candidates.
    images = painter.predict(texts)[:, None] if n == 1 else painter.sample(texts, n)
    images = images.repeat(scale, axis=2).repeat(scale, axis=3)
    Image.fromarray(_side_by_side(images)).save(out)
    typer.echo(f"{out}: {len(texts)} x {n} images")


def _side_by_side(images):
    """Rows and columns of images as one image, with a gap between them."""
    padded = np.pad(
        images,
        ((0, 0), (0, 0), (0, _GAP), (0, _GAP), (0, 0)),
        constant_values=255,
    )
    rows = [np.concatenate(row, axis=1) for row in padded]
    return np.concatenate(rows)[:-_GAP, :-_GAP]
