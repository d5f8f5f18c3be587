"""What the page of `itm serve` asks for, answered in plain values."""

from threading import Lock
from typing import NamedTuple

import numpy as np

from itm_sklearn._load_image import load_image
from itm_sklearn._views import length
from itm_sklearn.pairs import ImageTextPairs

# Enough for any photo, and 150 MB once it is decoded.
_MAX_PIXELS = 50_000_000
# More than encoders look at, in pixels. JPEGs are shrunk while they are decoded.
_MAX_SIDE = 2048
# Decoding is what takes memory, so that one large picture is decoded at a time.
_ONE_PICTURE = Lock()
_MAX_TEXT = 1000
_MAX_RESULTS = 60
# How far down the list of one view alone an item is looked for.
_DEPTH = 100


class Question(NamedTuple):
    """What was typed and dropped; an image that is not there is None."""

    text: str = ""
    image: np.ndarray | None = None
    target: str = "images"
    n_results: int = 12
    text_weight: float = 0.5

    @classmethod
    def read(cls, values, content):
        """The question in the values of an address and the bytes of a picture.

        Raises
        ------
        ValueError
            If a value or the picture is none, in words for whoever asks.

        Examples
        --------
        >>> Question.read({"text": " a dog ", "n_results": "3"}, b"").text
        'a dog'
        """
        text = values.get("text", "").strip()
        if len(text) > _MAX_TEXT:
            raise ValueError(f"The text is longer than {_MAX_TEXT} characters.")
        if not text and not content:
            raise ValueError("Type a text, or drop a picture.")
        target = values.get("target", "images")
        if target not in ("images", "texts"):
            raise ValueError("target must be images or texts.")
        n_results = _number(int, values.get("n_results", 12), 1, _MAX_RESULTS)
        text_weight = _number(float, values.get("text_weight", 0.5), 0, 1)
        return cls(text, _picture(content), target, n_results, text_weight)

    def as_query(self, *, text=True, image=True):
        """The views that were asked for, as the one pair of a query."""
        return ImageTextPairs(
            [self.image] if image and self.image is not None else None,
            [self.text] if text and self.text else None,
        )


def _number(kind, value, low, high):
    try:
        number = kind(value)
    except ValueError:
        number = None
    # A NaN is not between anything.
    if number is None or not low <= number <= high:
        raise ValueError(f"{value!r} is no number from {low} to {high}.")
    return number


def _picture(content):
    if not content:
        return None
    try:
        with _ONE_PICTURE:
            return load_image(content, max_size=_MAX_SIDE, max_pixels=_MAX_PIXELS)
    except (ValueError, TypeError, OSError):
        # What exactly is wrong may name files of the server.
        raise ValueError("This file is no picture that can be read.") from None


def answer(retriever, question):
    """The best items with their scores, as values for JSON."""
    n_items = length(_view(retriever, question.target))
    n_results = min(question.n_results, n_items)
    weigh = {} if question.image is None else {"text_weight": question.text_weight}
    distances, found = retriever.kneighbors(
        question.as_query(), n_results, target=question.target, **weigh
    )
    scores, found = 1 - distances[0], found[0].tolist()
    reasons = _reasons(retriever, question, found, min(_DEPTH, n_items))
    return {
        "target": question.target,
        "n_items": n_items,
        "results": [
            {
                "number": number,
                "score": round(float(score), 4),
                "texts": _texts(retriever.gallery_, question.target, number),
                **reason,
            }
            for number, score, reason in zip(found, scores, reasons, strict=True)
        ],
    }


def _view(retriever, target):
    view = getattr(retriever.gallery_, target)
    if view is None:
        raise ValueError(f"This gallery has no {target}.")
    return view


def _texts(gallery, target, number):
    """The text itself, or the texts of an image."""
    if gallery.texts is None:
        return []
    rows = [number]
    if target == "images":
        rows = np.flatnonzero(gallery.image_index == number)
    return [str(gallery.texts[row]) for row in rows]


def _reasons(retriever, question, found, depth):
    """For each item its rank by the text alone and by the picture alone."""
    if not question.text or question.image is None:
        return [{} for _ in found]
    ranks = {}
    for view in ("text", "image"):
        query = question.as_query(**{"text": view == "text", "image": view == "image"})
        _, order = retriever.kneighbors(query, depth, target=question.target)
        places = {number: rank for rank, number in enumerate(order[0].tolist(), 1)}
        ranks[f"rank_by_{view}"] = [places.get(number) for number in found]
    return [
        dict(zip(ranks, places, strict=True))
        for places in zip(*ranks.values(), strict=True)
    ]
