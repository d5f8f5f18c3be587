"""Settings chosen by cross-validation on the training pairs, and shown."""

from tempfile import TemporaryDirectory

import typer
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, ParameterGrid
from tqdm.auto import tqdm

from itm_sklearn.cli._options import parse_grid
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring


def choose_settings(model, grid, pairs, n_folds, seed):
    """Those parameters of the grid with which the model ranks held-out folds best."""
    grid = parse_grid(grid, model)
    n_fits = len(ParameterGrid(grid)) * n_folds
    # Settings of later steps find the encoded training pairs of the fold again.
    with (
        TemporaryDirectory() as directory,
        tqdm(total=n_fits, desc="Grid x folds") as bar,
    ):
        model = clone(model).set_params(memory=directory)
        search = GridSearchCV(
            model,
            grid,
            scoring=_ticking(retrieval_scoring(), bar),
            refit=False,
            error_score="raise",
            cv=ImageKFold(n_folds, shuffle=True, random_state=seed),
        )
        results = search.fit(pairs).cv_results_
    for params, score in zip(results["params"], results["mean_test_rsum"], strict=True):
        typer.echo(f"  rsum {score:6.1f}  {_listed(params)}", err=True)
    best = results["params"][results["rank_test_rsum"].argmin()]
    typer.echo(f"Chosen by {n_folds} folds: {_listed(best)}", err=True)
    return best


def _ticking(scorer, bar):
    """The scorer, moving the bar with every fit that it scores."""

    def score(estimator, X, y=None):
        scores = scorer(estimator, X, y)
        bar.update()
        return scores

    return score


def _listed(params):
    return ", ".join(f"{name.split('__')[-1]}={v}" for name, v in params.items())
