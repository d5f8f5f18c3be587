"""A model that needs all queries at once can't hide inside another."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from itm_sklearn.matching import ScoreFusion, SimilarityMatcher
from itm_sklearn.model_selection import (
    compare_retrieval,
    evaluate_retrieval,
    is_transductive,
)
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, Reranker

PAIRS = ImageTextPairs(np.eye(4), np.eye(4))


class AllAtOnce(SimilarityMatcher):
    transductive = True


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: make_pipeline(FrozenEstimator(model.fit(PAIRS))),
        make_pipeline,
        CrossModalRetriever,
        lambda model: Reranker(model, SimilarityMatcher()),
        lambda model: Reranker(SimilarityMatcher(), model),
        lambda model: make_pipeline(CrossModalRetriever(model)),
        lambda model: ScoreFusion([("one", model)]),
    ],
)
def test_it_is_found_inside_other_models(wrap):
    assert is_transductive(wrap(AllAtOnce()).fit(PAIRS))
    assert not is_transductive(wrap(SimilarityMatcher()).fit(PAIRS))


def test_a_fusion_of_ranks_is_transductive_and_one_of_scores_is_not():
    matchers = [("one", SimilarityMatcher())]
    by_rank = ScoreFusion(matchers, weights="reciprocal_rank").fit(PAIRS)
    assert is_transductive(by_rank)
    assert not is_transductive(ScoreFusion(matchers).fit(PAIRS))


def test_an_evaluation_says_so():
    evaluation = evaluate_retrieval(AllAtOnce().fit(PAIRS), PAIRS, random_state=0)
    assert evaluation.transductive
    assert "by pair, transductive, 4 images" in repr(evaluation)
    assert evaluation.to_dict()["transductive"]


def test_a_comparison_says_it_of_each_model():
    models = AllAtOnce().fit(PAIRS), SimilarityMatcher().fit(PAIRS)
    comparison = compare_retrieval(*models, PAIRS, random_state=0)
    assert comparison.a.transductive
    assert not comparison.b.transductive
