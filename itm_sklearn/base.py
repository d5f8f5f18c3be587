"""What two-view estimators share: validation, one `transform`, matcher labels.

An aligner writes `fit`, `transform_image` and `transform_text`; a matcher writes
`fit`, `decision_function` and `similarity`; an encoder that learns nothing writes
`_encode`. The rest comes from here.
"""

from functools import wraps

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from itm_sklearn._frozen import FrozenEncoderMixin
from itm_sklearn._views import naming_rows
from itm_sklearn.metrics import rsum
from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = [
    "FrozenEncoderMixin",
    "PairClassifierMixin",
    "PairTransformerMixin",
    "RetrievalScoreMixin",
    "matching_rows",
    "mean_recall",
]

# Six recalls of 100 %.
_LARGEST_RSUM = 600
_FLOATS = (np.float64, np.float32)


def matching_rows(pairs, y):
    """The rows whose image and text belong together.

    Parameters
    ----------
    pairs : ImageTextPairs
        The pairs.
    y : array-like of shape (n_pairs,) or None
        Labels that are all 0 or 1 tell mismatches from matches. Anything else,
        categories for example, says nothing about matching.

    Returns
    -------
    pairs : ImageTextPairs
        The rows labelled 1; all rows without such labels.

    Raises
    ------
    ValueError
        If no row is labelled 1, or y has another length.

    Examples
    --------
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> matching_rows(ImageTextPairs(texts=["a dog", "a cat"]), [0, 1]).texts
    ['a cat']
    """
    if y is None:
        return pairs
    check_consistent_length(pairs, y)
    y = np.asarray(y)
    if not np.isin(y, (0, 1)).all():
        return pairs
    if not (y == 1).any():
        raise ValueError(
            f"None of the {len(y)} pairs is labelled 1, and only matching pairs can "
            "be learned from."
        )
    return pairs[y == 1]


def mean_recall(similarity, relevance):
    """Mean of the recalls at 1, 5 and 10 over both directions, from 0 to 1."""
    return rsum(relevance, similarity) / _LARGEST_RSUM


def _without_frames_of_pairs(method):
    """A method that `set_output` has wrapped, which gives pairs as they are."""

    @wraps(method)
    def transform(self, X, *args, **kwargs):
        chosen = method.__wrapped__ if self._makes_pairs(X) else method
        return chosen(self, X, *args, **kwargs)

    return transform


class PairOutputMixin(TransformerMixin):
    """Mixin of transformers of pairs: `set_output` makes frames of arrays only."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "transform" not in cls._sklearn_auto_wrap_output_keys:
            return
        for name in ("transform", "fit_transform"):
            if name in vars(cls):
                setattr(cls, name, _without_frames_of_pairs(vars(cls)[name]))

    def _makes_pairs(self, X):
        return isinstance(X, ImageTextPairs)


class PairTransformerMixin(PairOutputMixin):
    """Mixin for aligners: transformers of both views into one shared space.

    The subclass writes ``fit(X, y=None)``, which begins with `_check_fit`, and
    `transform_image` and `transform_text`, which begin with `_check_image` and
    `_check_text`. Pairs become pairs; plain arrays ``(X, y)`` are treated as by
    `sklearn.cross_decomposition.CCA`, with images as ``X`` and texts as ``y``.
    """

    def transform(self, X, y=None):
        """Project both views, or one, into the shared space.

        Parameters
        ----------
        X : ImageTextPairs or array-like of shape (n_samples, n_image_features)
            Pairs of feature vectors, where a view may be missing, or the image
            features alone.
        y : array-like of shape (n_samples, n_text_features), default=None
            The text features, if X are image features. Ignored with pairs.

        Returns
        -------
        projected : ImageTextPairs, ndarray or tuple of two ndarrays
            Pairs for pairs; for arrays the projected images, or with `y` the
            projected images and texts.
        """
        check_is_fitted(self)
        if isinstance(X, ImageTextPairs):
            return X.map(image=self.transform_image, text=self.transform_text)
        if y is None:
            return self.transform_image(X)
        return self.transform_image(X), self.transform_text(y)

    def fit_transform(self, X, y=None):
        """Fit, then project the pairs, or the images if these are arrays.

        Parameters
        ----------
        X : ImageTextPairs or {array-like, sparse matrix}
            As for `fit`.
        y : {array-like, sparse matrix} of shape (n_pairs, n_text_features)
            As for `fit`.

        Returns
        -------
        projected : ImageTextPairs or ndarray
            As from ``transform(X)``: one thing, which the next step can take.
        """
        return self.fit(X, y).transform(X)

    def _check_fit(self, X, y, *, reset=True, min_pairs=2, dtype=_FLOATS, **kinds):
        """The matching pairs to fit on, as checked arrays of numbers."""
        kinds["dtype"] = dtype
        if isinstance(X, ImageTextPairs):
            pairs = matching_rows(X, y)
            pairs.require_both_views()
            images, texts, image_index = pairs.images, pairs.texts, pairs.image_index
        else:
            images, texts, image_index = X, y, None
            self._check_y_is_there(y)
        with naming_rows(images, "images"):
            images = validate_data(self, images, reset=reset, **kinds)
        texts = _check_texts(texts, ensure_min_samples=min_pairs, **kinds)
        if image_index is None:
            check_consistent_length(images, texts)
        if reset:
            self.n_text_features_in_ = texts.shape[1]
        self._check_text_width(texts)
        return ImageTextPairs(images, texts, image_index)

    def _check_y_is_there(self, y):
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but "
                "the target y is None. Pass the text features as y, or ImageTextPairs."
            )

    def _check_image(self, X, *, dtype=_FLOATS, **kinds):
        check_is_fitted(self)
        with naming_rows(X, "images"):
            return validate_data(self, X, reset=False, dtype=dtype, **kinds)

    def _check_text(self, y, *, dtype=_FLOATS, **kinds):
        check_is_fitted(self)
        texts = _check_texts(y, dtype=dtype, **kinds)
        self._check_text_width(texts)
        return texts

    def _check_text_width(self, texts):
        if texts.shape[1] != self.n_text_features_in_:
            raise ValueError(
                f"The texts have {texts.shape[1]} features, but "
                f"{type(self).__name__} was fitted on {self.n_text_features_in_}."
            )


def _check_texts(y, **kinds):
    with naming_rows(y, "texts"):
        texts = check_array(y, ensure_2d=False, input_name="y", **kinds)
    # scikit-learn's two-view estimators take a single target as a flat array.
    return texts.reshape(-1, 1) if texts.ndim == 1 else texts


class RetrievalScoreMixin:
    """Mixin for what has ``similarity(X)``: judged by how well it retrieves."""

    def score(self, X, y=None, sample_weight=None):
        """Mean recall at 1, 5 and 10 over both directions of retrieval.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views. Their own images and texts are ranked, whatever
            the estimator was fitted on.
        y : array-like of shape (n_pairs,), default=None
            Rows labelled 0 are left out of the evaluation.
        sample_weight : None
            Present for scikit-learn's metadata routing; there are no weights.

        Returns
        -------
        mean_recall : float
            Between 0 and 1. It falls as the gallery grows: compare only scores
            of galleries of one size.
        """
        if sample_weight is not None:
            raise ValueError(
                f"{type(self).__name__}.score has no use for sample_weight. Leave it "
                "out, or score `similarity` with the functions in itm_sklearn.metrics."
            )
        pairs = matching_rows(as_pairs(X), y)
        return mean_recall(self.similarity(pairs), pairs.relevance())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class PairClassifierMixin(RetrievalScoreMixin):
    """Mixin for matchers: classifiers of pairs into mismatch (0) and match (1).

    The subclass writes ``fit(X, y=None)``, ``decision_function(X)``, one score a
    row, and ``similarity(X)``, one score for each text and image, and learns
    ``threshold_``, the lowest score that is called a match.
    """

    @property
    def classes_(self):
        """The labels: 0 for a mismatch, 1 for a match."""
        check_is_fitted(self)
        return np.array([0, 1])

    def predict(self, X):
        """Tell for each pair whether its text fits its image.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            The pairs.

        Returns
        -------
        labels : ndarray of int of shape (n_pairs,)
            1 where the score reaches ``threshold_``, otherwise 0.
        """
        return (self.decision_function(X) >= self.threshold_).astype(int)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags(multi_class=False)
        tags.target_tags.required = False
        return tags
