"""The page of `itm serve` answers what is asked, and gives nothing else away."""

import io
import shutil
import socket
import subprocess
import threading
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from itm_sklearn.cli import app as program
from itm_sklearn.cli._web import make_app
from itm_sklearn.compose import DualEncoder
from itm_sklearn.image._io import load_image
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever

pytest.importorskip("starlette")
pytest.importorskip("httpx")

COLOURS = {"red": (250, 0, 0), "green": (0, 250, 0), "blue": (0, 0, 250)}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def picture(colour):
    content = io.BytesIO()
    Image.new("RGB", (40, 30), COLOURS[colour]).save(content, format="PNG")
    return content.getvalue()


def mean_colours(images):
    return np.array([load_image(image).mean(axis=(0, 1)) for image in images])


def named_colours(texts):
    return np.array([[float(name in text) for name in COLOURS] for text in texts])


@pytest.fixture(scope="module")
def retriever(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    for colour in COLOURS:
        (folder / f"{colour}.png").write_bytes(picture(colour))
    paths = [str(folder / f"{colour}.png") for colour in COLOURS]
    pairs = ImageTextPairs(paths, ["all red", "<b>green</b>", "so blue"])
    model = DualEncoder(image=mean_colours, text=named_colours).fit(pairs)
    return CrossModalRetriever(model).fit(pairs)


@pytest.fixture
def client(retriever):
    return client_of(retriever)


def client_of(retriever, **options):
    from starlette.testclient import TestClient

    app = make_app(retriever, **options)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def ask(client, content=b"", **values):
    return client.post("/search", params=values, content=content)


def numbers(response):
    assert response.status_code == 200, response.text
    return [result["number"] for result in response.json()["results"]]


def test_a_text_finds_its_image_and_what_is_said_of_it(client):
    found = ask(client, text="the green one", n_results=2).json()
    assert found["results"][0] == {"number": 1, "score": 1.0, "texts": ["<b>green</b>"]}
    assert (found["n_items"], len(found["results"])) == (3, 2)


def test_a_picture_finds_its_like_and_its_text(client):
    assert numbers(ask(client, picture("blue")))[0] == 2
    found = ask(client, picture("blue"), target="texts").json()["results"]
    assert found[0]["texts"] == ["so blue"]


def test_a_picture_and_a_text_are_weighed_and_explained(client):
    question = {"text": "red", "n_results": 3}
    by_text = ask(client, picture("blue"), text_weight=0.9, **question)
    by_image = ask(client, picture("blue"), text_weight=0.1, **question)
    assert numbers(by_text)[:2] == numbers(by_image)[:2][::-1] == [0, 2]
    first = by_text.json()["results"][0]
    assert first["rank_by_text"] == 1
    assert first["rank_by_image"] > 1


def test_images_come_by_number_and_made_anew(client):
    response = client.get("/image/0")
    assert response.headers["content-type"] == "image/jpeg"
    colour = load_image(response.content).mean(axis=(0, 1))
    np.testing.assert_allclose(colour, COLOURS["red"], atol=5)


@pytest.mark.parametrize(
    "path",
    ["/image/3", "/image/-1", "/image/..%2f..%2fred.png", "/../red.png", "/red.png"],
)
def test_no_other_file_can_be_had(client, path):
    assert client.get(path).status_code == 404


def test_an_upload_over_the_limit_is_cut_off(retriever):
    """Also where its length is not told beforehand."""
    client = client_of(retriever, max_upload=1000)
    read = []

    def chunks():
        for number in range(1000):
            read.append(number)
            yield b"x" * 100

    for content in (b"x" * 1001, chunks()):
        response = ask(client, content)
        assert response.status_code == 413
        assert "MiB at most" in response.json()["error"]


@pytest.mark.parametrize(
    ("content", "values", "message"),
    [
        (b"", {}, "Type a text, or drop a picture."),
        (b"", {"text": "x" * 1001}, "longer than 1000"),
        (b"", {"text": "red", "n_results": "many"}, "'many' is no number"),
        (b"", {"text": "red", "text_weight": "nan"}, "'nan' is no number"),
        (b"", {"text": "red", "target": "__class__"}, "images or texts"),
        (b"GIF89a but no picture", {}, "no picture that can be read"),
    ],
)
def test_a_wrong_question_is_answered_in_words(client, content, values, message):
    response = ask(client, content, **values)
    assert response.status_code == 400
    assert message in response.json()["error"]


def test_a_failure_inside_is_not_told_outside(retriever, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("/home/somebody/secret.txt")

    client = client_of(retriever)
    monkeypatch.setattr(CrossModalRetriever, "kneighbors", fail)
    response = ask(client, text="red")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text


def test_a_page_under_another_name_is_refused(client):
    response = client.get("/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400


def test_the_page_runs_its_own_scripts_only(client):
    """No script or style stands in the page itself, and the policy forbids them."""
    page = client.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "<style" not in page.text
    assert "innerHTML" not in client.get("/serve.js").text
    for path in ("/serve.js", "/serve.css"):
        assert client.get(path).status_code == 200


def test_a_gallery_without_texts_says_so(retriever):
    images = ImageTextPairs(images=retriever.gallery_.images)
    client = client_of(CrossModalRetriever(retriever.model_).fit(images))
    assert numbers(ask(client, text="blue"))[0] == 2
    assert "no texts" in ask(client, text="blue", target="texts").json()["error"]


@pytest.mark.slow
def test_a_browser_shows_the_ranked_gallery(retriever, tmp_path):
    """In Chromium, which runs the script of the page under its policy."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    uvicorn = pytest.importorskip("uvicorn")
    if browser is None:
        pytest.skip("There is no Chromium here.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(make_app(retriever), port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        page = dump_page(browser, f"http://127.0.0.1:{port}/?text=green", tmp_path)
    finally:
        server.should_exit = True
        thread.join()
    assert "The best 3 of 3 images" in page
    assert page.index('src="image/1"') < page.index('src="image/0"')
    # What others wrote about an image is shown as they wrote it, not run.
    assert "&lt;b&gt;green&lt;/b&gt;" in page
    assert "similarity 1.000" in page


def dump_page(browser, address, profile):
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={profile}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        address,
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


def test_serve_names_a_gallery_that_is_not_there(tmp_path):
    pytest.importorskip("uvicorn")
    done = CliRunner().invoke(program, ["serve", str(tmp_path / "absent")])
    assert done.exit_code == 1
    assert "absent" in done.stderr
