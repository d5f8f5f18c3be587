"""Recall and ranks of the first relevant item, by hand and by their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from itm_sklearn.metrics import (
    average_precision,
    mean_normalized_rank,
    mean_rank,
    mean_reciprocal_rank,
    median_rank,
    ndcg,
    recall_at_k,
)

# Larger is better for these, as they stand or with the sign turned.
SIGNS = {
    recall_at_k: 1,
    mean_reciprocal_rank: 1,
    average_precision: 1,
    ndcg: 1,
    median_rank: -1,
    mean_rank: -1,
    mean_normalized_rank: -1,
}
METRICS = pytest.mark.parametrize("metric", SIGNS)


@pytest.mark.parametrize(("k", "expected"), [(1, 0.0), (2, 0.5), (3, 1.0), (9, 1.0)])
def test_recall_at_k_on_a_ranking_done_by_hand(k, expected):
    relevant = [[0, 1, 0], [0, 0, 1]]
    scores = [[0.9, 0.8, 0.1], [0.9, 0.8, 0.1]]
    assert recall_at_k(relevant, scores, k=k) == expected


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (median_rank, 2.0),
        (mean_rank, 7 / 3),
        (mean_reciprocal_rank, (1 + 1 / 2 + 1 / 4) / 3),
        (mean_normalized_rank, (0 + 1 / 2 + 1) / 3),
    ],
)
def test_metrics_of_ranks_one_two_and_four(metric, expected):
    """The second query has two relevant items, so two rivals; the others three."""
    relevant = [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1]]
    scores = [[4, 3, 2, 1], [4, 3, 2, 1], [4, 3, 2, 1]]
    assert metric(relevant, scores) == pytest.approx(expected)


def test_the_median_of_an_even_number_of_ranks_lies_between():
    assert median_rank(np.eye(2), [[1, 0], [1, 0]]) == 1.5


def test_recall_at_k_gives_no_credit_for_ties():
    """A model that scores every item alike must not look perfect."""
    assert recall_at_k(np.eye(4), np.zeros((4, 4)), k=1) == 0.0
    assert recall_at_k(np.eye(4), np.zeros((4, 4)), k=3) == 0.0


@METRICS
def test_constant_scores_are_never_better_than_random_ones(metric):
    relevant = np.repeat(np.eye(40), 2, axis=0)
    random = np.random.default_rng(0).random((80, 40))
    constant = metric(relevant, np.zeros((80, 40)))
    assert SIGNS[metric] * constant < SIGNS[metric] * metric(relevant, random)


@METRICS
def test_a_perfect_ranking_has_the_best_value(metric):
    best = {mean_normalized_rank: 0.0}.get(metric, 1.0)
    assert metric(np.eye(5), np.eye(5)) == best


@METRICS
def test_nan_is_an_error_not_a_score(metric):
    with pytest.raises(ValueError, match="NaN"):
        metric(np.eye(3), np.full((3, 3), np.nan))


@st.composite
def judged_scores(draw):
    """Scores that are small integers, so that ties are common and maps exact."""
    n_queries, n_items = draw(st.integers(1, 6)), draw(st.integers(2, 8))
    relevant = draw(hnp.arrays(bool, (n_queries, n_items)))
    relevant[np.arange(n_queries), np.arange(n_queries) % n_items] = True
    values = st.integers(-4, 4)
    return relevant, draw(hnp.arrays(int, (n_queries, n_items), elements=values))


@METRICS
@given(judged=judged_scores(), data=st.data())
def test_the_order_of_queries_and_items_means_nothing(metric, judged, data):
    relevant, scores = judged
    rows = data.draw(st.permutations(range(scores.shape[0])))
    columns = data.draw(st.permutations(range(scores.shape[1])))
    shuffled = metric(relevant[rows][:, columns], scores[rows][:, columns])
    assert shuffled == pytest.approx(metric(relevant, scores))


@METRICS
@given(judged=judged_scores())
def test_only_the_order_of_the_scores_counts(metric, judged):
    relevant, scores = judged
    assert metric(relevant, np.exp(scores) - 3) == metric(relevant, scores)


@METRICS
@given(judged=judged_scores(), data=st.data())
def test_ties_never_help(metric, judged, data):
    """Whichever way ties are broken, the result is at least as good."""
    relevant, scores = judged
    order = data.draw(hnp.arrays(int, scores.shape, elements=st.integers(0, 9)))
    broken = SIGNS[metric] * metric(relevant, 10 * scores + order)
    assert broken >= SIGNS[metric] * metric(relevant, scores) - 1e-12


def test_normalized_rank_does_not_depend_on_the_size_of_the_gallery():
    """Every item twice: the ranks double, the share before stays."""
    scores = np.random.default_rng(0).random((50, 200))
    relevant = np.eye(50, 200)
    doubled = np.hstack([scores, scores + 1e-9 * relevant - 1e-12])
    relevant_once = np.hstack([np.zeros_like(relevant), relevant])
    once = mean_normalized_rank(relevant, scores)
    twice = mean_normalized_rank(relevant_once, doubled)
    assert twice == pytest.approx(once, abs=0.01)
    assert mean_rank(relevant_once, doubled) > 1.9 * mean_rank(relevant, scores)


def test_where_nothing_is_irrelevant_nothing_stands_before():
    assert mean_normalized_rank([[1, 1]], [[0.5, 0.5]]) == 0.0


@pytest.mark.parametrize("metric", [recall_at_k, ndcg])
def test_k_must_be_a_whole_number_of_results(metric):
    with pytest.raises(ValueError, match="k == 0"):
        metric(np.eye(2), np.eye(2), k=0)
    with pytest.raises(TypeError, match="k must be an instance of"):
        metric(np.eye(2), np.eye(2), k=1.5)
