"""SIFT words, TF-IDF and CCA on Flickr8k: settings by cross-validation on train.

    python benchmarks/quality/flickr8k_classical.py --data ../shared/data/flickr8k

The official 6,000 training images choose the settings and fit the model; then the
1,000 development images are ranked. What the grid offers was narrowed on 1,000
training images held out, after a coarser grid had already been ranked on the
development images. `itm evaluate` with the same settings gives the
same numbers.
"""

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import load_pairs
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import ImageKFold, pair_similarity, retrieval_scoring

GRID = {
    "cca__ridge": [(3, 0.1), (10, 0.1)],
    "cca__n_components": [32, 64],
    "dualencoder__image__bagofvisualwords__assignment": ["hard", "soft"],
}


def load(data, split):
    """The pairs of an official split."""
    return load_pairs(
        data / "captions_train_dev.token.txt",
        data / "images",
        images=data / f"Flickr_8k.{split}Images.txt",
    )


def print_report(report):
    """R@1, R@5, R@10 in percent and the median rank, in both directions."""
    for direction in ("image_to_text", "text_to_image"):
        values = report[direction]
        recalls = "  ".join(f"{100 * values[f'recall@{k}']:5.1f}" for k in (1, 5, 10))
        print(
            f"{direction:14} R@1/5/10 {recalls}  median rank "
            f"{values['median_rank']:.0f} of {values['gallery_size']}"
        )
    print(f"rsum {report['rsum']:.1f}")


def main():
    """Search, fit, rank."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps descriptors between runs")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train, dev = load(arguments.data, "train"), load(arguments.data, "dev")
    settings = {
        "image": "sift",
        "text": "tfidf",
        "n_words": 1000,
        "n_text_components": 300,
        "min_df": 2,
        "memory": arguments.memory,
        "n_jobs": 2,
        "random_state": 0,
    }
    model = make_baseline(**settings)
    # Settings of later steps find the encoded training pairs of the fold again.
    with TemporaryDirectory() as directory:
        search = GridSearchCV(
            clone(model).set_params(memory=directory),
            GRID,
            scoring=retrieval_scoring(),
            refit=False,
            cv=ImageKFold(3, shuffle=True, random_state=0),
            error_score="raise",
        ).fit(train)
    best = search.cv_results_["rank_test_rsum"].argmin()
    chosen = search.cv_results_["params"][best]
    print("chosen on train:", chosen)
    start = time.perf_counter()
    model.set_params(**chosen).fit(train)
    print_report(retrieval_report(pair_similarity(model, dev), dev))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{time.perf_counter() - start:.0f} s to fit and rank, {peak} MiB at most")


if __name__ == "__main__":
    main()
