"""Drawn images stand beside their texts."""

import numpy as np
import pytest

pyplot = pytest.importorskip("matplotlib.pyplot")

from itm_sklearn.inspection import DrawingDisplay  # noqa: E402


class Painter:
    """Paints the length of the text, a little brighter in each sample."""

    def sample(self, texts, n):
        images = np.zeros((len(texts), n, 4, 4, 3), np.uint8)
        for row, text in enumerate(texts):
            for column in range(n):
                images[row, column] = 10 * len(text) + column
        return images


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def test_each_sample_of_each_text_is_shown():
    display = DrawingDisplay.from_estimator(Painter(), ["sea", "sky at night"], n=3)
    assert display.axes_.shape == (2, 3)
    shown = display.axes_[1, 2].images[0].get_array()
    assert (shown == 122).all()
    assert display.axes_[1, 0].get_ylabel() == "sky at night"


def test_models_stand_side_by_side_under_their_names():
    images = Painter().sample(["sea"], 2)
    display = DrawingDisplay(["sea"], images, names=["one", "other"]).plot(cmap="gray")
    assert [ax.get_title() for ax in display.axes_[0]] == ["one", "other"]


def test_a_grid_of_another_shape_is_refused():
    images = Painter().sample(["sea"], 2)
    with pytest.raises(ValueError, match="2 texts"):
        DrawingDisplay(["sea", "sky"], images).plot()
    with pytest.raises(ValueError, match="3 columns"):
        DrawingDisplay(["sea"], images, names=["a", "b", "c"]).plot()
