"""Match by cosine similarity in a shared space: the last step of a Pipeline."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._views import check_vectors
from itm_sklearn.matching._calibration import CalibratedMatcherMixin, check_labels
from itm_sklearn.matching._negatives import sample_mismatches
from itm_sklearn.pairs import as_pairs


class SimilarityMatcher(CalibratedMatcherMixin, BaseEstimator):
    """Call a pair a match if its two vectors point the same way.

    The score of a pair is the cosine similarity of its text and its image, which an
    aligner has brought into one space. `fit` learns what a score is worth: the
    probability of a match, and the threshold above which a pair is called one,
    from the training pairs against sampled mismatches.

    Parameters
    ----------
    n_negatives : int, default=1
        Mismatches sampled for each pair in `fit`. Ignored if labels are given.
    calibration : {"sigmoid", "isotonic"}, default="sigmoid"
        How a score becomes a probability: by a sigmoid [1]_, or by whatever rising
        steps fit best, which takes a few thousand pairs to learn.
    threshold : str, callable or float, default="balanced_accuracy"
        The lowest score that `predict` calls a match: the one that does best on the
        training pairs by the scorer of that name, such as "f1" or "accuracy", or by a
        scorer as `sklearn.metrics.make_scorer` makes it. Or a number.
    random_state : int, RandomState instance or None, default=None
        Draws the mismatches. Pass an int for the same model in every fit.

    Attributes
    ----------
    threshold_ : float
        The lowest score that is called a match.
    calibrator_ : LogisticRegression or IsotonicRegression
        Makes probabilities of scores.
    classes_ : ndarray of shape (2,)
        0 for a mismatch, 1 for a match.

    Notes
    -----
    A step that was fitted on the same pairs makes them look more alike than new
    pairs will, so the probabilities are too sure of themselves where the aligner
    overfits. A frozen aligner in front and images that it was not fitted on cure that.

    References
    ----------
    .. [1] J. Platt, "Probabilistic outputs for support vector machines", Advances in
       Large Margin Classifiers, 1999, equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.matching import SimilarityMatcher
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(3), np.eye(3) + 0.1)
    >>> matcher = SimilarityMatcher(random_state=0).fit(pairs)
    >>> matcher.similarity(pairs).round(1)
    array([[1. , 0.1, 0.1],
           [0.1, 1. , 0.1],
           [0.1, 0.1, 1. ]])
    >>> matcher.predict(pairs)
    array([1, 1, 1])
    """

    _parameter_constraints: dict = {
        **CalibratedMatcherMixin._parameter_constraints,
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    # So that an evaluation can rank the vectors themselves, block by block.
    similarity_is_cosine = True

    def __init__(
        self,
        n_negatives=1,
        *,
        calibration="sigmoid",
        threshold="balanced_accuracy",
        random_state=None,
    ):
        self.n_negatives = n_negatives
        self.calibration = calibration
        self.threshold = threshold
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the threshold and the probabilities from matches and mismatches.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of both views in one space.
        y : array-like of shape (n_pairs,), default=None
            1 for a match, 0 for a mismatch. None means that all rows match, and
            mismatches are sampled.

        Returns
        -------
        self : SimilarityMatcher
            The fitted matcher.

        Raises
        ------
        ValueError
            If there are no matches or no mismatches to learn from.
        """
        images, texts, image_index = self._unit_views(X)
        self.n_features_in_ = images.shape[1]
        scores = _row_products(texts, images[image_index])
        if y is None:
            rows, others = sample_mismatches(
                as_pairs(X), self.n_negatives, random_state=self.random_state
            )
            mismatches = _row_products(texts[rows], images[others])
            labels = np.repeat([1, 0], [len(scores), len(mismatches)])
            scores = np.concatenate([scores, mismatches])
        else:
            labels = check_labels(y, scores)
        self._learn_from_scores(scores, labels, is_sampled=y is None)
        return self

    def similarity(self, X):
        """Score every text against every image.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of both views in one space.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            Cosine similarities, between -1 and 1.
        """
        check_is_fitted(self)
        images, texts, _ = self._unit_views(X)
        return texts @ images.T

    def decision_function(self, X):
        """Score each pair.

        Parameters
        ----------
        X : ImageTextPairs
            Vectors of both views in one space.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            Cosine similarities, between -1 and 1.
        """
        check_is_fitted(self)
        images, texts, image_index = self._unit_views(X)
        return _row_products(texts, images[image_index])

    def _unit_views(self, X):
        """Both views as vectors of length one, and the image of each row."""
        pairs = as_pairs(X)
        pairs.require_both_views()
        images = normalize(check_vectors(pairs.images, "images"))
        texts = normalize(check_vectors(pairs.texts, "texts"))
        if images.shape[1] != texts.shape[1]:
            raise ValueError(
                f"The images have {images.shape[1]} features and the texts "
                f"{texts.shape[1]}: they are not in one space. Put an aligner such as "
                "CCA before SimilarityMatcher."
            )
        return images, texts, pairs.image_index


def _row_products(texts, images):
    return np.einsum("ij,ij->i", texts, images)
