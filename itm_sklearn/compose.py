"""One branch for each view: how encoders of images and texts become one step."""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._cache import use_cache
from itm_sklearn.base import PairOutputMixin
from itm_sklearn.pairs import as_pairs

__all__ = ["DualEncoder"]


class DualEncoder(PairOutputMixin, BaseEstimator):
    """Encode images by one transformer and texts by another.

    The image encoder sees each image once, however many texts it has, in `fit` as
    in `transform`: a vocabulary or a PCA inside it weighs all images alike. Labels
    are not passed to the encoders.

    Parameters
    ----------
    image : transformer, callable or None, default=None
        From a list of images to an array with a row for each. None leaves the
        images as they are.
    text : transformer, callable or None, default=None
        From a list of strings to an array with a row for each. None leaves the
        texts as they are.
    memory : str or Path, default=None
        A directory in which encoders that learn nothing, such as local
        descriptors and pretrained networks, keep the code of each item. It is
        found again by the content of the item and the encoder's parameters, so
        that folds, grid points and later runs encode no item twice.
    memory_size : int or str, default="8GiB"
        How much `memory` holds, in bytes or with a unit ("500MB", "20GiB"). Beyond
        that the oldest codes are dropped, and made again when they are needed: give
        it room for all items. 500 keypoints of `SIFT` take 265 kB an image.

    Attributes
    ----------
    image_encoder_ : transformer or None
        The fitted image encoder.
    text_encoder_ : transformer or None
        The fitted text encoder.

    See Also
    --------
    itm_sklearn.alignment.CCA : The step that usually comes next.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from itm_sklearn.compose import DualEncoder
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(np.eye(2), ["a dog", "a cat", "cat"], [0, 1, 1])
    >>> DualEncoder(text=CountVectorizer()).fit_transform(pairs)
    ImageTextPairs(3 pairs; 2 images of float64 × 2; 3 texts of int64 × 2)
    """

    def __init__(self, image=None, text=None, *, memory=None, memory_size="8GiB"):
        self.image = image
        self.text = text
        self.memory = memory
        self.memory_size = memory_size

    def fit(self, X, y=None):
        """Fit each encoder on its view.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs with both views; a view without an encoder may be missing.
        y : None
            Ignored.

        Returns
        -------
        self : DualEncoder
            The fitted encoder.
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Fit each encoder on its view and encode what it was fitted on.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            As for `fit`.
        y : None
            Ignored.

        Returns
        -------
        encoded : ImageTextPairs
            The same rows, with arrays of features.
        """
        pairs = as_pairs(X)
        self._check_views_are_there(pairs)
        self.image_encoder_ = _as_transformer(self.image)
        self.text_encoder_ = _as_transformer(self.text)
        with use_cache(self.memory, self.memory_size):
            return pairs.map(
                image=_fit_transform(self.image_encoder_),
                text=_fit_transform(self.text_encoder_),
            )

    def transform(self, X):
        """Encode both views, or the one that is there.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Pairs; a query may lack a view.

        Returns
        -------
        encoded : ImageTextPairs
            The same rows, with arrays of features.
        """
        check_is_fitted(self)
        pairs = as_pairs(X)
        with use_cache(self.memory, self.memory_size):
            return pairs.map(
                image=_method(self.image_encoder_, "transform"),
                text=_method(self.text_encoder_, "transform"),
            )

    def _makes_pairs(self, X):
        return True

    def get_feature_names_out(self, input_features=None):
        """Names of the image features, then of the text features.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
            ``image__`` or ``text__`` and the name the encoder gives.
        """
        check_is_fitted(self)
        names = [
            f"{view}__{name}"
            for view, encoder in (
                ("image", self.image_encoder_),
                ("text", self.text_encoder_),
            )
            if encoder is not None
            for name in encoder.get_feature_names_out()
        ]
        return np.array(names, dtype=object)

    def _check_views_are_there(self, pairs):
        for name, view, encoder in (
            ("image", pairs.images, self.image),
            ("text", pairs.texts, self.text),
        ):
            if view is None and encoder is not None:
                raise ValueError(
                    f"{pairs!r} has no {name}s to fit {name}={encoder!r} on. Give "
                    f"pairs with {name}s, or leave {name}=None."
                )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "image_encoder_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def _as_transformer(encoder):
    """A fresh transformer for anything that may stand for one."""
    if encoder is None or hasattr(encoder, "transform"):
        return clone(encoder) if encoder is not None else None
    if callable(encoder):
        return FunctionTransformer(encoder)
    raise TypeError(
        f"{encoder!r} is no encoder. Give a transformer, or a function of the items."
    )


def _fit_transform(encoder):
    # `FrozenEstimator` has no `fit_transform`, and wants a `y`.
    if encoder is None or hasattr(encoder, "fit_transform"):
        return _method(encoder, "fit_transform")
    return lambda items: encoder.fit(items, None).transform(items)


def _method(encoder, name):
    return None if encoder is None else getattr(encoder, name)
