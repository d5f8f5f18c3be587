"""Corrections for hubs: items that are among the nearest of far too many queries.

What an item takes off its score is learned from training queries, so that a single
query can be answered. `_query_bank.py` corrects a query only where a hub wins, and
what needs all queries at once is in `_transductive.py`.

Both corrections here are terms of the text and of the image alone. Such a term can
become coordinates of the vectors, after which plain cosines rank as the corrected
scores do [1]_, in any index.

.. [1] Y. Bachrach et al., "Speeding up the Xbox recommender system using a Euclidean
   transformation for inner-product spaces", RecSys 2014, section 3.
"""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.pairs import as_pairs
from itm_sklearn.retrieval._bank import (
    QueryBankMixin,
    log_mean_exp,
    mean_of_nearest,
    reduce_cosines,
    unit,
)

__all__ = ["CSLS", "InvertedSoftmax"]


class _HubnessCorrection(QueryBankMixin, TransformerMixin, BaseEstimator):
    """The subclass has `_largest` and writes ``_reduce``, from cosines to hubness."""

    # An evaluation may rank what `transform` gives, block by block.
    similarity_is_cosine = True

    def transform(self, X):
        """Vectors whose cosines rank as the corrected scores do.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of one view or both.

        Returns
        -------
        corrected : ImageTextPairs
            Vectors with four more coordinates. Cosines between texts and images mean
            something; those within a view are distorted a little.
        """
        check_is_fitted(self)
        return as_pairs(X).map(image=self._correct_images, text=self._correct_texts)

    def similarity(self, X):
        """Corrected scores of every text and image, which serve both directions.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of both views.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            Each is a cosine, less what its text and its image take off, on a scale
            that keeps it between -1 and 1.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        pairs.require_both_views()
        pairs = self.transform(pairs)
        return pairs.texts @ pairs.images.T / self._squared_length

    @property
    def _squared_length(self):
        """Of all corrected vectors, so that cosines rank as their products do."""
        return 1 + 2 * self._largest

    def _correct_images(self, images):
        images = unit(images, "images", self.n_features_in_)
        hubness = reduce_cosines(self._reduce, images, self.text_bank_)
        return self._extend(images, hubness, order=[1, 0, 2, 3])

    def _correct_texts(self, texts):
        texts = unit(texts, "texts", self.n_features_in_)
        hubness = reduce_cosines(self._reduce, texts, self.image_bank_)
        return self._extend(texts, hubness, order=[0, 1, 3, 2])

    def _extend(self, vectors, hubness, order):
        """Put coordinates behind that multiply to what text and image take off.

        The constant of one view meets the hubness of the other; the last two bring
        all vectors to one length and meet a zero.
        """
        constant = np.full_like(hubness, np.sqrt(self._largest))
        taken_off = -hubness / constant
        length = np.einsum("ij,ij->i", vectors, vectors) + constant**2 + taken_off**2
        rest = np.sqrt(np.maximum(self._squared_length - length, 0))
        more = np.stack([constant, taken_off, np.zeros_like(rest), rest], axis=1)
        return np.hstack([vectors, more[:, order]])


class CSLS(_HubnessCorrection):
    """Take off half the mean cosine of an item with its nearest training queries.

    Cross-domain similarity local scaling [1]_ with a bank of training pairs: a test
    image is compared with training texts and a test text with training images, so
    that a query is answered alike in any company.

    Parameters
    ----------
    n_neighbors : int, default=10
        How many of the nearest training queries count.

    Attributes
    ----------
    image_bank_, text_bank_ : ndarray of shape (n_queries, n_features)
        The training queries of both views, scaled to length one.

    See Also
    --------
    InvertedSoftmax : Counts all training queries, the nearer ones more.
    TransductiveCorrection : Compares test queries with each other.

    References
    ----------
    .. [1] A. Conneau et al., "Word translation without parallel data", ICLR 2018,
       section 2.3.

    Examples
    --------
    As the last step of a Pipeline it sees the training pairs that the aligner sees:

    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from itm_sklearn.alignment import CCA
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import CSLS
    >>> images = np.random.default_rng(0).normal(size=(50, 6))
    >>> pairs = ImageTextPairs(images, images @ np.ones((6, 4)) + images[:, :4])
    >>> model = make_pipeline(CCA(3), CSLS()).fit(pairs)
    >>> model.transform(pairs).texts.shape
    (50, 7)
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")]
    }
    _largest = 0.5

    def __init__(self, n_neighbors=10):
        self.n_neighbors = n_neighbors

    def _reduce(self, cosines):
        return mean_of_nearest(cosines, self.n_neighbors) / 2


class InvertedSoftmax(_HubnessCorrection):
    """Ask how likely an item is to have each of the training queries instead.

    The probability of a query among all queries that an item could have [1]_, with a
    bank of training queries beside the query: its logarithm is the cosine less a soft
    maximum over the cosines of the item with the bank.

    Parameters
    ----------
    temperature : float, default=0.05
        The lower, the more the nearest training queries count; the inverse of beta in
        the paper.

    Attributes
    ----------
    image_bank_, text_bank_ : ndarray of shape (n_queries, n_features)
        The training queries of both views, scaled to length one.

    See Also
    --------
    QueryBankNormalization : Corrects only the queries that a hub would answer.

    References
    ----------
    .. [1] S. Smith et al., "Offline bilingual word vectors, orthogonal
       transformations and the inverted softmax", ICLR 2017, section 2.3.

    Examples
    --------
    The second image is near to every text of the bank, and no longer wins:

    >>> import numpy as np
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import InvertedSoftmax
    >>> texts = np.array([[0, 1, 1], [0, 1, -1], [0.1, 1, 0]])
    >>> bank = ImageTextPairs(np.eye(3), texts)
    >>> query = ImageTextPairs(np.eye(3)[:2], np.array([[0.6, 0.8, 0]]), [0])
    >>> InvertedSoftmax().fit(bank).similarity(query).argmax()
    np.int64(0)
    """

    _parameter_constraints: dict = {
        "temperature": [Interval(Real, 0, None, closed="neither")]
    }
    _largest = 1.0

    def __init__(self, temperature=0.05):
        self.temperature = temperature

    @property
    def _reduce(self):
        return partial(log_mean_exp, temperature=self.temperature)
