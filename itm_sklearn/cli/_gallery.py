"""Saved galleries: a file from `itm fit`, or a directory from `itm index`."""

from pathlib import Path

from itm_sklearn.datasets import drop_unreadable, load_pairs
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.persistence import load
from itm_sklearn.retrieval import CrossModalRetriever

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def load_gallery(path):
    """The retriever that was saved there."""
    path = Path(path)
    if path.is_dir():
        return CrossModalRetriever.load(path)
    retriever = load(path)
    if not hasattr(retriever, "retrieve_images"):
        raise ValueError(
            f"--model {path} holds a {type(retriever).__name__}, which has no "
            "gallery to search. Make the file with `itm fit`."
        )
    return retriever


def read_gallery(source, images, on_error):
    """Pairs of a file of captions, or the pictures of a folder without texts."""
    source = Path(source)
    if not source.is_dir():
        return load_pairs(source, images, on_error=on_error)
    files = sorted(file for file in source.rglob("*") if _is_picture(file))
    if not files:
        raise ValueError(
            f"{source} holds no pictures. Known are {', '.join(sorted(_SUFFIXES))}."
        )
    pairs = ImageTextPairs(images=[str(file) for file in files])
    # The encoder stops at the first one by itself.
    return pairs if on_error == "raise" else drop_unreadable(pairs, on_error=on_error)


def _is_picture(file):
    return file.suffix.lower() in _SUFFIXES and file.is_file()
