"""The table shows what the report holds."""

import numpy as np
import pytest

from itm_sklearn.inspection import format_table, mean_report
from itm_sklearn.metrics import retrieval_report


@pytest.fixture
def report():
    return retrieval_report(np.eye(20), np.eye(20))


def test_every_row_ends_with_its_rsum(report):
    lines = format_table({"One": report, "Two": report}).splitlines()
    assert len(lines) == 4
    assert lines[2].split() == ["One", *["100.0", "100.0", "100.0", "1.0"] * 2, "600.0"]


def test_columns_stay_aligned_under_long_names(report):
    lines = format_table({"A": report, "A much longer name": report}).splitlines()
    assert len({len(line) for line in lines[1:]}) == 1


def test_the_mean_over_folds_keeps_the_spread_of_the_rsum(report):
    zero = retrieval_report(-np.eye(20), np.eye(20))
    mean = mean_report([report, zero])
    assert mean["text_to_image"]["recall@1"] == 0.5
    assert mean["rsum"] == 300
    assert mean["rsum_std"] == 300
    assert format_table({"Both": mean}).endswith("300.0 ± 300.0")
