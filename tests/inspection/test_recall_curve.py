"""The recall curve shows the numbers of the metrics."""

import numpy as np
import pytest

from itm_sklearn.inspection import RecallCurveDisplay, recall_curve
from itm_sklearn.metrics import recall_at_k
from itm_sklearn.pairs import ImageTextPairs

pytest.importorskip("matplotlib")

SIMILARITY = np.array([[0.9, 0.1, 0.0], [0.8, 0.3, 0.1], [0.2, 0.1, 0.7]])


@pytest.fixture
def similarity():
    return np.random.default_rng(0).normal(size=(30, 30))


def test_a_curve_done_by_hand():
    """The second text finds its image second; the others at once."""
    recall = recall_curve(np.eye(3), SIMILARITY)
    np.testing.assert_allclose(recall["text_to_image"], [2 / 3, 1, 1])


@pytest.mark.parametrize("k", [1, 7, 30])
def test_each_point_is_the_recall_at_its_k(similarity, k):
    recall = recall_curve(np.eye(30), similarity)
    assert recall["text_to_image"][k - 1] == recall_at_k(np.eye(30), similarity, k=k)
    assert recall["image_to_text"][k - 1] == recall_at_k(np.eye(30), similarity.T, k=k)


def test_more_results_never_find_less(similarity):
    for recall in recall_curve(np.eye(30), similarity).values():
        assert (np.diff(recall) >= 0).all()
        assert recall[-1] == 1


def test_the_plotted_lines_hold_the_recall(similarity):
    display = RecallCurveDisplay.from_predictions(np.eye(30), similarity, max_k=10)
    for line, recall in zip(display.lines_, display.recall.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 11))
        np.testing.assert_array_equal(line.get_ydata(), recall)


def test_the_directions_differ_without_colour(similarity):
    display = RecallCurveDisplay.from_predictions(np.eye(30), similarity)
    assert len({line.get_linestyle() for line in display.lines_}) == 2


def test_from_estimator_asks_the_estimator_for_the_similarity():
    class Oracle:
        def similarity(self, pairs):
            return pairs.relevance().toarray().astype(float)

    pairs = ImageTextPairs(np.eye(2), ["a dog", "a cat", "cats"], [0, 1, 1])
    display = RecallCurveDisplay.from_estimator(Oracle(), pairs)
    assert display.recall["text_to_image"].tolist() == [1, 1]
    assert display.lines_[0].get_label().startswith("Oracle")


def test_two_models_share_one_pair_of_axes(similarity):
    first = RecallCurveDisplay.from_predictions(np.eye(30), similarity, name="a")
    second = RecallCurveDisplay.from_predictions(
        np.eye(30), -similarity, name="b", ax=first.ax_
    )
    assert second.figure_ is first.figure_
    assert len(first.ax_.get_lines()) == 4


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")
