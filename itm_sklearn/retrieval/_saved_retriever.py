"""A retriever in one directory: its model and gallery, and its indexes beside them.

Indexes that can be read from where they lie on disk write parts of their own, so that
a large gallery need not be loaded; any other index goes with the model.
"""

import shutil
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory

from itm_sklearn import persistence
from itm_sklearn._directory import SavedDirectory, write_directory
from itm_sklearn.retrieval._exact_index import ExactIndex

__all__ = ["load_retriever", "save_retriever"]

_MODEL = "retriever.itm"
_INDEXES = ("image_index_", "text_index_")


def save_retriever(retriever, path):
    """Write a fitted retriever into a directory, whole or not at all."""
    without_indexes = copy(retriever)
    with write_directory(path, type(retriever).__name__) as directory:
        directory.facts["indexes"] = []
        for name in _INDEXES:
            index = getattr(retriever, name)
            if hasattr(index, "write_parts"):
                index.write_parts(directory, f"{name}.")
                directory.facts["indexes"].append(name)
                setattr(without_indexes, name, None)
        with directory.open(_MODEL) as file, TemporaryDirectory() as folder:
            saved = persistence.save(without_indexes, Path(folder, _MODEL))
            with saved.open("rb") as content:
                shutil.copyfileobj(content, file)
    return directory.path


def load_retriever(path, kind, *, trusted=(), mmap=False):
    """The retriever that `save_retriever` wrote, after a check of every byte."""
    directory = SavedDirectory(path, kind=kind)
    retriever = persistence.load(directory[_MODEL], trusted=trusted)
    index = ExactIndex() if retriever.index is None else retriever.index
    for name in directory.facts["indexes"]:
        filled = type(index).read_parts(directory, f"{name}.", mmap=mmap)
        setattr(retriever, name, filled)
    return retriever
