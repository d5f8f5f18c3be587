"""Both common suites over every public estimator."""

import os
from importlib.util import find_spec

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.baselines import make_baseline
from itm_sklearn.compose import DualEncoder
from itm_sklearn.fusion import ConcatFusion
from itm_sklearn.generation import VisualQuestionAnswering
from itm_sklearn.image import ColorHistogram
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.retrieval import CrossModalRetriever
from itm_sklearn.testing import all_estimators, parametrize_with_pair_checks

# What a class needs to be made, and to be small enough for tiny inputs.
ARGUMENTS = {
    "BagOfVisualWords": {"n_words": 4},
    "Captioner": {"n_components": 32, "image_size": 16, "max_iter": 1, "n_beams": 1},
    "ContrastiveAligner": {"n_components": 8},
    "CrossAttentionMatcher": {"n_components": 8, "learning_rate": 0.02},
    "CrossModalRetriever": {"model": SimilarityMatcher()},
    "DeepCCA": {"n_components": 4, "hidden_layer_sizes": (16,), "max_iter": 10},
    "FisherVector": {"n_words": 2, "descriptor_size": 4},
    "JointVAE": {"n_components": 32, "image_size": 16, "max_iter": 1},
    "NeuralFusion": {"n_components": 8, "max_iter": 5},
    "NeuralMatcher": {"n_components": 4, "max_iter": 3},
    "Reranker": {"first_stage": SimilarityMatcher(), "matcher": SimilarityMatcher()},
    "RetrievalCaptioner": {"matcher": make_baseline("color", "bow")},
    "ScoreFusion": {"estimators": [("one", SimilarityMatcher())]},
    "TextToImage": {
        "method": "cvae",
        "n_components": 32,
        "image_size": 16,
        "max_iter": 1,
    },
    "TowerAligner": {"n_components": 8},
    "VQVAE": {"n_codes": 8, "n_components": 32, "image_size": 16, "max_iter": 1},
    "VLAD": {"n_words": 3},
    "VisualDialogue": {
        "answerer": VisualQuestionAnswering(
            ConcatFusion(), image=ColorHistogram(), text=CountVectorizer()
        )
    },
    "VisualQuestionAnswering": {"n_components": 32, "image_size": 16, "max_iter": 1},
    "WeightedFusion": {"weights": (1, 2)},
}
# Their rooms' own tests run the checks, on small networks and with the packages.
NEED_PACKAGES = {
    "CLIPImageEncoder",
    "CLIPTextEncoder",
    "CNNEncoder",
    "FaissIndex",
    "MilvusIndex",
    "TransformerTextEncoder",
    "Word2VecEncoder",
}
ESTIMATORS = [
    cls(**ARGUMENTS.get(name, {}))
    for name, cls in all_estimators()
    # Checks for errors would take that of an absent torch for theirs.
    if name not in NEED_PACKAGES
    and (find_spec("torch") or not issubclass(cls, TrainingMixin))
]
ARRAY_ESTIMATORS = [
    estimator for estimator in ESTIMATORS if get_tags(estimator).input_tags.two_d_array
]


def test_scikit_learns_array_api_checks_are_switched_on():
    """Without the variable some checks of the stock suite are skipped silently."""
    assert os.environ.get("SCIPY_ARRAY_API") == "1"


# The stock suite has but one check, and a warning, for pictures, strings and pairs.
@parametrize_with_checks(ARRAY_ESTIMATORS)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@parametrize_with_pair_checks(ESTIMATORS)
def test_pair_checks(estimator, check):
    check()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_no_estimator_asks_to_be_skipped(estimator):
    assert not get_tags(estimator)._skip_test


def test_the_aligners_take_arrays():
    names = {type(estimator).__name__ for estimator in ARRAY_ESTIMATORS}
    assert {"CCA", "ExactIndex"} <= names


def test_every_room_is_searched_for_estimators():
    found = dict(all_estimators())
    expected = {DualEncoder, SimilarityMatcher, CrossModalRetriever}
    assert expected <= set(found.values())
