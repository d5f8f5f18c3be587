"""The rank-counting core against a double loop, in tiles, blocks and any layout."""

import tracemalloc

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from itm_sklearn.metrics import _rank_counter
from itm_sklearn.metrics._ranking import (
    RankCounter,
    rank_relevant,
    ranks_from_blocks,
)


def ranks_by_double_loop(relevant, scores):
    """The worst order of each row, written down item by item."""
    ranks = []
    for wanted, row in zip(relevant, scores, strict=True):
        # Higher scores first; among equal ones irrelevant items first.
        order = sorted(range(len(row)), key=lambda item: (-row[item], wanted[item]))
        ranks.append([rank for rank, item in enumerate(order, 1) if wanted[item]])
    return ranks


def as_lists(ranks):
    return [part.tolist() for part in np.split(ranks.ranks, ranks.starts[1:])]


@st.composite
def judged_scores(draw, max_side=8):
    """Relevance with an entry in each row and column, and scores full of ties."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=max_side))
    relevant = draw(hnp.arrays(bool, shape))
    n_rows, n_columns = shape
    relevant[np.arange(n_rows), np.arange(n_rows) % n_columns] = True
    relevant[np.arange(n_columns) % n_rows, np.arange(n_columns)] = True
    scores = draw(hnp.arrays(np.float32, shape, elements=st.sampled_from([-1, 0, 2])))
    return relevant, scores


@given(judged_scores())
def test_ranks_of_both_directions_are_those_of_a_double_loop(judged):
    relevant, scores = judged
    by_row, by_column = rank_relevant(relevant, scores, axes=(0, 1))
    assert as_lists(by_row) == ranks_by_double_loop(relevant, scores)
    assert as_lists(by_column) == ranks_by_double_loop(relevant.T, scores.T)


@given(judged_scores())
def test_looking_for_the_first_only_gives_the_first_of_all(judged):
    every = rank_relevant(*judged, axes=(0, 1))
    first = rank_relevant(*judged, axes=(0, 1), first_only=True)
    for ranks, one_each in zip(every, first, strict=True):
        assert ranks.first.tolist() == one_each.ranks.tolist()


@settings(max_examples=30)
@given(judged_scores(), st.sampled_from([0, 1, 2, 24]), st.sampled_from([1, 9, 64]))
def test_neither_sorting_nor_the_size_of_tiles_changes_a_rank(judged, many, tile_bytes):
    expected = rank_relevant(*judged, axes=(0, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_rank_counter, "MANY", many)
        patch.setattr(_rank_counter, "_TILE_BYTES", tile_bytes)
        patch.setattr(_rank_counter, "_SORTING_TILE_BYTES", tile_bytes)
        found = rank_relevant(*judged, axes=(0, 1))
    for one, other in zip(expected, found, strict=True):
        assert one.ranks.tolist() == other.ranks.tolist()


@given(judged_scores())
def test_sparse_and_dense_relevance_rank_alike(judged):
    relevant, scores = judged
    dense = rank_relevant(relevant, scores)[0].ranks
    for make in (sparse.csr_array, sparse.csc_array, sparse.coo_matrix):
        assert (rank_relevant(make(relevant), scores)[0].ranks == dense).all()


@given(judged_scores(), st.data())
def test_blocks_of_rows_rank_like_the_whole_matrix(judged, data):
    relevant, scores = judged
    cut = data.draw(st.integers(0, len(scores)))
    rows = [slice(0, cut), slice(cut, len(scores))]
    blocks = [(part, scores[part]) for part in rows if part.start < part.stop]
    streamed = ranks_from_blocks(blocks, sparse.csr_array(relevant), axes=(0, 1))
    whole = rank_relevant(relevant, scores, axes=(0, 1))
    for one, other in zip(streamed, whole, strict=True):
        assert one.ranks.tolist() == other.ranks.tolist()


@pytest.fixture
def random_scores():
    """300 texts, five to an image: more rows than a byte can count."""
    scores = np.random.default_rng(0).random((300, 60), dtype=np.float32)
    relevant = np.repeat(np.eye(60, dtype=bool), 5, axis=0)
    return relevant, scores


@pytest.mark.parametrize(
    "lay_out",
    [np.asfortranarray, lambda scores: np.repeat(scores, 2, axis=1)[:, ::2]],
    ids=["by column", "every other column"],
)
def test_the_layout_in_memory_changes_no_rank(random_scores, lay_out):
    relevant, scores = random_scores
    expected = rank_relevant(relevant, scores, axes=(0, 1))
    found = rank_relevant(relevant, lay_out(scores), axes=(0, 1))
    for one, other in zip(expected, found, strict=True):
        assert as_lists(one) == as_lists(other)


def test_more_than_255_rivals_in_a_column_are_counted(random_scores):
    relevant = np.zeros((300, 1), dtype=bool)
    relevant[299] = True
    scores = np.arange(300, 0, -1, dtype=np.float32)[:, np.newaxis]
    assert rank_relevant(relevant, scores, axes=(1,))[0].ranks.tolist() == [300]


def test_float32_scores_are_not_widened():
    """At float64 the relevant score, 0.1, would lie apart from its equal."""
    scores = np.array([[0.1, 0.1, 0.2]], dtype=np.float32)
    assert rank_relevant([[1, 0, 0]], scores)[0].ranks.tolist() == [3]


def test_neighbouring_large_integers_are_told_apart():
    """As floats 2**53 and 2**53 + 1 would tie."""
    scores = np.array([[2**53 + 1, 2**53]])
    assert rank_relevant([[1, 0]], scores)[0].ranks.tolist() == [1]


@pytest.mark.parametrize("dtype", [np.float16, np.uint8, np.int32, bool])
def test_small_types_are_ranked_like_float64(dtype):
    scores = np.array([[1, 0, 1, 0], [0, 0, 1, 1]])
    relevant = [[1, 0, 0, 1], [0, 1, 1, 0]]
    found = rank_relevant(relevant, scores.astype(dtype))[0]
    assert as_lists(found) == [[2, 4], [2, 4]]


def test_infinite_scores_are_ranked_and_tie():
    scores = np.array([[np.inf, 1, -np.inf, -np.inf]])
    assert as_lists(rank_relevant([[1, 0, 1, 0]], scores)[0]) == [[1, 4]]


def test_the_relevance_given_is_left_as_it_was():
    relevant = sparse.csr_array(([1, 0, 2], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    rank_relevant(relevant, np.eye(2))
    assert relevant.data.tolist() == [1, 0, 2]


def test_a_stored_zero_is_not_relevant():
    relevant = sparse.csr_array(([1, 0, 2], [0, 1, 1], [0, 2, 3]), shape=(2, 2))
    assert as_lists(rank_relevant(relevant, np.eye(2))[0]) == [[1], [1]]


@pytest.mark.parametrize("place", [(0, 0), (299, 59), (150, 3)])
def test_one_nan_anywhere_is_an_error(random_scores, place):
    relevant, scores = random_scores
    scores[place] = np.nan
    with pytest.raises(ValueError, match="NaN, which has no rank"):
        rank_relevant(relevant, scores)


def test_queries_without_a_relevant_item_are_counted():
    with pytest.raises(ValueError, match="2 of 3 queries .* first in row 1"):
        rank_relevant([[1, 0], [0, 0], [0, 0]], np.zeros((3, 2)))
    with pytest.raises(ValueError, match="1 of 2 queries .* first in column 1"):
        rank_relevant([[1, 0], [1, 0]], np.zeros((2, 2)), axes=(1,))


def test_transposed_scores_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) and y_score \(3, 2\)"):
        rank_relevant(np.ones((2, 3)), np.ones((3, 2)))


def test_an_exhausted_generator_is_refused():
    blocks = ((slice(i, i + 1), np.eye(2)[i : i + 1]) for i in range(2))
    with pytest.raises(TypeError, match="walked through once"):
        ranks_from_blocks(blocks, sparse.csr_array(np.eye(2)))


def test_blocks_that_leave_rows_out_are_refused():
    relevance = sparse.csr_array(np.eye(2))
    with pytest.raises(ValueError, match="hold 1 of 2 rows"):
        ranks_from_blocks([(slice(0, 1), np.eye(2)[:1])], relevance)
    with pytest.raises(ValueError, match="must follow each other"):
        ranks_from_blocks([(slice(1, 2), np.eye(2)[1:])], relevance)


@pytest.mark.parametrize("n_relevant", [1, 30])
def test_extra_memory_does_not_grow_with_the_matrix(n_relevant):
    scores = np.random.default_rng(0).random((4000, 3000), dtype=np.float32)
    rows = np.repeat(np.arange(4000), n_relevant)
    columns = (rows + np.tile(np.arange(n_relevant), 4000)) % 3000
    relevance = sparse.csr_array((np.ones(len(rows), bool), (rows, columns)))
    tracemalloc.start()
    with sklearn.config_context(working_memory=1):
        rank_relevant(relevance, scores)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < scores.nbytes / 2


def test_a_counter_takes_tiles_in_any_order(random_scores):
    relevant, scores = random_scores
    relevance = sparse.csr_array(relevant)
    rows, columns = relevance.nonzero()
    counters = [
        RankCounter(relevance, scores[rows, columns], axis=axis) for axis in (0, 1)
    ]
    tiles = [(row, column) for row in range(0, 300, 70) for column in range(0, 60, 25)]
    for row, column in reversed(tiles):
        for counter in counters:
            counter.add(scores[row : row + 70, column : column + 25], row, column)
    for counter, whole in zip(
        counters, rank_relevant(relevant, scores, axes=(0, 1)), strict=True
    ):
        assert counter.ranks().ranks.tolist() == whole.ranks.tolist()
