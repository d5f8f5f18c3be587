"""The doors of `fuzz.py`: how inputs are made, and what becomes of what is read."""

import io
import json
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.preprocessing import StandardScaler

from itm_sklearn import persistence
from itm_sklearn._load_image import load_image
from itm_sklearn.cli._answer import Question
from itm_sklearn.datasets import load_pairs, load_questions, make_scenes, parse_caption
from itm_sklearn.metrics import average_precision, median_rank, recall_at_k
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import ExactIndex
from itm_sklearn.text import Word2VecEncoder

__all__ = ["DOORS", "FOLDER", "SEEDS", "mutate"]

FOLDER = Path(tempfile.mkdtemp(prefix="itm-fuzz-"))
MAX_PIXELS = 2**18
WORDS = ["a dog", "un été", "犬", "", " ", '"', ",", "\t", "\n", "#0", "\0", "🐶"]
WORDS += ["image", "text", "caption", "question", "answer", "dog.png", "images"]
ODD = [None, True, 7, -1, 2**63, 0.5, float("nan"), b"x", [], {}, ["a dog"]]


def mutate(rng, content):
    """The bytes after a few random changes."""
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(len(content) + 1)
        match rng.randrange(6):
            case 0 if place < len(content):
                content[place] ^= 1 << rng.randrange(8)
            case 1:
                content[place : place + rng.choice((1, 4))] = rng.randbytes(4)
            case 2:
                del content[place : place + rng.choice((1, 8, 64))]
            case 3:
                content[place:place] = content[: rng.randrange(64)]
            case 4:
                del content[place:]
            case _:
                content[place:place] = rng.choice(WORDS).encode()
    return bytes(content)


def encoded_images():
    """A small picture in every format that can be written."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    picture, files = Image.fromarray(noise), []
    for kind in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "TGA"):
        for mode in ("RGB", "L", "P", "RGBA", "CMYK", "I;16"):
            content = io.BytesIO()
            try:
                picture.convert("L" if mode == "I;16" else mode).convert(mode).save(
                    content, kind
                )
            except (OSError, ValueError):
                continue
            files.append(content.getvalue())
    return files


def run_image(content):
    """Pixels are 8 bits deep, in three channels, and not too many."""
    pixels = load_image(content, max_pixels=MAX_PIXELS)
    assert pixels.dtype == np.uint8
    assert pixels.shape[2:] == (3,)
    assert 0 < pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS


def caption_files():
    """Names and contents of files of captions, in each format."""
    records = [{"image": "dog.png", "caption": word} for word in ("a dog", "été")]
    notes = [{"image_id": 1, "caption": "a dog"}]
    coco = {"images": [{"id": 1, "file_name": "dog.png"}], "annotations": notes}
    told = [{"filename": "dog.png", "sentences": [{"raw": "a dog"}], "split": "val"}]
    return [
        ("a.csv", 'image,caption\ndog.png,a dog\ndog.png,"a \'b\', ""c"""\n'),
        ("a.tsv", "image\ttext\ndog.png\ta dog\n"),
        ("a.txt", "dog.png#0\ta dog\ndog.png#1\tété\n"),
        ("a.json", json.dumps(coco)),
        ("b.json", json.dumps({"images": told})),
        ("a.jsonl", "\n".join(map(json.dumps, records))),
    ]


def question_files():
    """Names and contents of files of questions, in each format."""
    record = {"image": "dog.png", "question": "what is it", "answer": "a dog"}
    several = [{**record, "answer": [{"answer": "a dog"}, "dog"]}]
    line = "image,question,answer\ndog.png,what is it,a dog\n"
    return [
        ("q.csv", line),
        ("q.tsv", line.replace(",", "\t")),
        ("q.json", json.dumps(several)),
        ("q.jsonl", json.dumps(record)),
    ]


def make_table(rng, files):
    """The name of a file with a mutated content."""
    name, content = rng.choice(files)
    if rng.random() < 0.3 and name.endswith("json"):
        content = json.dumps(_disturb(rng, json.loads(content)))
        return name, content.encode()
    return name, mutate(rng, content.encode())


def _disturb(rng, value):
    """JSON with a part here and there exchanged for something odd."""
    if rng.random() < 0.1:
        return rng.choice([odd for odd in ODD if not isinstance(odd, bytes)])
    if isinstance(value, list):
        return [_disturb(rng, part) for part in value]
    if isinstance(value, dict):
        return {key: _disturb(rng, part) for key, part in value.items()}
    return value


def run_captions(table):
    """Captions that are read are strings with something in them."""
    pairs = load_pairs(_write(*table), on_error="raise")
    _check_pairs(pairs)
    assert all(text.strip() for text in pairs.texts)


def run_questions(table):
    """There are as many answers as questions."""
    data = load_questions(_write(*table))
    _check_pairs(data.pairs)
    assert len(data.answers) == len(data.pairs)


def _write(name, content):
    path = FOLDER / name
    path.write_bytes(content)
    return path


def _check_pairs(pairs):
    """What is said in rows is what the relevance says."""
    assert len(pairs) == len(pairs.texts) == len(pairs.image_index)
    relevance = pairs.relevance().toarray()
    for row, text in enumerate(pairs.texts):
        same = [i for i, other in enumerate(pairs.texts) if other == text]
        expected = np.isin(np.arange(pairs.n_images), pairs.image_index[same])
        assert (relevance[row] == expected).all()


def make_views(rng):
    """Arguments of ImageTextPairs, of which some fit together, and rows to take."""
    n_images, n_texts = rng.randrange(4), rng.randrange(5)
    images = rng.choice([None, ["a.jpg"] * n_images, np.ones((n_images, 2)), ODD])
    texts = [rng.choice(WORDS) for _ in range(n_texts)]
    if rng.random() < 0.2:
        texts = rng.choice([None, np.ones((n_texts, 2)), [*texts, rng.choice(ODD)]])
    index = [rng.randrange(max(n_images, 1)) for _ in range(n_texts)]
    index = rng.choice([None, index, index, [*index, 0], [-1], [0.5], [[0]], [9]])
    rows = rng.choice([slice(1, None), [0], [-1], [True] * n_texts, 99, [], "a"])
    return images, texts, index, rows


def run_views(arguments):
    """Rows mean the same before and after they are taken."""
    *views, rows = arguments
    pairs = ImageTextPairs(*views)
    if pairs.images is None or not isinstance(pairs.texts, list):
        return
    _check_pairs(pairs)
    some = pairs[rows]
    expected = np.atleast_1d(np.arange(len(pairs))[rows])
    assert some.texts == [pairs.texts[row] for row in expected]
    for row, image in zip(expected, some.image_index, strict=True):
        assert np.all(some.images[image] == pairs.images[pairs.image_index[row]])


def make_scores(rng):
    """Relevance and scores with ties, and now and then something that is no number."""
    shape = rng.randrange(1, 6), rng.randrange(1, 7)
    draw = np.random.default_rng(rng.randrange(2**32))
    scores = draw.integers(-2, 3, shape) * rng.choice([1.0, 1e300, 1e-300])
    if rng.random() < 0.2:
        scores.flat[0] = rng.choice([np.nan, np.inf, -np.inf])
    return (draw.random(shape) < 0.4), scores, rng.randrange(-1, 9)


def run_metrics(arguments):
    """Ranks are those that a count by hand gives, ties against the model."""
    relevant, scores, k = arguments
    assert np.isfinite(average_precision(relevant, scores))
    first = [
        1 + np.sum(~true & (row >= row[true].max()))
        for true, row in zip(relevant, scores, strict=True)
    ]
    assert median_rank(relevant, scores) == np.median(first)
    assert recall_at_k(relevant, scores, k=k) == np.mean(np.array(first) <= k)


SCALER = StandardScaler().fit([[0.0, 1.0], [2.0, 5.0]])


def run_model(content):
    """What is loaded is what was saved."""
    loaded = persistence.load(_write("model.itm", content))
    assert loaded.mean_.tolist() == SCALER.mean_.tolist()
    assert loaded.scale_.tolist() == SCALER.scale_.tolist()


INDEX = ExactIndex().fit(np.eye(3), metadata={"year": [1, 2, 3], "label": list("abc")})
PARTS = ["year", "label", "(", ")", "[", "]", "1", "-", "'a'", ",", " in ", "not "]
PARTS += ["==", "<", " and ", " or ", "()", ".", "__class__", "lambda", ":"]
CONDITIONS = ["year == 2", "label in ['a', 'c']", "1 < year", "year in [1, 3]"]
CONDITIONS += ["label != 'b'", "1 <= year < 3", "year not in [2]"]


def make_condition(rng):
    """Conditions that are joined as they may be, or parts of them in any order."""
    if rng.random() < 0.5:
        return "".join(rng.choices(PARTS, k=rng.choice((3, 5, 9, 2000)))).strip()
    where = rng.choice(CONDITIONS)
    for _ in range(rng.choice((0, 1, 3, 200))):
        joint = rng.choice([" and ", " or "])
        where = rng.choice(["", "not "]) + f"({where}){joint}{rng.choice(CONDITIONS)}"
    return where


def run_condition(where):
    """What is found meets the condition, as Python reads it."""
    _, ids = INDEX.kneighbors(np.ones((1, 3)), 1, where=where)
    for number in ids.ravel():
        row = {"year": number + 1, "label": "abc"[number]}
        assert eval(where, {"__builtins__": {}}, row)


def run_vectors(content):
    """Vectors of words are numbers."""
    encoder = Word2VecEncoder(_write("vectors.txt", content), weighting="mean")
    assert np.isfinite(encoder.fit_transform(["dog cat", "犬"])).all()


CAPTIONS = make_scenes(50, random_state=0).pairs.texts


def _text(rng):
    return "".join(rng.choices([*WORDS, "red", "circle", "above", "two"], k=6))


def make_caption(rng):
    """A caption of a scene, of which words are left out, doubled or exchanged."""
    words = rng.choice(CAPTIONS).split()
    for _ in range(rng.randrange(3)):
        place = rng.randrange(len(words) + 1)
        words[place : place + rng.randrange(2)] = rng.choice([[], words[:2], ["or"]])
    return " ".join(words) or _text(rng)


def make_question(rng):
    """What the address of a search may say."""
    n_results = rng.choice([*WORDS, "1", "60", "61", "1e3", "9" * 5000])
    weight = rng.choice(["0.5", "nan", "-0.0", "inf", "1_0"])
    return {"text": _text(rng), "n_results": n_results, "text_weight": weight}


def run_question(values):
    """Numbers are within their bounds."""
    question = Question.read(values, b"")
    assert 1 <= question.n_results <= 60
    assert 0 <= question.text_weight <= 1


SEEDS = {
    "load_image": encoded_images(),
    "persistence.load": [persistence.save(SCALER, FOLDER / "saved").read_bytes()],
    "Word2VecEncoder(path)": [b"dog 1 2 3\ncat 4 5 6\n", b"2 2\ndog 1 2\ncat 3 4\n"],
}
# How an input is made, what it goes into, and its share of all cases.
DOORS = {
    "load_image": (None, run_image, 30),
    "persistence.load": (None, run_model, 10),
    "Word2VecEncoder(path)": (None, run_vectors, 5),
    "load_pairs": (lambda rng: make_table(rng, caption_files()), run_captions, 15),
    "load_questions": (
        lambda rng: make_table(rng, question_files()),
        run_questions,
        10,
    ),
    "ImageTextPairs": (make_views, run_views, 10),
    "metrics": (make_scores, run_metrics, 10),
    "kneighbors(where=)": (make_condition, run_condition, 5),
    "parse_caption": (make_caption, parse_caption, 3),
    "question to itm serve": (make_question, run_question, 2),
}
