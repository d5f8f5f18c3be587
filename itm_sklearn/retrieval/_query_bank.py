"""Query-bank normalisation: correct a query only where a hub would answer it."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import batch_slices
from itm_sklearn.pairs import as_pairs
from itm_sklearn.retrieval._bank import (
    QueryBankMixin,
    log_mean_exp,
    reduce_cosines,
    unit,
)

__all__ = ["QueryBankNormalization"]

_N_ROWS = 256


class QueryBankNormalization(QueryBankMixin, BaseEstimator):
    """Correct those queries whose best item is also the best of a training query.

    The dynamic inverted softmax of [1]_. The training queries are put to the gallery
    first; the items that they find are its hubs. A query that finds one of them gets
    the scores of `InvertedSoftmax`, any other query keeps its cosines.

    Parameters
    ----------
    temperature : float, default=0.05
        Of the inverted softmax; the inverse of beta in the paper.
    n_activated : int, default=1
        How many items each training query finds.

    Attributes
    ----------
    image_bank_, text_bank_ : ndarray of shape (n_queries, n_features)
        The training queries of both views, scaled to length one.

    Notes
    -----
    Whether a query is corrected depends on the gallery, though not on other queries.
    So the scores are no cosines of vectors that an index could hold, and each
    direction has scores of its own: `similarity` holds two matrices. Compare scores
    within a query only.

    References
    ----------
    .. [1] S.-V. Bogolin et al., "Cross modal retrieval with querybank normalisation",
       CVPR 2022, section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> from itm_sklearn.retrieval import QueryBankNormalization
    >>> texts = np.array([[0, 1, 1], [0, 1, -1], [0.1, 1, 0]])
    >>> bank = ImageTextPairs(np.eye(3), texts)
    >>> query = ImageTextPairs(np.eye(3)[:2], np.array([[0.6, 0.8, 0]]), [0])
    >>> by_text, by_image = QueryBankNormalization().fit(bank).similarity(query)
    >>> by_text.argmax()
    np.int64(0)
    """

    _parameter_constraints: dict = {
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "n_activated": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, temperature=0.05, *, n_activated=1):
        self.temperature = temperature
        self.n_activated = n_activated

    def similarity(self, X):
        """Scores of every text and image, for each direction.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of both views.

        Returns
        -------
        similarity : ndarray of shape (2, n_pairs, n_images)
            In the first matrix a row ranks the images for a text, in the second a
            column ranks the texts for an image.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        pairs.require_both_views()
        texts = unit(pairs.texts, "texts", self.n_features_in_)
        images = unit(pairs.images, "images", self.n_features_in_)
        by_text = self._normalise(texts, images, self.text_bank_)
        by_image = self._normalise(images, texts, self.image_bank_)
        return np.stack([by_text, by_image.T])

    def _normalise(self, queries, gallery, bank):
        """Scores of a gallery for each query, corrected where a hub is the best."""
        scores = queries @ gallery.T
        hubs = self._find_hubs(gallery, bank)
        answered_by_hub = hubs[scores.argmax(axis=1)]
        scores[answered_by_hub] -= reduce_cosines(self._hubness, gallery, bank)
        return scores

    def _hubness(self, cosines):
        return log_mean_exp(cosines, self.temperature)

    def _find_hubs(self, gallery, bank):
        """Whether each item is among the first of a query of the bank."""
        hubs = np.zeros(len(gallery), dtype=bool)
        n_found = min(self.n_activated, len(gallery))
        for rows in batch_slices(len(bank), _N_ROWS):
            scores = bank[rows] @ gallery.T
            hubs[np.argpartition(-scores, n_found - 1)[:, :n_found]] = True
        return hubs
