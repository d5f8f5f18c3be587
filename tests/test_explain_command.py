"""`itm explain` says what `explain_match` says, of a model that was saved."""

import pytest
from PIL import Image
from typer.testing import CliRunner

from itm_sklearn.baselines import make_baseline
from itm_sklearn.cli import app
from itm_sklearn.datasets import make_scenes
from itm_sklearn.inspection import explain_match
from itm_sklearn.persistence import save
from itm_sklearn.retrieval import CrossModalRetriever

PAIRS = make_scenes(30, image_size=32, captions_per_image=1, random_state=0).pairs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved model and the first picture."""
    folder = tmp_path_factory.mktemp("explain")
    model = make_baseline("color", n_components=4, random_state=0).fit(PAIRS)
    save(CrossModalRetriever(model).fit(PAIRS), folder / "scenes.itm")
    Image.fromarray(PAIRS.images[0]).save(folder / "scene.png")
    return folder


def run(folder, text, *options):
    arguments = ["explain", folder / "scene.png", text, *options]
    arguments += ["--model", folder / "scenes.itm"]
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_words_and_scores_are_those_of_the_python_interface(folder):
    text = PAIRS.texts[0]
    done = run(folder, text, "--method", "occlusion")
    assert done.exit_code == 0, done.output
    model = make_baseline("color", n_components=4, random_state=0).fit(PAIRS)
    expected = explain_match(model, PAIRS.images[0], text, method="occlusion")
    printed = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [word for _, word in printed] == text.split()
    scores = [float(score) for score, _ in printed]
    assert scores == pytest.approx(expected.word_scores, abs=1e-3)


def test_the_page_is_written_and_named(folder, tmp_path):
    page = tmp_path / "out.html"
    done = run(folder, "a red star", "--html", page, "--n-samples", 20)
    assert done.exit_code == 0, done.output
    assert "data:image/png" in page.read_text(encoding="utf8")
    assert "out.html" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "magic"], "method='magic' is unknown"),
        (["--html", "absent/out.html"], "there is no folder"),
        (["--segments", "rings:3"], "segments='rings:3'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, options, message):
    done = run(folder, "a red star", *options)
    assert done.exit_code == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
