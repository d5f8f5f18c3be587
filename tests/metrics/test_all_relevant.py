"""Average precision and NDCG, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from itm_sklearn.metrics import average_precision, ndcg


def test_average_precision_by_hand():
    """Relevant items at the ranks 1, 3 and 4."""
    scores = [[0.9, 0.8, 0.7, 0.6, 0.5]]
    expected = (1 / 1 + 2 / 3 + 3 / 4) / 3
    assert average_precision([[1, 0, 1, 1, 0]], scores) == pytest.approx(expected)


def test_average_precision_of_constant_scores_is_that_of_the_worst_order():
    """Two irrelevant items come first: 1 / 3 and 2 / 4."""
    found = average_precision([[1, 0, 1, 0]], np.zeros((1, 4)))
    assert found == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_ndcg_by_hand():
    """Relevant items at the ranks 1 and 3; the best would be 1 and 2."""
    scores = [[0.9, 0.8, 0.7, 0.6]]
    gain, largest = 1 + 1 / np.log2(4), 1 + 1 / np.log2(3)
    assert ndcg([[1, 0, 1, 0]], scores) == pytest.approx(gain / largest)
    assert ndcg([[1, 0, 1, 0]], scores, k=2) == pytest.approx(1 / largest)
    assert ndcg([[1, 0, 1, 0]], scores, k=1) == 1.0


def test_ndcg_takes_the_size_of_relevance_for_yes():
    scores = [[0.9, 0.8, 0.7]]
    assert ndcg([[3, 0, 1]], scores) == ndcg([[1, 0, 1]], scores)


@pytest.mark.parametrize("n_relevant", [1, 5, 40])
def test_both_agree_with_scikit_learn_where_there_are_no_ties(n_relevant):
    rng = np.random.default_rng(n_relevant)
    scores = rng.permuted(np.tile(np.arange(80.0), (30, 1)), axis=1)
    relevant = rng.permuted(np.arange(80) < n_relevant * np.ones((30, 1)), axis=1)
    expected = [
        average_precision_score(wanted, row)
        for wanted, row in zip(relevant, scores, strict=True)
    ]
    assert average_precision(relevant, scores) == pytest.approx(np.mean(expected))
    assert ndcg(relevant, scores) == pytest.approx(ndcg_score(relevant, scores))
    assert ndcg(relevant, scores, k=7) == pytest.approx(
        ndcg_score(relevant, scores, k=7)
    )


def test_ragged_relevance_weighs_queries_alike():
    """One query with a single relevant item, one with thirty: each counts half."""
    relevant = np.zeros((2, 40), dtype=bool)
    relevant[0, 1] = relevant[1, :30] = True
    scores = np.tile(np.arange(40.0, 0, -1), (2, 1))
    assert average_precision(relevant, scores) == (1 / 2 + 1) / 2
