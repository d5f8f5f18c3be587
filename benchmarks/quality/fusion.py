"""Fusions before a classifier: categories of Wikipedia articles from both views.

    python benchmarks/quality/fusion.py --data ../shared/data/wikipedia

The 2,173 training documents of Rasiwasia et al. (ACM MM 2010) have a bag of 128
visual words, 10 topics, 1,000 weighted words and one of 10 categories. One
`GridSearchCV` on them chooses among all fusions, in the spaces of the views or in a
shared one, and the strength of the classifier behind. Its choice, and each view
alone, are scored once on the 693 test documents, with the paired difference to the
texts alone and its 95 % interval over documents. All this is done twice: with the
topics for the texts, and with the topics and the words.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.io import loadmat
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA, SemanticAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.fusion import (
    AverageFusion,
    ConcatFusion,
    NeuralFusion,
    ProductFusion,
    WeightedFusion,
)
from itm_sklearn.pairs import ImageTextPairs

N_TOPICS = 10
N_RESAMPLES = 10_000
_SCALED_ROOT = make_pipeline(FunctionTransformer(np.sqrt), StandardScaler())
_TOPICS = ("topics", _SCALED_ROOT, slice(0, N_TOPICS))
_WORDS = ("words", Normalizer(), slice(N_TOPICS, None))
TEXTS = {
    "topics": ColumnTransformer([_TOPICS]),
    # Ten scaled topics would outweigh words of length one.
    "topics and words": ColumnTransformer(
        [_TOPICS, _WORDS], transformer_weights={"topics": 0.1}
    ),
}
STRENGTHS = [0.03, 0.1, 1.0, 10.0]
IN_ONE_SPACE = [
    AverageFusion(norm=None),
    WeightedFusion(norm=None, n_weights=6),
    ProductFusion(norm=None),
    ConcatFusion(norm=None),
]
ANYWHERE = [
    ConcatFusion(norm=None),
    NeuralFusion(random_state=0),
    NeuralFusion(method="bilinear", random_state=0),
]


def logistic(strength=1.0):
    """A logistic classifier; the lower the strength, the more it is regularised."""
    return LogisticRegression(C=strength, max_iter=3000)


def load(folder):
    """Training pairs, their categories, test pairs and theirs."""
    features = loadmat(folder / "raw_features.mat")
    result = []
    for short, name in (("tr", "trainset"), ("te", "testset")):
        lines = (folder / f"{name}_txt_img_cat.list").read_text().splitlines()
        texts = np.hstack([features[f"T_{short}"], features[f"T_tfidf_{short}"]])
        pairs = ImageTextPairs(features[f"I_{short}"], texts)
        result += [pairs, np.array([int(line.split("\t")[2]) for line in lines])]
    return result


def search(pipeline, grid, X, y):
    """Five folds, the same for every model, by accuracy."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return GridSearchCV(pipeline, grid, cv=folds, error_score="raise").fit(X, y)


def search_view(encoder, view, y):
    """A search for one view as a plain array."""
    pipeline = Pipeline([("encode", encoder), ("classify", logistic())])
    strengths = {"classify__C": [0.001, 0.01, *STRENGTHS]}
    return search(pipeline, strengths, view, y)


def search_fusions(text_encoder, pairs, y, memory):
    """One search over all fusions, with and without an aligner before them."""
    steps = [
        ("encode", DualEncoder(_SCALED_ROOT, text_encoder)),
        ("align", "passthrough"),
        ("fuse", ConcatFusion()),
        ("classify", logistic()),
    ]
    # All strengths of the classifier find the fused pairs of the fold again.
    pipeline = Pipeline(steps, memory=memory)
    # What a fusion learns of probabilities holds for documents that nobody has seen.
    semantic = SemanticAligner(logistic(0.003), coordinates="log", cv=5)
    aligned = {"fuse": IN_ONE_SPACE, "classify__C": STRENGTHS}
    grid = [
        {"fuse": ANYWHERE, "classify__C": STRENGTHS},
        {"align": [CCA(9, ridge=(1.0, 0.1), power=0.0)], **aligned},
        {"align": [semantic], "align__text": [logistic(), logistic(10.0)], **aligned},
    ]
    return search(pipeline, grid, pairs, y)


def best_of_each(found):
    """Name and highest score in the folds of each fusion behind each aligner."""
    best = {}
    results = found.cv_results_
    for setting, score in zip(
        results["params"], results["mean_test_score"], strict=True
    ):
        aligner = setting.get("align")
        name = str(setting["fuse"])
        if aligner is not None:
            name = f"{type(aligner).__name__}, {name}"
        best[name] = max(score, best.get(name, 0.0))
    return best


def interval(differences):
    """Mean difference over documents and its bootstrap interval, in words."""
    rng = np.random.default_rng(0)
    rows = rng.integers(len(differences), size=(N_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[rows].mean(axis=1), [0.025, 0.975])
    return f"{differences.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def judge(model, X, y):
    """For each document, whether its category is told, and how surprising it is."""
    probabilities = model.predict_proba(X)
    columns = np.searchsorted(model.classes_, y)
    surprise = -np.log(probabilities[np.arange(len(y)), columns])
    return (probabilities.argmax(axis=1) == columns).astype(float), surprise


def compare(name, text_encoder, train, y_train, test, y_test):
    """Search with these texts and print the table."""
    print(f"\nTexts are {name}{'':27} folds  test")
    images = search_view(_SCALED_ROOT, train.images, y_train)
    texts = search_view(text_encoder, train.texts, y_train)
    for view, found, X in (
        ("images alone", images, test.images),
        ("texts alone", texts, test.texts),
    ):
        print(f"{view:52} {found.best_score_:.3f}  {found.score(X, y_test):.3f}")
    with TemporaryDirectory() as directory:
        fused = search_fusions(text_encoder, train, y_train, directory)
    for model, score in best_of_each(fused).items():
        print(f"{model:52} {score:.3f}", flush=True)
    told, surprise = judge(fused, test, y_test)
    told_by_texts, surprise_of_texts = judge(texts, test.texts, y_test)
    chosen = {step: str(value) for step, value in fused.best_params_.items()}
    print(f"{'chosen':52} {fused.best_score_:.3f}  {told.mean():.3f}\n    {chosen}")
    print(f"    more accurate than texts alone by {interval(told - told_by_texts)}")
    print(f"    less surprised (nats) by {interval(surprise_of_texts - surprise)}")


def main():
    """Search on train, score test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/wikipedia")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Wikipedia data in {arguments.data}: say where by --data.")
    data = load(arguments.data)
    for name, encoder in TEXTS.items():
        compare(name, encoder, *data)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
