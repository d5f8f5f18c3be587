"""Bad images and texts at every door: which are read, which refused, and why.

    python benchmarks/faults/inputs.py

Each input has one outcome that is right, the same at all doors: encoders, loaders and
pairs. Refused means a ValueError or TypeError that names the item; anything else, and a
number that is not finite, is a crash. `tests/test_bad_input.py` runs the same table.
Numbers that are wrong are in the checks of `itm_sklearn.testing`, for all estimators.
"""

import json
import os
import struct
import tempfile
import warnings
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn._load_image import image_content, load_image
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import drop_unreadable, load_pairs
from itm_sklearn.image import (
    HOG,
    ORB,
    SIFT,
    SURF,
    VLAD,
    BagOfVisualWords,
    CNNEncoder,
    ColorHistogram,
    DenseSIFT,
    FisherVector,
)
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.text import TransformerTextEncoder, Word2VecEncoder

SENTENCES = ["a dog runs on the beach", "a cat sleeps", "a red dog and a cat"]


def draw(size=(64, 48)):
    """A picture that is rough enough for keypoints."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


def encode(image, kind="JPEG", **options):
    """The image as the bytes of a file."""
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def flip(content, place):
    """The bytes with one bit turned over."""
    content = bytearray(content)
    content[place] ^= 4
    return bytes(content)


def claim(width, height):
    """A small PNG whose header tells of a large picture."""
    content = bytearray(encode(Image.new("L", (1, 1)), "PNG"))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def turned():
    """Options for an image that is to be turned by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return {"exif": exif}


JPEG, PNG = encode(draw(), quality=90), encode(draw(), "PNG")
WIDE = Image.fromarray(np.arange(3072, dtype=np.uint16).reshape(48, 64) * 21)
# What is in the file, the name of the file, and whether it is an image.
IMAGES = {
    "JPEG": (JPEG, "a.jpg", True),
    "truncated JPEG": (JPEG[: len(JPEG) // 2], "a.jpg", False),
    "truncated PNG": (PNG[: len(PNG) // 2], "a.png", False),
    "PNG with a flipped bit": (flip(PNG, len(PNG) // 2), "a.png", False),
    "JPEG with a flipped bit in its header": (flip(JPEG, 1), "a.jpg", False),
    "zero bytes": (b"", "a.jpg", False),
    "text named as JPEG": (b"a dog runs", "a.jpg", False),
    "PNG named as JPEG": (PNG, "a.jpg", True),
    "JPEG without a suffix": (JPEG, "a", True),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "a.eps", False),
    "animated GIF": (
        encode(draw(), "GIF", save_all=True, append_images=[draw().rotate(90)]),
        "a.gif",
        True,
    ),
    "CMYK": (encode(draw().convert("CMYK")), "a.jpg", True),
    "16 bits": (encode(WIDE, "PNG"), "a.png", True),
    "palette": (encode(draw().convert("P"), "PNG"), "a.png", True),
    "alpha": (encode(draw().convert("RGBA"), "PNG"), "a.png", True),
    "gray with alpha": (encode(draw().convert("LA"), "PNG"), "a.png", True),
    "one bit": (encode(draw().convert("1"), "PNG"), "a.png", True),
    "turned by EXIF": (encode(draw(), **turned()), "a.jpg", True),
    "1 x 1": (encode(Image.new("RGB", (1, 1))), "a.jpg", True),
    "one colour": (encode(Image.new("RGB", (64, 48))), "a.jpg", True),
    "60,000 x 1": (encode(draw((60_000, 1)), "PNG"), "a.png", True),
    "1 x 60,000": (encode(draw((1, 60_000)), "PNG"), "a.png", True),
    "bomb of 100 megapixels": (claim(10_000, 10_000), "a.png", False),
    "bomb of 4 gigapixels": (claim(65_535, 65_535), "a.png", False),
    "missing file": (None, "missing.jpg", False),
    "directory": (None, ".", False),
    "address": (None, "https://example.org/dog.jpg", False),
    "name with a NUL": (None, "a\0.jpg", False),
    "pipe": (os.mkfifo, "pipe.jpg", False),
}


# An outcome at all doors, or by the name of a door.
TEXTS = {
    "a sentence": ("a dog runs", "read"),
    "empty": ("", {"load_pairs": "refused"}),
    "blank": (" \t\n", {"load_pairs": "refused"}),
    "NUL": ("a\0dog", "read"),
    "a million characters": ("dog cat " * 125_000, "read"),
    "one word of a million letters": ("d" * 1_000_000, "read"),
    "half of a pair of surrogates": ("a \ud83d dog", "refused"),
    "right to left": ("\u202ea dog\u202c كلب يجري", "read"),
    "emoji": ("a 🐶 on the 🏖️ 👩‍👩‍👧‍👦", "read"),
    "Chinese": ("一只小狗在海滩上奔跑", "read"),
    "combining marks": ("a" + "\u0301" * 1000, "read"),
    "white space of no width": ("\u200b\ufeff", "read"),
    "bytes that are not UTF-8": (b"a d\xf4g", "refused"),
    "None": (None, "refused"),
    "NaN": (float("nan"), "refused"),
    "number": (7, "refused"),
    "list": (["a dog"], {"load_pairs": "read"}),
}


def write_image(name, folder):
    """The path of the image of that name, in the folder."""
    content, file, _ = IMAGES[name]
    if "://" in file:
        return file
    path = os.path.join(folder, file)
    if callable(content):
        with suppress(FileExistsError):
            content(path)
    elif content is not None:
        Path(path).write_bytes(content)
    return path


def image_doors(networks=True):
    """Functions of a path, by the names of what opens it."""
    good = [np.asarray(draw()), np.asarray(draw().rotate(90))]
    vectorizers = [HOG(), ColorHistogram()]
    vectorizers += [
        make_pipeline(SIFT(), BagOfVisualWords(4, random_state=0)),
        make_pipeline(DenseSIFT(), VLAD(2, random_state=0)),
        make_pipeline(ORB(), BagOfVisualWords(4, random_state=0)),
    ]
    fisher = FisherVector(2, descriptor_size=4, random_state=0)
    optional = [lambda: make_pipeline(SURF(), fisher)]
    optional += [CNNEncoder] if networks else []
    doors = {
        "load_image": load_image,
        "drop_unreadable": _drop,
        "DualEncoder(memory=)": _encode_with_cache,
    }
    for encoder in [*vectorizers, *(_made(make, good) for make in optional)]:
        if encoder is not None:
            fitted = encoder.fit(good)
            doors[_title(encoder)] = lambda path, fitted=fitted: fitted.transform(
                [good[0], path]
            )
    return doors


def _made(make, good):
    """The encoder, if its packages are there."""
    with suppress(ImportError):
        return make().fit(good)


def _title(encoder):
    steps = getattr(encoder, "steps", [("", encoder)])
    return "+".join(type(step).__name__ for _, step in steps)


def _drop(path):
    # The other image is there, so that something is left.
    pairs = ImageTextPairs([path, draw()], ["one", "two"])
    return drop_unreadable(pairs, on_error="raise").image_index


def _encode_with_cache(path):
    with tempfile.TemporaryDirectory() as folder:
        encoder = DualEncoder(image=ColorHistogram(), memory=folder)
        encoder.fit(ImageTextPairs(images=[image_content(path)[:0] or path]))
        return encoder.transform(ImageTextPairs(images=[path])).images


def text_doors(networks=True):
    """Functions of a text, by the names of what reads it."""
    doors = {
        "ImageTextPairs": lambda text: ImageTextPairs(texts=[text]).text_id,
        "load_pairs": _load_pairs,
    }
    tfidf = DualEncoder(text=TfidfVectorizer()).fit(ImageTextPairs(texts=SENTENCES))
    doors["DualEncoder(TfidfVectorizer)"] = lambda text: tfidf.transform(
        ImageTextPairs(texts=[text])
    ).texts.toarray()
    makers = [lambda: Word2VecEncoder(n_components=4, min_count=1, random_state=0)]
    makers += [TransformerTextEncoder] if networks else []
    for make in makers:
        encoder = _made(make, SENTENCES)
        if encoder is not None:
            doors[_title(encoder)] = lambda text, encoder=encoder: encoder.transform(
                [SENTENCES[0], text]
            )
    return doors


def _load_pairs(text):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.jpg").write_bytes(JPEG)
        if isinstance(text, bytes):
            value = b'"' + text + b'"'
        else:
            value = json.dumps(text).encode()
        table = Path(folder, "captions.jsonl")
        table.write_bytes(b'{"image": "a.jpg", "text": ' + value + b"}")
        return load_pairs(table).image_index


def outcome(door, item):
    """Whether the item was read, refused or caused a crash, and the message."""
    try:
        with warnings.catch_warnings():
            # Empty and long texts warn.
            warnings.simplefilter("ignore")
            found = np.asarray(door(item), dtype=float)
        finite = np.isfinite(found).all()
        return ("read", "") if finite else ("crash", "numbers that are not finite")
    except (ValueError, TypeError) as error:
        return "refused", str(error)
    except Exception as error:
        return "crash", f"{type(error).__name__}: {error}"


def expected(name, door):
    """The outcome that is right."""
    if name in IMAGES:
        return "read" if IMAGES[name][2] else "refused"
    known = TEXTS[name][1]
    other = "refused" if name == "list" else "read"
    return known if isinstance(known, str) else known.get(door, other)


def show(kind, names, doors, make):
    """A line for each input; the number of outcomes that are wrong."""
    print(f"\n{kind} at {len(doors)} doors: {', '.join(doors)}\n")
    n_wrong = 0
    for name in names:
        item, found = make(name), {}
        for door, function in doors.items():
            word, message = outcome(function, item)
            wrong = word != expected(name, door)
            n_wrong += wrong
            found.setdefault(f"{word}{' (WRONG)' * wrong}", []).append((door, message))
        parts = [f"{word} by {len(at)}" for word, at in found.items()]
        reasons = [at[0][1] for word, at in found.items() if word != "read"]
        reason = " ".join("".join(reasons[-1:]).split())[-110:]
        print(f"{name:38} {', '.join(parts):24} {reason}")
    return n_wrong


def main():
    """Print both tables, and fail if an outcome is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        n_wrong = show(
            "Images", IMAGES, image_doors(), lambda name: write_image(name, folder)
        )
    n_wrong += show("Texts", TEXTS, text_doors(), lambda name: TEXTS[name][0])
    raise SystemExit(n_wrong > 0)


if __name__ == "__main__":
    main()
