"""The page of `itm serve` answers what is asked, and gives nothing else away."""

import asyncio
import io
import json
import shutil
import socket
import threading
import time

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from itm_sklearn._load_image import load_image
from itm_sklearn.cli import app as program
from itm_sklearn.cli._web import make_app
from itm_sklearn.compose import DualEncoder
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


async def start_upload(app, content):
    """The status and the answer, when the content comes and then nothing."""
    parts, said = [content], []

    async def receive():
        if not parts:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "POST", "path": "/search", "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost")], "root_path": ""}
    await app(scope, receive, send)
    return said[0]["status"], json.loads(said[1]["body"])


def test_an_upload_that_comes_too_slowly_is_given_up(retriever):
    answer = asyncio.run(start_upload(make_app(retriever, patience=0.05), b"x"))
    assert answer == (408, {"error": "The upload took too long."})


def test_fifty_clients_at_a_time_get_their_own_answers(retriever):
    import httpx

    transport = httpx.ASGITransport(make_app(retriever))
    texts = [f"the {colour} one" for colour in list(COLOURS) * 17][:50]

    async def ask_all():
        options = {"transport": transport, "base_url": "http://localhost"}
        async with httpx.AsyncClient(**options, timeout=60) as client:
            asked = (client.post("/search", params={"text": text}) for text in texts)
            return await asyncio.gather(*asked)

    found = [numbers(response)[0] for response in asyncio.run(ask_all())]
    assert found == (list(range(len(COLOURS))) * 17)[:50]


def test_uploads_hold_a_bounded_memory_together(retriever):
    """Nine clients stop in the middle: one of them is told to come again."""
    app = make_app(retriever, max_upload=100, patience=0.5)

    async def start_many():
        return await asyncio.gather(*(start_upload(app, b"x" * 100) for _ in range(9)))

    statuses = [status for status, _ in asyncio.run(start_many())]
    assert sorted(statuses) == [408] * 8 + [503]
    # What they held is free again.
    assert asyncio.run(start_upload(app, b"x"))[0] == 408


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


@pytest.fixture(scope="module")
def address(retriever):
    """Where the page is served while the tests of this file run."""
    uvicorn = pytest.importorskip("uvicorn")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(make_app(retriever), port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chromium():
    """Chromium, which runs the script of the page under its policy."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("There is no Chromium here.")
    with playwright.sync_playwright() as driver:
        options = {"executable_path": program, "args": ["--no-sandbox"]}
        browser = driver.chromium.launch(**options)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, address):
    """The page as it is opened first; nothing that it does may be refused."""
    page, complaints = chromium.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append((said.text, said.location)))
    page.goto(address)
    yield page
    page.close()
    # Browsers ask for an icon, and there is none.
    assert [each for each in complaints if "favicon.ico" not in str(each)] == []


def results(page):
    """The pictures that are shown, from the first to the last, and their reasons."""
    # Until then it says that it is searching.
    page.wait_for_selector("text=/^The best/")
    shown = page.eval_on_selector_all("#results img", "all => all.map(one => one.src)")
    numbers = [int(source.rsplit("/", 1)[1]) for source in shown if source]
    return numbers, page.locator(".score")


def drop(page, content):
    """Let go of a picture over the page, as from another window."""
    carried = page.evaluate_handle(
        """numbers => {
            const carried = new DataTransfer();
            const parts = [new Uint8Array(numbers)];
            carried.items.add(new File(parts, "dropped.png", {type: "image/png"}));
            return carried;
        }""",
        list(content),
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": carried})


@pytest.mark.slow
def test_in_a_browser_a_typed_text_ranks_the_gallery(page):
    page.fill("#text", "the green one")
    page.press("#text", "Enter")
    shown, reasons = results(page)
    assert shown[0] == 1
    assert page.inner_text("#message") == "The best 3 of 3 images"
    assert reasons.first.inner_text() == "1 · similarity 1.000"
    # What others wrote about an image is shown as they wrote it, not run.
    assert page.locator("#results .text").first.inner_text() == "<b>green</b>"
    page.wait_for_function("document.querySelector('#results img').naturalWidth > 0")


@pytest.mark.slow
def test_in_a_browser_a_dropped_picture_is_searched_for(page):
    drop(page, picture("blue"))
    assert results(page)[0][0] == 2
    assert page.inner_text("#hint") == "dropped.png"
    assert page.is_hidden("#weight")
    page.select_option("#target", "texts")
    results(page)
    assert page.inner_text("#message") == "The best 3 of 3 texts"
    assert page.locator("#results .text").first.inner_text() == "so blue"


@pytest.mark.slow
def test_in_a_browser_a_picture_and_a_text_are_weighed(page):
    """Each result says where either of them alone would have put it."""
    page.fill("#text", "green")
    drop(page, picture("blue"))
    page.wait_for_selector("#weight:not([hidden])")
    first = {}
    for weight in ("0.9", "0.1"):
        page.fill("#text_weight", weight)
        page.dispatch_event("#text_weight", "change")
        shown, reasons = results(page)
        first[weight] = shown[0], reasons.first.inner_text()
    assert (first["0.9"][0], first["0.1"][0]) == (1, 2)
    assert "by text alone rank 1 · by picture alone rank" in first["0.9"][1]


@pytest.mark.slow
def test_in_a_browser_an_empty_question_is_answered_by_a_hint(page):
    page.click("button[type=submit]")
    assert page.inner_text("#message") == "Type a text, or drop a picture."


def test_serve_names_a_gallery_that_is_not_there(tmp_path):
    pytest.importorskip("uvicorn")
    done = CliRunner().invoke(program, ["serve", str(tmp_path / "absent")])
    assert done.exit_code == 1
    assert "absent" in done.stderr


def test_serve_hands_the_page_to_the_server_with_its_limits(
    retriever, tmp_path, monkeypatch
):
    uvicorn = pytest.importorskip("uvicorn")
    seen = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: seen.update(options))
    monkeypatch.setattr("itm_sklearn.cli._serve.load_gallery", lambda model: retriever)
    done = CliRunner().invoke(program, ["serve", str(tmp_path), "--port", "8123"])
    assert done.exit_code == 0, done.output
    assert "on http://127.0.0.1:8123" in done.stdout
    assert seen["host"] == "127.0.0.1"
    assert seen["limit_concurrency"] == 200
