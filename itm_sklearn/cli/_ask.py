"""`itm ask`: questions about a picture, answered by a saved model."""

from pathlib import Path
from typing import Annotated

import typer

from itm_sklearn.generation import VisualDialogue, VisualQuestionAnswering
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.persistence import load


def ask(
    image: Annotated[Path, typer.Argument(help="A picture.")],
    questions: Annotated[list[str], typer.Argument(help="One question or more.")],
    model: Annotated[
        Path,
        typer.Option(help="A VisualQuestionAnswering or VisualDialogue, saved."),
    ],
    n_answers: Annotated[
        int, typer.Option(min=1, help="How many answers to print to each.")
    ] = 1,
):
    """Print the most probable answers; a dialogue remembers the earlier questions."""
    if not image.is_file():
        raise FileNotFoundError(f"{image}: there is no such picture.")
    answerer = load(model)
    if not isinstance(answerer, VisualQuestionAnswering | VisualDialogue):
        raise TypeError(
            f"{model} holds a {type(answerer).__name__}, which answers no questions. "
            "Save a VisualQuestionAnswering or a VisualDialogue."
        )
    said = []
    for question in questions:
        said.append(question)
        text = "\n".join(said) if isinstance(answerer, VisualDialogue) else question
        (row,) = answerer.predict_proba(ImageTextPairs([str(image)], [text]))
        best = row.argsort()[::-1][:n_answers]
        said.append(str(answerer.classes_[best[0]]))
        for number in best:
            typer.echo(f"{row[number]:.3f}  {answerer.classes_[number]}")
