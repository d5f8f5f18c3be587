"""Conditions on metadata: what they mean, and what is refused."""

import numpy as np
import pytest

from itm_sklearn.retrieval._columns import append_columns, read_columns
from itm_sklearn.retrieval._filter import Filter

COLUMNS = {
    "label": np.array(["dog", "cat", "it's", "dog"]),
    "year": np.array([2019, 2020, 2021, 2022]),
    "score": np.array([0.5, -1.0, np.nan, 2.0]),
    "sold": np.array([True, False, True, False]),
}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("label == 'dog'", [0, 3]),
        ("label != 'dog'", [1, 2]),
        ('label == "it\'s"', [2]),
        ("label in ['cat', 'cow']", [1]),
        ("label not in ['cat']", [0, 2, 3]),
        ("year >= 2020 and label == 'dog'", [3]),
        ("year < 2020 or year > 2021", [0, 3]),
        ("2019 < year <= 2021", [1, 2]),
        ("not (sold or year == 2020)", [3]),
        ("sold", [0, 2]),
        ("sold == False", [1, 3]),
        ("score > -1", [0, 3]),
        ("score == -1.0", [1]),
        ("year > score", [0, 1, 3]),
        ("  label > 'd' ", [0, 2, 3]),
    ],
)
def test_a_condition_holds_where_python_says_so(where, expected):
    matches = Filter(where).matches(COLUMNS)
    assert np.flatnonzero(matches).tolist() == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("label = 'dog'", "can't be read"),
        ("label.upper() == 'DOG'", "Call has no meaning"),
        ("__import__('os').system('ls') == 0", "Call has no meaning"),
        ("year + 1 == 2020", "BinOp has no meaning"),
        ("label[0] == 'd'", "Subscript has no meaning"),
        ("label is None", "Is has no meaning"),
        ("colour == 'red'", "no column 'colour'; known are: label, score, sold, year"),
        ("label == 3", "compares text with numbers"),
        ("year in ['2020']", "compares text with numbers"),
        ("year", "'year' is neither true nor false"),
        ("year and sold", "'year' is neither true nor false"),
        ("1 == 1", "names no column"),
        ("year in [[1], [2, 3]]", "no constant"),
        ("", "can't be read"),
    ],
)
def test_anything_else_is_refused(where, message):
    with pytest.raises(ValueError, match=message):
        Filter(where).matches(COLUMNS)


def test_milvus_gets_chains_in_pieces():
    assert str(Filter("1 < year <= 3 and sold")) == "(1 < year and year <= 3) and sold"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["a", "b"], "U"),
        ([1, 2], "i"),
        (np.array([1, 2], np.uint8), "i"),
        ([1, 2.5], "f"),
        ([True, False], "b"),
    ],
)
def test_columns_keep_their_kind(cells, kind):
    assert read_columns({"x": cells}, 2)["x"].dtype.kind == kind


@pytest.mark.parametrize("cells", [["a", None], ["a", np.nan], ["a", 1], [None, 1]])
def test_a_column_of_mixed_kinds_is_refused(cells):
    with pytest.raises(TypeError, match="'x' mixes kinds"):
        read_columns({"x": cells}, 2)


def test_a_column_has_a_cell_for_each_vector():
    with pytest.raises(ValueError, match=r"shape \(3,\), but there are 2 vectors"):
        read_columns({"x": [1, 2, 3]}, 2)


@pytest.mark.parametrize("name", ["two words", 3, "a-b"])
def test_a_column_that_no_condition_can_name_is_refused(name):
    with pytest.raises(ValueError, match="Rename it"):
        read_columns({name: [1]}, 1)


@pytest.mark.parametrize("more", [{}, {"x": ["a"]}, {"x": [1], "y": [1]}])
def test_columns_of_another_kind_can_not_be_appended(more):
    with pytest.raises(ValueError, match="Give the same columns"):
        append_columns(read_columns({"x": [1]}, 1), read_columns(more, 1))
