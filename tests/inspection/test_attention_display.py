"""A picture for each word, with the regions that were looked at."""

import numpy as np
import pytest

from itm_sklearn.inspection import AttentionDisplay

pytest.importorskip("matplotlib")

PICTURE = np.zeros((8, 12, 3), np.uint8)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


class Looker:
    """Says two words, the first by looking at the top left, then at all."""

    def attend(self, images):
        maps = np.array([[1.0, 0, 0, 0], [0.25] * 4])
        return [["red", "star"] for _ in images], [maps for _ in images]


def test_each_word_has_its_map_over_the_whole_picture():
    display = AttentionDisplay.from_estimator(Looker(), PICTURE)
    assert [ax.get_title() for ax in display.axes_] == ["red", "star"]
    picture, shares = display.axes_[0].get_images()
    assert picture.get_extent() == shares.get_extent() == [0, 12, 8, 0]
    assert shares.get_array().tolist() == [[1, 0], [0, 0]]


def test_long_captions_go_on_in_the_next_row():
    maps = np.full((8, 9), 1 / 9)
    display = AttentionDisplay(image=PICTURE, words=list("abcdefgh"), maps=maps).plot()
    assert len(display.axes_) == 8
    assert display.axes_[7].get_title() == "h"


def test_regions_that_form_no_square_are_refused():
    display = AttentionDisplay(image=PICTURE, words=["a"], maps=np.ones((1, 3)) / 3)
    with pytest.raises(ValueError, match="3 regions"):
        display.plot()
