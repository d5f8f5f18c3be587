"""Whole rows sorted with their relevance inside, against a double loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from itm_sklearn.metrics import _sorted_ranks
from itm_sklearn.metrics._ranking import rank_relevant
from itm_sklearn.metrics._sorted_ranks import rank_by_sorting
from tests.metrics.test_ranking import as_lists, ranks_by_double_loop

# Bits that are next to each other, far apart, of both signs, and both zeros.
SCORES = [0.0, -0.0, 1.0, -1.0, np.nextafter(np.float32(1), 2), 3e38, -3e38, 1e-45]


def draw_judged(values, dtype, shape=(7, 90)):
    rng = np.random.default_rng(0)
    relevant = rng.random(shape) < 0.5
    relevant[0], relevant[:, 0] = True, True
    return relevant, rng.choice(np.array(values, dtype), shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "values",
    [SCORES, [0.5, -0.5, -0.25], [np.inf, -np.inf, 0], [5.0, -5.0, 5.5], [2.0]],
    ids=["anything", "cosines", "infinite", "large", "constant"],
)
def test_ranks_by_sorting_are_those_of_a_double_loop(values, dtype):
    relevant, scores = draw_judged(values, dtype)
    relevance = sparse.csr_array(relevant)
    by_row, by_column = (rank_by_sorting(relevance, scores, axis) for axis in (0, 1))
    assert as_lists(by_row) == ranks_by_double_loop(relevant, scores)
    assert as_lists(by_column) == ranks_by_double_loop(relevant.T, scores.T)


@given(st.floats(width=32, allow_nan=False), st.floats(width=32, allow_nan=False))
def test_any_two_scores_are_put_in_their_order(one, other):
    relevance = sparse.csr_array(np.array([[True, False]]))
    scores = np.array([[one, other]], np.float32)
    rank = rank_by_sorting(relevance, scores).ranks.item()
    assert rank == 1 + (scores[0, 1] >= scores[0, 0])


def test_queries_with_many_relevant_items_are_sorted(monkeypatch):
    asked = []
    monkeypatch.setattr(
        _sorted_ranks, "_places", lambda *row: asked.append(row) or np.arange(40)
    )
    scores = np.zeros((3, 80), np.float32)
    rank_relevant(np.arange(80) < [[40]] * 3, scores)
    assert len(asked) == 3


def test_sorted_queries_need_relevant_items_and_no_nan():
    relevant, scores = draw_judged([0.0, 1.0], np.float32)
    scores[3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN, which has no rank"):
        rank_relevant(relevant, scores)
    relevant[2] = False
    with pytest.raises(ValueError, match="1 of 7 queries .* first in row 2"):
        rank_relevant(relevant, scores)
