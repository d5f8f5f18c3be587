"""CCA on the cross-modal benchmark of Rasiwasia et al. (ACM MM 2010), real features.

    python benchmarks/quality/wikipedia.py --data ../shared/data/wikipedia

The folder holds `raw_features.mat` (`I_tr`, `I_te`: bags of 128 visual words; `T_tr`,
`T_te`: 10 topics) and the two lists of categories. Every setting is chosen by
cross-validation on the 2,173 training documents; the 693 test documents are scored
once. Relevant is what has the category of the query; the list is the whole test set.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.metrics import average_precision
from itm_sklearn.pairs import ImageTextPairs

_PUBLISHED = "published (CM)           0.249        0.196"
_ROOT = FunctionTransformer(np.sqrt)
GRID = {
    "dualencoder__image": [None, _ROOT],
    "dualencoder__text": [None, _ROOT],
    "cca__n_components": [3, 5, 7, 9],
    "cca__ridge": [
        (image, text)
        for image in (0.03, 0.1, 0.3, 1.0, 3.0)
        for text in (0.01, 0.1, 1.0)
    ],
}


def load(folder):
    """Training pairs, their categories, test pairs and theirs."""
    features = loadmat(folder / "raw_features.mat")
    result = []
    for short, name in (("tr", "trainset"), ("te", "testset")):
        lines = (folder / f"{name}_txt_img_cat.list").read_text().splitlines()
        pairs = ImageTextPairs(features[f"I_{short}"], features[f"T_{short}"])
        result += [pairs, np.array([int(line.split("\t")[2]) for line in lines])]
    return result


def mean_average_precisions(model, pairs, categories):
    """MAP of image queries and of text queries, with the whole list as gallery."""
    aligned = model.transform(pairs)
    similarity = cosine_similarity(aligned.images, aligned.texts)
    relevant = categories[:, np.newaxis] == categories
    return (
        average_precision(relevant, similarity),
        average_precision(relevant, similarity.T),
    )


def mean_of_both(model, pairs, categories):
    """What cross-validation maximises."""
    return np.mean(mean_average_precisions(model, pairs, categories))


def choose(pairs, categories, *, seed):
    """The pipeline with settings cross-validated on these pairs, fitted on them."""
    model = make_pipeline(DualEncoder(), CCA())
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    search = GridSearchCV(model, GRID, scoring=mean_of_both, cv=folds)
    return search.fit(pairs, categories)


def main():
    """Choose on the training documents, report on the test documents."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default="../shared/data/wikipedia")
    parser.add_argument("--seed", type=int, default=0, help="of the folds")
    arguments = parser.parse_args()
    if not (arguments.data / "raw_features.mat").exists():
        sys.exit(
            f"{arguments.data}/raw_features.mat is not there. Pass the folder with "
            "the features of the 2010 Wikipedia benchmark as --data."
        )
    train, train_categories, test, test_categories = load(arguments.data)
    start = time.perf_counter()
    with threadpool_limits(limits=1):
        search = choose(train, train_categories, seed=arguments.seed)
        image, text = mean_average_precisions(
            search.best_estimator_, test, test_categories
        )
    print(
        f"{len(train)} training and {len(test)} test documents, seed {arguments.seed}"
    )
    print(f"chosen on train: {search.best_params_}")
    print(f"MAP in cross-validation (mean of both): {search.best_score_:.3f}")
    print("MAP on test        image query   text query")
    print(f"CCA                      {image:.3f}        {text:.3f}")
    print(_PUBLISHED)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
