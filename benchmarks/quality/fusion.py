"""Fusions before a classifier: categories of Wikipedia articles from both views.

    python benchmarks/quality/fusion.py --data ../shared/data/wikipedia

The 2,173 training documents of Rasiwasia et al. (ACM MM 2010) have a bag of 128
visual words, 10 topics and one of 10 categories. Each fusion, and each view alone,
has a `GridSearchCV` on them that chooses the classifier's strength; each is then
scored on the 693 test documents. To choose a fusion, go by the first column: the
best of the second was found on test.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.fusion import (
    AverageFusion,
    ConcatFusion,
    NeuralFusion,
    ProductFusion,
    WeightedFusion,
)
from itm_sklearn.pairs import ImageTextPairs

STRENGTHS = {"classify__C": [0.01, 0.1, 1.0, 10.0]}
ALIGNED = [AverageFusion(), WeightedFusion(), ProductFusion()]
ANYWHERE = [
    ConcatFusion(),
    ConcatFusion(norm=None),
    NeuralFusion(random_state=0),
    NeuralFusion(method="bilinear", random_state=0),
]


def load(folder):
    """Training pairs, their categories, test pairs and theirs."""
    features = loadmat(folder / "raw_features.mat")
    result = []
    for short, name in (("tr", "trainset"), ("te", "testset")):
        lines = (folder / f"{name}_txt_img_cat.list").read_text().splitlines()
        pairs = ImageTextPairs(features[f"I_{short}"], features[f"T_{short}"])
        result += [pairs, np.array([int(line.split("\t")[2]) for line in lines])]
    return result


def make_search(pipeline, grid):
    """Five folds; the folds are the same for every model."""
    return GridSearchCV(
        pipeline,
        grid,
        cv=StratifiedKFold(5, shuffle=True, random_state=0),
        error_score="raise",
    )


def make_fusion_search(fusions, *, aligned):
    """A search over fusions, in a shared space or in the spaces of the views."""
    root = FunctionTransformer(np.sqrt)
    scaled = make_pipeline(root, StandardScaler())
    align = CCA(9, ridge=0.3, power=0.0) if aligned else "passthrough"
    pipeline = Pipeline(
        [
            ("encode", DualEncoder(image=scaled, text=scaled)),
            ("align", align),
            ("fuse", fusions[0]),
            ("classify", LogisticRegression(max_iter=2000)),
        ]
    )
    return make_search(pipeline, {"fuse": fusions, **STRENGTHS})


def make_single_search():
    """A search for one view as a plain array."""
    return make_search(
        Pipeline(
            [
                ("root", FunctionTransformer(np.sqrt)),
                ("scale", StandardScaler()),
                ("classify", LogisticRegression(max_iter=2000)),
            ]
        ),
        STRENGTHS,
    )


def main():
    """Search on train, score test; one line a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/wikipedia")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Wikipedia data in {arguments.data}: say where by --data.")
    train, y_train, test, y_test = load(arguments.data)
    print("model                              cv accuracy  test accuracy")
    for name, views in {
        "images alone": (train.images, test.images),
        "texts alone": (train.texts, test.texts),
    }.items():
        search = make_single_search().fit(views[0], y_train)
        print_line(name, search, search.score(views[1], y_test))
    for fusions, aligned in ((ALIGNED, True), (ANYWHERE, False)):
        for fusion in fusions:
            search = make_fusion_search([fusion], aligned=aligned).fit(train, y_train)
            print_line(str(fusion), search, search.score(test, y_test))


def print_line(name, search, score):
    """Name, score by cross-validation, score on test."""
    print(f"{name:36} {search.best_score_:.3f}        {score:.3f}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
