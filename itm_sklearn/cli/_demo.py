"""`itm demo`: the whole way on generated scenes, from pixels to one page."""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Annotated

import typer
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from itm_sklearn._batching import progress
from itm_sklearn._optional import require
from itm_sklearn.baselines import DummyMatcher, make_baseline
from itm_sklearn.cli._evaluation import evaluate_split, mean_curve
from itm_sklearn.cli._options import Jobs, Seed
from itm_sklearn.cli._output import check_path
from itm_sklearn.datasets import make_scenes
from itm_sklearn.inspection import (
    example_results,
    format_table,
    mean_report,
    write_html_report,
)
from itm_sklearn.model_selection import ImageKFold

_NEEDED = ("mahotas", "matplotlib", "jinja2")
_LOOKING = {
    "SIFT words": "sift",
    "ORB words": "orb",
    "SURF words": "surf",
    "Colours": "color",
    "SIFT + colours": "sift+color",
}
_BASELINES = ("Random", "Constant")


def demo(
    output: Annotated[Path, typer.Option(help="The page.")] = Path("itm-demo.html"),
    n_images: Annotated[int, typer.Option(min=20, help="Scenes to generate.")] = 600,
    n_words: Annotated[int, typer.Option(min=2, help="Visual vocabulary.")] = 200,
    cv: Annotated[int, typer.Option(min=2, help="Folds to take the mean of.")] = 3,
    n_jobs: Jobs = None,
    seed: Seed = 0,
):
    """Compare SIFT, ORB and SURF on generated scenes, in a table and a page."""
    # What is absent is better told before the work than after it.
    for module in _NEEDED:
        require(module, extra="demo", caller="itm demo")
    check_path("--output", output)
    start = perf_counter()
    pairs = make_scenes(n_images, image_size=96, random_state=seed).pairs
    typer.echo(f"{pairs.n_images} generated scenes with {len(pairs)} captions.")
    folds = list(ImageKFold(cv, shuffle=True, random_state=seed).split(pairs))
    # Each image is described once, although it takes part in every fold. The matrices
    # are so small that threads of the linear algebra only wait for each other.
    with TemporaryDirectory() as memory, threadpool_limits(1):
        models = _models(n_words=n_words, n_jobs=n_jobs, seed=seed, memory=memory)
        evaluations = _cross_validate(models, pairs, folds)
    reports = {
        name: mean_report([each.report for each in of_folds])
        for name, of_folds in evaluations.items()
    }
    typer.echo(f"\n{format_table(reports)}\n")
    typer.echo(f"Mean over {cv} folds; no fold's images were fitted on.")
    facts = _facts(pairs, cv, n_words, seed, perf_counter() - start)
    _write_page(output, reports, evaluations, pairs[folds[0][1]], facts)
    typer.echo(f"Curves and examples: {output}")


def _models(*, seed, **settings):
    """Name and model of each row of the table."""
    looking = {
        name: make_baseline(image, ridge="auto", random_state=seed, **settings)
        for name, image in _LOOKING.items()
    }
    return looking | {
        name: DummyMatcher(strategy=name.lower(), random_state=seed)
        for name in _BASELINES
    }


def _cross_validate(models, pairs, folds):
    """An evaluation for each model and fold."""
    runs = [(name, *fold) for name in models for fold in folds]
    evaluations = {name: [] for name in models}
    for name, train, test in progress(runs, desc="Models x folds", verbose=1):
        model = clone(models[name])
        evaluations[name].append(evaluate_split(model, pairs[train], pairs[test]))
    return evaluations


def _facts(pairs, cv, n_words, seed, seconds):
    return {
        "Data": f"make_scenes({pairs.n_images}, image_size=96, random_state={seed})",
        "Validation": f"{cv} folds; the captions of an image stay together",
        "Images": f"SIFT, ORB or SURF as {n_words} visual words; colour histogram",
        "Texts": "TF-IDF of words and pairs of words",
        "Space": "CCA with its ridge chosen in training, then cosine similarity",
        "Time": f"{seconds:.0f} s",
        "Again": f"itm demo --n-images {pairs.n_images} --n-words {n_words} "
        f"--cv {cv} --seed {seed}",
    }


def _write_page(output, reports, evaluations, test, facts):
    best = max(_LOOKING, key=lambda name: reports[name]["rsum"])
    similarity = evaluations[best][0].similarity
    examples = [
        example
        for direction, n_queries in (("text_to_image", 5), ("image_to_text", 3))
        for example in example_results(
            similarity, test, n_queries=n_queries, direction=direction, random_state=0
        )
    ]
    write_html_report(
        output,
        reports,
        title="Image-text matching on generated scenes",
        summary="Classical pipelines learn to find the scene that a sentence "
        "describes, and the sentences that describe a scene. Visual words see shapes "
        "but no colours, and the histogram sees colours but no shapes. Two models "
        f"that don't look stand beside them. The examples show {best}, first fold.",
        curves={name: mean_curve(of_folds) for name, of_folds in evaluations.items()},
        examples=examples,
        facts=facts,
        baselines=_BASELINES,
    )
