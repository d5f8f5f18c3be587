"""The command line says what the Python interface says, in one line when it fails."""

import csv
import json
import subprocess
import sys
import time
from importlib.metadata import version

import pytest
from PIL import Image
from sklearn.preprocessing import StandardScaler
from typer.testing import CliRunner

from itm_sklearn.baselines import make_baseline
from itm_sklearn.cli import app
from itm_sklearn.datasets import load_pairs, make_scenes
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import pair_similarity
from itm_sklearn.persistence import save

N_TRAIN = 40


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of pictures, a CSV of captions, and lists of images to use."""
    folder = tmp_path_factory.mktemp("photos")
    pairs = make_scenes(60, random_state=0).pairs
    for number, picture in enumerate(pairs.images):
        Image.fromarray(picture).save(folder / f"{number}.png")
    with open(folder / "captions.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "text"])
        names = [f"{number}.png" for number in pairs.image_index]
        rows.writerows(zip(names, pairs.texts, strict=True))
    names = [f"{number}.png\n" for number in range(pairs.n_images)]
    (folder / "train.txt").write_text("".join(names[:N_TRAIN]))
    (folder / "test.txt").write_text("".join(names[N_TRAIN:]))
    return folder


def itm(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def evaluate(photos, *options):
    lists = ["--train", photos / "train.txt", "--test", photos / "test.txt"]
    return itm(
        "evaluate", photos / "captions.csv", "--images", photos, *lists, *options
    )


def test_the_version_is_that_of_the_package():
    assert itm("--version").output == f"itm {version('itm-sklearn')}\n"


def test_evaluate_gives_the_numbers_of_the_python_interface(photos, tmp_path):
    path = tmp_path / "result.json"
    done = evaluate(photos, "--image", "color", "--n-components", 8, "--output", path)
    assert done.exit_code == 0, done.output
    train, test = (
        load_pairs(photos / "captions.csv", photos, images=photos / f"{name}.txt")
        for name in ("train", "test")
    )
    model = make_baseline("color", n_components=8, random_state=0).fit(train)
    expected = retrieval_report(pair_similarity(model, test), test)
    assert json.loads(path.read_text())["report"] == expected


def test_evaluate_prints_the_size_of_the_gallery(photos):
    done = evaluate(photos, "--image", "color")
    assert "text → image (of 20)" in done.stdout


def test_evaluate_writes_a_row_for_each_number(photos, tmp_path):
    path = tmp_path / "result.csv"
    evaluate(photos, "--image", "color", "--output", path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert {row["direction"] for row in rows} == {
        "text_to_image",
        "image_to_text",
        "both",
    }
    assert all(float(row["value"]) >= 0 for row in rows)


def test_evaluate_says_how_certain_the_numbers_are(photos, tmp_path):
    """On the terminal, and in each kind of file."""
    pytest.importorskip("jinja2")
    for suffix in ("json", "csv", "html"):
        path = tmp_path / f"result.{suffix}"
        done = evaluate(photos, "--image", "color", "--output", path)
        assert "rsum, 95 % interval over 20 images: " in done.stdout
    content = json.loads((tmp_path / "result.json").read_text())
    low, high = content["evaluation"]["intervals"]["rsum"]
    assert low < content["report"]["rsum"] < high
    *_, last = csv.DictReader((tmp_path / "result.csv").read_text().splitlines())
    assert (last["metric"], float(last["low"])) == ("rsum", low)
    page = (tmp_path / "result.html").read_text(encoding="utf8")
    assert f"{low:.1f} to {high:.1f}" in page


def test_compare_tells_two_saved_models_apart(photos, tmp_path):
    captions, output = photos / "captions.csv", tmp_path / "comparison.json"
    models = [tmp_path / f"{words}.itm" for words in (1, 8)]
    for components, path in zip((1, 8), models, strict=True):
        options = ("--image", "color", "--n-components", components, "--model", path)
        assert itm("fit", captions, "--images", photos, *options).exit_code == 0
    with pytest.warns(UserWarning, match="60 of 60 test images are among"):
        done = itm("compare", *models, captions, "--images", photos, "--output", output)
    assert done.exit_code == 0, done.output
    assert f"a = {models[0]}" in done.stdout
    found = json.loads(output.read_text())["comparison"]
    assert found["differences"]["rsum"] < 0
    assert found["p_values"]["rsum"] < 0.05


def test_evaluate_writes_a_page(photos, tmp_path):
    pytest.importorskip("jinja2")
    path = tmp_path / "result.html"
    evaluate(photos, "--image", "color", "--output", path)
    assert "color + tfidf" in path.read_text(encoding="utf8")


def test_the_grid_is_decided_on_the_training_pairs(photos, tmp_path):
    """What is chosen is shown, and goes into the result."""
    path = tmp_path / "result.json"
    done = evaluate(
        photos, "--image", "color", "--grid", "n_components=1,8", "--output", path
    )
    assert "Chosen by 3 folds: n_components=8" in done.stderr
    assert json.loads(path.read_text())["parameters"]["cca__n_components"] == 8


def test_without_lists_the_images_are_split_by_lot(photos):
    captions = photos / "captions.csv"
    done = itm(
        "evaluate", captions, "--images", photos, "--image", "color", "--test-size", 0.5
    )
    assert "(of 30)" in done.stdout


def test_a_saved_model_finds_what_the_fitted_one_finds(photos, tmp_path):
    path = tmp_path / "scenes.itm"
    options = ("--image", "color", "--model", path)
    done = itm("fit", photos / "captions.csv", "--images", photos, *options)
    assert done.exit_code == 0, done.output
    found = itm("search", "--model", path, "a big red circle", "-k", "3")
    assert found.exit_code == 0, found.output
    ranks, scores, images = zip(*map(str.split, found.stdout.splitlines()), strict=True)
    assert ranks == ("1", "2", "3")
    assert list(scores) == sorted(scores, reverse=True)
    assert all(image.endswith(".png") for image in images)


def test_a_picture_finds_sentences(photos, tmp_path):
    path = tmp_path / "scenes.itm"
    options = ("--image", "color", "--model", path)
    itm("fit", photos / "captions.csv", "--images", photos, *options)
    found = itm("search", "--model", path, "--image", photos / "0.png", "-k", "2")
    assert found.exit_code == 0, found.output
    assert len(found.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image", "sifd"], "image='sifd' is unknown"),
        (["--grid", "ridge"], "--grid 'ridge' is not of the form"),
        (["--grid", "colour=1,2"], "--grid colour: the model has no such parameter"),
        (["--output", "result.pdf"], "ends in '.pdf'"),
        (["--output", "nowhere/result.csv"], "there is no folder nowhere"),
    ],
)
def test_an_error_is_one_line_without_a_traceback(photos, arguments, message):
    done = evaluate(photos, *arguments)
    assert done.exit_code == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("itm: ")
    assert message in last
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "a.csv", "--train", "b.txt"], "give both lists, or neither"),
        (["fit", "a.csv", "--model", "no/a.itm"], "there is no folder no."),
        (["fit", "a.csv", "--model", "."], "--model . is a folder. Name a file"),
        (["demo", "--output", "no/a.html"], "--output no/a.html: there is no folder"),
        (["draw", "a dog", "--model", "a.itm", "--out", "no/a.png"], "--out no/a.png"),
        (["index", ".", "--model", "a.itm", "--output", __file__], "is a file. Save"),
        (["search", "--image", "no.png", "--model", "a.itm"], "no.png: there is no su"),
        (["explain", "no.png", "a dog", "--model", "a.itm"], "no such picture"),
        (["compare", "a.itm", "b.itm", "a.csv", "--output", "c.txt"], ".json file in"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_read(arguments, message):
    done = itm(*arguments)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("itm: ")
    assert message in line


@pytest.mark.parametrize("command", [["fit"], ["index", "--output", "gallery"]])
def test_a_clock_that_no_model_can_hold_is_told_before_anything_is_read(
    command, monkeypatch
):
    date = time.struct_time((1970, 1, 1, 0, 0, 0, 0, 1, 0))
    monkeypatch.setattr(time, "localtime", lambda *_: date)
    done = itm(*command, "absent.csv", "--model", "a.itm")
    assert done.exit_code == 1
    assert "stands in 1970" in done.stderr


def test_a_model_without_a_gallery_is_not_searched(tmp_path):
    path = save(StandardScaler().fit([[0.0], [1.0]]), tmp_path / "scaler.itm")
    done = itm("search", "--model", path, "a dog")
    assert done.exit_code == 1
    assert "holds a StandardScaler, which has no gallery" in done.stderr


def test_an_interrupted_command_ends_with_130(monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("itm_sklearn.cli._search.load_gallery", stop)
    done = itm("search", "--model", "a.itm", "a dog")
    assert done.exit_code == 130
    assert done.stderr == "itm: stopped.\n"


def test_an_image_on_both_lists_is_refused(photos):
    both = ["--train", photos / "train.txt", "--test", photos / "train.txt"]
    done = itm("evaluate", photos / "captions.csv", "--images", photos, *both)
    assert done.exit_code == 1
    assert f"{N_TRAIN} images are on both lists" in done.stderr


def test_debug_shows_where_an_error_comes_from(photos):
    done = itm("--debug", "evaluate", photos / "absent.csv")
    assert isinstance(done.exception, FileNotFoundError)


def test_search_wants_one_query(tmp_path):
    done = itm("search", "--model", tmp_path / "scenes.itm")
    assert done.exit_code == 1
    assert "give one of the two" in done.stderr


def test_an_empty_query_is_not_answered(tmp_path):
    done = itm("search", " ", "--model", tmp_path / "scenes.itm")
    assert done.exit_code == 1
    assert "text=' ' says nothing to look for" in done.stderr


def test_a_wrong_option_exits_with_two():
    assert itm("evaluate", "captions.csv", "--colour").exit_code == 2


def test_the_demo_compares_real_models_with_blind_ones(tmp_path):
    pytest.importorskip("mahotas")
    page = tmp_path / "demo.html"
    done = itm("demo", "--n-images", 60, "--n-words", 20, "--cv", 2, "--output", page)
    assert done.exit_code == 0, done.output
    for name in ("SIFT", "ORB", "SURF", "Random", "Constant"):
        assert name in done.stdout
    assert page.read_text(encoding="utf8").count("data:image/jpeg") == 28


def test_the_program_runs_on_its_own(tmp_path):
    command = "import sys; from itm_sklearn.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command, "search", "--model", "absent.itm", "a dog"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "absent.itm" in done.stderr


def test_a_gallery_of_a_folder_is_indexed_searched_and_grown(photos, tmp_path):
    """New pictures go behind those of before, and the model stays as it was."""
    model, gallery = tmp_path / "scenes.itm", tmp_path / "gallery"
    options = ("--image", "color", "--model", model)
    itm("fit", photos / "captions.csv", "--images", photos, *options)
    folder = tmp_path / "some"
    folder.mkdir()
    for number in range(3):
        Image.open(photos / f"{number}.png").save(folder / f"{number}.png")
    done = itm("index", folder, "--model", model, "--output", gallery)
    assert done.exit_code == 0, done.output
    assert "3 images" in done.stdout
    found = itm("search", "--model", gallery, "a big red circle", "-k", "3")
    assert found.exit_code == 0, found.output
    assert len(found.stdout.splitlines()) == 3
    done = itm("index", folder, "--model", gallery, "--output", gallery, "--add")
    assert done.exit_code == 0, done.output
    assert "6 images" in done.stdout


def test_captions_are_indexed_with_their_pictures(photos, tmp_path):
    model, gallery = tmp_path / "scenes.itm", tmp_path / "gallery"
    captions = (photos / "captions.csv", "--images", photos)
    itm("fit", *captions, "--image", "color", "--model", model)
    done = itm("index", *captions, "--model", model, "--output", gallery)
    assert done.exit_code == 0, done.output
    query = ("--image", photos / "0.png", "-k", "2")
    assert len(itm("search", "--model", gallery, *query).stdout.splitlines()) == 2


def test_a_folder_without_pictures_is_not_indexed(photos, tmp_path):
    model = tmp_path / "scenes.itm"
    options = ("--image", "color", "--model", model)
    itm("fit", photos / "captions.csv", "--images", photos, *options)
    (tmp_path / "notes").mkdir()
    arguments = ("--model", model, "--output", tmp_path / "gallery")
    done = itm("index", tmp_path / "notes", *arguments)
    assert done.exit_code == 1
    assert "holds no pictures" in done.stderr
    assert not (tmp_path / "gallery").exists()
