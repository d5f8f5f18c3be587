"""One search over aligners and their settings on training photos of Flickr8k.

    python benchmarks/quality/flickr8k_grid.py --data ../shared/data/flickr8k

The encoders are those of `flickr8k_aligners.py`; the aligner behind them is a value in
the grid of a `GridSearchCV` like any other. By default it works on 1,500 of the 6,000
training photos, in three folds by image: each fold ranks 500 photos and their 2,500
captions, so that the recalls are higher than those of 1,000 photos elsewhere. The
development photos are not looked at.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from flickr8k_aligners import load, make_encoder
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from itm_sklearn.alignment import (
    CCA,
    ContrastiveAligner,
    DeepCCA,
    KernelCCA,
    ProcrustesAligner,
    RidgeAligner,
)
from itm_sklearn.model_selection import (
    ImageKFold,
    retrieval_scoring,
    train_test_split_pairs,
)

DEEP = {"hidden_layer_sizes": (), "input_dropout": 0.2, "random_state": 0}
CONTRASTIVE = {"n_components": 1024, "input_dropout": 0.4, "random_state": 0}
GRID = [
    {
        "align": [CCA(200, power=2, scale=False)],
        "align__ridge": [(0.3, 0.03), (0.7, 0.03), (2.0, 0.1)],
    },
    {
        "align": [KernelCCA(200, power=2, random_state=0)],
        "align__ridge": [3e-4, 1e-3, 3e-3],
    },
    {
        "align": [RidgeAligner()],
        "align__target": ["image", "text"],
        "align__ridge": [1.0, 10.0],
    },
    {"align": [ProcrustesAligner(200)], "align__scale": [False, True]},
    {"align": [DeepCCA(100, ridge=0.3, **DEEP)]},
    {
        "align": [ContrastiveAligner(max_iter=16, **CONTRASTIVE)],
        "align__loss": ["infonce", "sigmoid", "triplet"],
    },
]
RECALLS = [f"{way}_recall_at_{k}" for way in ("i2t", "t2i") for k in (1, 5, 10)]


def search(pairs, memory):
    """All aligners in the same folds; what comes before them is fitted once a fold."""
    with TemporaryDirectory() as directory:
        pipeline = Pipeline(
            [("encode", make_encoder(memory)), ("align", CCA())], memory=directory
        )
        return GridSearchCV(
            pipeline,
            GRID,
            scoring=retrieval_scoring(),
            refit=False,
            cv=ImageKFold(3, shuffle=True, random_state=0),
            error_score="raise",
        ).fit(pairs)


def print_table(results):
    """A line for each setting, the best first."""
    print("i2t R@1    5   10   t2i R@1    5   10   rsum  sd   fit s  aligner")
    for row in results["rank_test_rsum"].argsort():
        recalls = [100 * results[f"mean_test_{name}"][row] for name in RECALLS]
        sides = [" ".join(f"{r:5.1f}" for r in half) for half in _halves(recalls)]
        settings = dict(results["params"][row])
        aligner = type(settings.pop("align")).__name__
        changes = {name.removeprefix("align__"): v for name, v in settings.items()}
        print(
            f"{'   '.join(sides)}  {results['mean_test_rsum'][row]:6.1f} "
            f"{results['std_test_rsum'][row]:4.1f} {results['mean_fit_time'][row]:6.1f}"
            f"  {aligner} {changes or ''}"
        )


def _halves(values):
    middle = len(values) // 2
    return values[:middle], values[middle:]


def main():
    """Search and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--photos", type=int, default=1500)
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train = load(arguments.data, "train")
    if arguments.photos < train.n_images:
        train, _ = train_test_split_pairs(
            train, train_size=arguments.photos, random_state=0
        )
    print_table(search(train, arguments.memory).cv_results_)


if __name__ == "__main__":
    main()
