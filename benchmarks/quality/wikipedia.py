"""The cross-modal benchmark of Rasiwasia et al. (ACM MM 2010) on its real features.

    python benchmarks/quality/wikipedia.py --data ../shared/data/wikipedia

The folder holds `raw_features.mat` (`I_tr`, `I_te`: bags of 128 visual words; `T_tr`,
`T_te`: 10 topics; `T_tfidf_tr`, `T_tfidf_te`: 1,000 words) and the two lists of
categories. Relevant is what has the category of the query; the list is the whole set.

The first three models are those of the paper, on its features: correlation matching
(CM), semantic matching (SM) and both (SCM). The others go beyond it: they read the
words, too, and let several classifiers vote. Every setting is chosen by
cross-validation on the 2,173 training documents; each model is scored once on the 693
test documents. To choose a model, go by the first column: its folds hold 435
documents, and lists as short as that give higher numbers than the test set.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA, SemanticAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.metrics import average_precision
from itm_sklearn.pairs import ImageTextPairs

PUBLISHED = {"CM": (0.249, 0.196), "SM": (0.225, 0.223), "SCM": (0.277, 0.226)}
N_TOPICS = 10
_IS_TOPIC, _IS_WORD = slice(0, N_TOPICS), slice(N_TOPICS, None)
_ROOT = FunctionTransformer(np.sqrt)
_SCALED_ROOT = make_pipeline(_ROOT, StandardScaler())
_TOPICS = make_column_transformer(("passthrough", _IS_TOPIC))
_ROOT_OF_TOPICS = make_column_transformer((_ROOT, _IS_TOPIC))
_SCALED_TOPICS = make_column_transformer((StandardScaler(), _IS_TOPIC))
# Ten scaled topics would outweigh words of length one.
_TOPICS_AND_WORDS = ColumnTransformer(
    [("topics", StandardScaler(), _IS_TOPIC), ("words", Normalizer(), _IS_WORD)],
    transformer_weights={"topics": 0.1},
)


def logistic(strength=1.0):
    """A logistic classifier; the lower the strength, the more it is regularised."""
    return LogisticRegression(C=strength, max_iter=3000)


def votes(strength, **kernel):
    """Mean probabilities of a linear model, a kernel machine and trees."""
    machine = CalibratedClassifierCV(SVC(**kernel), ensemble=False)
    trees = ExtraTreesClassifier(300, min_samples_leaf=3, random_state=0)
    judges = [("linear", logistic(strength)), ("kernel", machine), ("trees", trees)]
    return VotingClassifier(judges, voting="soft")


def make_model(image, text, *aligners):
    """An encoder for each view, then one aligner after the other."""
    steps = [(type(aligner).__name__.lower(), aligner) for aligner in aligners]
    return Pipeline([("encode", DualEncoder(image, text)), *steps])


def make_models():
    """Name, model and grid of all models."""
    semantic = SemanticAligner(logistic(), logistic())
    voting = SemanticAligner(votes(0.01), votes(10.0, C=3.0, gamma=1.0))
    yield (
        "CM",
        make_model(None, _TOPICS, CCA()),
        {
            "encode__image": [None, _ROOT],
            "encode__text": [_TOPICS, _ROOT_OF_TOPICS],
            "cca__n_components": [3, 5, 7, 9],
            "cca__ridge": [
                (image, text)
                for image in (0.03, 0.1, 0.3, 1.0, 3.0)
                for text in (0.01, 0.1, 1.0)
            ],
        },
    )
    strengths = {"semanticaligner__text__C": [0.1, 1.0]}
    yield (
        "SM",
        make_model(_SCALED_ROOT, _SCALED_TOPICS, semantic),
        {"semanticaligner__image__C": [0.001, 0.003, 0.01, 0.03], **strengths},
    )
    yield (
        "SCM",
        make_model(_ROOT, _TOPICS, CCA(power=0.0), semantic),
        {
            "cca__n_components": [7, 9],
            "cca__ridge": [(0.3, 0.1), (1.0, 0.1), (3.0, 0.1)],
            "semanticaligner__image__C": [0.01, 0.1, 1.0],
            **strengths,
        },
    )
    yield (
        "SM with words",
        make_model(_SCALED_ROOT, _TOPICS_AND_WORDS, semantic),
        {
            "semanticaligner__image__C": [0.003, 0.01],
            "semanticaligner__text__C": [10.0, 30.0],
        },
    )
    yield (
        "SM with words, votes",
        make_model(_SCALED_ROOT, _TOPICS_AND_WORDS, voting),
        {"semanticaligner__image__kernel__estimator__C": [1.0, 3.0]},
    )


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
    folds = StratifiedKFold(5, shuffle=True, random_state=arguments.seed)
    print(f"{len(train)} training and {len(test)} test documents")
    print("MAP                    folds   image query  text query   published")
    for name, model, grid in make_models():
        start = time.perf_counter()
        search = GridSearchCV(
            model, grid, scoring=mean_of_both, cv=folds, error_score="raise"
        ).fit(train, train_categories)
        image, text = mean_average_precisions(search, test, test_categories)
        published = " / ".join(f"{value:.3f}" for value in PUBLISHED.get(name, ()))
        print(
            f"{name:22} {search.best_score_:.3f}      {image:.3f}        {text:.3f}"
            f"      {published}"
        )
        print(f"    {search.best_params_}, {time.perf_counter() - start:.0f} s")
        sys.stdout.flush()


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
