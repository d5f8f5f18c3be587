"""Captions into tokens and back: by words that were learned, or by a tokenizer."""

import warnings
from collections import Counter

from itm_sklearn._optional import require
from itm_sklearn.metrics._caption_words import words_of

__all__ = ["TokenizerVocabulary", "WordVocabulary", "cut_to", "longest"]


class WordVocabulary:
    """Whole words in lower case, those of the training captions.

    Parameters
    ----------
    words : list of str
        Those that have a token of their own.

    Examples
    --------
    >>> vocabulary = WordVocabulary.learn(["A dog runs.", "a dog"], min_count=2)
    >>> vocabulary.encode(["a dog eats"])
    [[0, 3, 4, 2, 1]]
    >>> vocabulary.decode([3, 4])
    'a dog'
    """

    start, end, unknown = range(3)
    banned = (start, unknown)

    def __init__(self, words):
        self.words = list(words)
        self._numbers = {word: row for row, word in enumerate(self.words, start=3)}

    @classmethod
    def learn(cls, texts, *, min_count=1):
        """The words that occur so often, in alphabetical order."""
        counts = Counter(word for text in texts for word in words_of(text))
        return cls(sorted(word for word, n in counts.items() if n >= min_count))

    def __len__(self):
        return 3 + len(self.words)

    def encode(self, texts):
        """Tokens of each text, with start and end."""
        return [
            [
                self.start,
                *(self._numbers.get(word, self.unknown) for word in words_of(text)),
                self.end,
            ]
            for text in texts
        ]

    def decode(self, tokens):
        """The text of tokens without start and end."""
        return " ".join(self.words[token - 3] for token in tokens)


class TokenizerVocabulary:
    """The tokens of a pretrained decoder.

    Parameters
    ----------
    tokenizer : str
        A tokenizer of the package tokenizers, as JSON: a string pickles anywhere.
    start, end : int
        Tokens before and behind each caption.
    n_tokens : int
        How many tokens there are.
    """

    def __init__(self, tokenizer, start, end, n_tokens):
        self.tokenizer, self.n_tokens = tokenizer, n_tokens
        self.start, self.end = start, end
        self.banned = () if start == end else (start,)

    def __len__(self):
        return self.n_tokens

    def _load(self):
        tokenizers = require("tokenizers", extra="deep", caller="Captioner")
        return tokenizers.Tokenizer.from_str(self.tokenizer)

    def encode(self, texts):
        """Tokens of each text, with start and end."""
        found = self._load().encode_batch(list(texts), add_special_tokens=False)
        return [[self.start, *one.ids, self.end] for one in found]

    def decode(self, tokens):
        """The text of tokens without start and end."""
        text = self._load().decode(list(tokens), skip_special_tokens=True)
        return " ".join(text.split())


def longest(tokens):
    """Tokens of the longest caption behind its start.

    Examples
    --------
    >>> longest([[0, 5, 1], [0, 1]])
    2
    """
    return max(len(row) for row in tokens) - 1


def cut_to(tokens, max_length, texts_are="texts"):
    """Start and that many tokens of each text; a warning says how many lose some.

    Examples
    --------
    >>> cut_to([[0, 5, 1], [0, 1]], 2)
    [[0, 5, 1], [0, 1]]
    """
    n_cut = sum(len(row) > max_length + 1 for row in tokens)
    if n_cut:
        warnings.warn(
            f"{n_cut} of {len(tokens)} {texts_are} have more than "
            f"max_length_={max_length} tokens: what is beyond is not looked at.",
            stacklevel=4,
        )
    return [row[: max_length + 1] for row in tokens]
