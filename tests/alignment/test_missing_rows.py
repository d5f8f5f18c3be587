"""Rows that one view lacks: refused by name, whatever the kind of view."""

import numpy as np
import pytest
from scipy import sparse

from itm_sklearn.alignment import CCA
from itm_sklearn.fusion import ConcatFusion
from itm_sklearn.pairs import ImageTextPairs


def with_gaps(rows, gap=np.nan):
    view = np.random.default_rng(0).normal(size=(20, 3))
    view[rows, 1] = gap
    return view


@pytest.mark.parametrize("gap", [np.nan, np.inf])
def test_images_that_are_missing_are_named(gap):
    with pytest.raises(ValueError, match="The images hold NaN or infinity in row 3, 7"):
        CCA().fit(with_gaps([3, 7], gap), with_gaps([]))


def test_texts_that_are_missing_are_named():
    pairs = ImageTextPairs(with_gaps([]), with_gaps([12]))
    for method in (CCA().fit, CCA().partial_fit, ConcatFusion().fit):
        with pytest.raises(ValueError, match=r"The texts hold NaN .* in row 12\."):
            method(pairs)


def test_missing_rows_are_named_when_views_are_projected():
    cca = CCA().fit(with_gaps([]), with_gaps([]))
    with pytest.raises(ValueError, match=r"The texts hold NaN .* in row 2\."):
        cca.transform(ImageTextPairs(with_gaps([]), with_gaps([2])))
    with pytest.raises(ValueError, match=r"The images hold NaN .* in row 5\."):
        cca.transform(with_gaps([5]))


@pytest.mark.parametrize(
    "kind", [sparse.csr_array, sparse.csc_matrix, sparse.lil_array, np.ndarray.tolist]
)
def test_rows_of_every_kind_of_view_are_named(kind):
    with pytest.raises(ValueError, match=r"The texts hold NaN .* in row 4, 9\."):
        CCA().fit(with_gaps([]), kind(with_gaps([4, 9])))


def test_rows_without_a_value_in_a_table_of_objects_are_named():
    texts = with_gaps([]).astype(object)
    texts[6, 0] = None
    with pytest.raises(ValueError, match=r"The texts hold NaN .* in row 6\."):
        CCA().fit(with_gaps([]), texts)


def test_of_many_missing_rows_the_first_are_named():
    with pytest.raises(ValueError, match="in row 0, 1, 2, 3, 4 and 15 more"):
        CCA().fit(with_gaps(slice(None)), with_gaps([]))


def test_other_errors_stay_what_they_are():
    with pytest.raises(ValueError, match="could not convert string to float"):
        CCA().fit(with_gaps([]), [["a dog"]] * 20)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        CCA().fit(np.empty((0, 3)), np.empty((0, 3)))
