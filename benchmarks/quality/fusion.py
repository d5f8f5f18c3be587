"""Fusions before a classifier: categories of Wikipedia articles from both views.

    python benchmarks/quality/fusion.py --data ../shared/data/wikipedia

The 2,173 training documents of Rasiwasia et al. (ACM MM 2010) have a bag of 128
visual words, 10 topics, 1,000 weighted words and one of 10 categories. One
`GridSearchCV` on them scores all fusions, in the spaces of the views or in a shared
one, with several strengths of the classifier behind. What is most accurate in its
folds, and what is least surprised by the categories, are each scored once on the 693
test documents, beside each view alone that was chosen in the same way, with the paired
difference to the texts alone and its 95 % interval over documents. What the fusion
reaches with images of other documents, in training and in the test, is not owed to the
images; what its own are worth beyond that is told last. All this is done twice: with
the topics for the texts, and with the topics and the words.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.io import loadmat
from sklearn.base import clone
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

CRITERIA = ["accuracy", "neg_log_loss"]
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
    """Five folds, the same for every model, by both criteria."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return GridSearchCV(
        pipeline,
        grid,
        scoring=CRITERIA,
        refit=False,
        cv=folds,
        error_score="raise",
    ).fit(X, y)


def chosen(found, criterion):
    """What a criterion chooses, not fitted, and its score in the folds."""
    scores = found.cv_results_[f"mean_test_{criterion}"]
    setting = clone(found.cv_results_["params"][scores.argmax()], safe=False)
    model = clone(found.estimator).set_params(**setting, memory=None)
    return model, scores.max()


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
    """For each fusion behind each aligner its highest score by each criterion."""
    results = found.cv_results_
    best = {}
    for row, setting in enumerate(results["params"]):
        aligner = setting.get("align")
        name = str(setting["fuse"])
        if aligner is not None:
            name = f"{type(aligner).__name__}, {name}"
        scores = [results[f"mean_test_{criterion}"][row] for criterion in CRITERIA]
        best[name] = np.maximum(best.get(name, -np.inf), scores)
    return best


def interval(differences):
    """Mean difference over documents and its bootstrap interval, in words."""
    rng = np.random.default_rng(0)
    rows = rng.integers(len(differences), size=(N_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[rows].mean(axis=1), [0.025, 0.975])
    return f"{differences.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


def judge(model, X, y, criterion):
    """For each document, whether it is told, or the log of its probability."""
    probabilities = model.predict_proba(X)
    columns = np.searchsorted(model.classes_, y)
    if criterion == "accuracy":
        return (probabilities.argmax(axis=1) == columns).astype(float)
    return np.log(probabilities[np.arange(len(y)), columns])


def views_of(pairs):
    """What is told from: a view, both, or texts with images of other documents."""
    order = np.random.default_rng(0).permutation(len(pairs))
    return {
        "texts alone": pairs.texts,
        "images alone": pairs.images,
        "both": pairs,
        "both, images of others": ImageTextPairs(pairs.images[order], pairs.texts),
    }


def compare(name, text_encoder, train, y_train, test, y_test):
    """Search with these texts and print the tables."""
    train, test = views_of(train), views_of(test)
    with TemporaryDirectory() as directory:
        fused = search_fusions(text_encoder, train["both"], y_train, directory)
    print(f"\nTexts are {name}. Best in the folds:{'':19} {'  '.join(CRITERIA)}")
    for model, scores in best_of_each(fused).items():
        print(f"{model:55} {scores[0]:8.3f}  {scores[1]:.3f}", flush=True)
    found = dict.fromkeys(train, fused)
    found["texts alone"] = search_view(text_encoder, train["texts alone"], y_train)
    found["images alone"] = search_view(_SCALED_ROOT, train["images alone"], y_train)
    for criterion in CRITERIA:
        print_choice(criterion, found, train, y_train, test, y_test)


def print_choice(criterion, found, train, y_train, test, y_test):
    """What is chosen for each view, scored once on the test documents."""
    print(f"chosen by {criterion:16} folds    test  better than texts alone by")
    judged = {}
    for view, search_of_view in found.items():
        model, score = chosen(search_of_view, criterion)
        model.fit(train[view], y_train)
        judged[view] = judge(model, test[view], y_test, criterion)
        gain = interval(judged[view] - judged["texts alone"])
        print(f"{view:26} {score:6.3f}  {judged[view].mean():6.3f}  {gain}")
    gain = interval(judged["both"] - judged["both, images of others"])
    print(f"    own images are worth {gain} in", model[1:], flush=True)


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
