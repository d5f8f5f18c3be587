"""`itm draw` paints texts by a saved model, and says what is wrong in one line."""

import numpy as np
import pytest
from PIL import Image
from sklearn.preprocessing import StandardScaler
from typer.testing import CliRunner

import itm_sklearn
from itm_sklearn.cli._app import app

pytest.importorskip("torch")

from itm_sklearn.generation import TextToImage


@pytest.fixture(scope="module")
def painter():
    images = np.zeros((8, 16, 16, 3), np.uint8)
    model = TextToImage(
        "cvae", n_components=32, image_size=16, max_iter=1, random_state=0
    )
    return model.fit(["a star", "a cross"] * 4, images)


@pytest.fixture
def saved(painter, tmp_path):
    return itm_sklearn.save(painter, tmp_path / "painter.itm")


def itm(*arguments):
    return CliRunner().invoke(app, ["draw", *map(str, arguments)])


def test_a_text_becomes_a_picture(saved, painter, tmp_path):
    out = tmp_path / "star.png"
    done = itm("a star", "--model", saved, "--out", out, "--scale", 1)
    assert done.exit_code == 0, done.output
    with Image.open(out) as picture:
        expected = painter.predict(["a star"])[0]
        np.testing.assert_array_equal(np.asarray(picture), expected)


def test_samples_stand_in_rows(saved, tmp_path):
    out = tmp_path / "both.png"
    done = itm("a star", "a cross", "--model", saved, "--out", out, "-n", 3)
    assert done.stdout.strip().endswith("2 x 3 images")
    with Image.open(out) as picture:
        assert picture.size == (3 * 64 + 2 * 2, 2 * 64 + 2)


def test_a_model_that_does_not_draw_is_named(tmp_path):
    path = itm_sklearn.save(StandardScaler().fit([[0.0], [1.0]]), tmp_path / "scaler")
    done = itm("a star", "--model", path)
    assert done.exit_code == 1
    assert "StandardScaler, which draws no images" in done.output
