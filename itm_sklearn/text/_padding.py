"""Texts of different lengths in one array: a row a token, filled up with zeros."""

import numpy as np

__all__ = ["pad", "without_padding"]


def pad(texts):
    """One array (n_texts, n_tokens, width) of arrays with a row for each token.

    Examples
    --------
    >>> pad([np.ones((1, 2)), np.ones((2, 2))])[0]
    array([[1., 1.],
           [0., 0.]])
    """
    longest = max(len(text) for text in texts)
    padded = np.zeros((len(texts), longest, texts[0].shape[1]), texts[0].dtype)
    for row, text in enumerate(texts):
        padded[row, : len(text)] = text
    return padded


def without_padding(text):
    """The rows of one text up to the last token.

    Examples
    --------
    >>> without_padding(np.array([[0, 1], [0, 0]]))
    array([[0, 1]])
    """
    return text[: len(text) - np.argmax(text.any(axis=1)[::-1])]
