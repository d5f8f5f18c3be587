"""What all fusions share: both views checked, one row for each pair."""

import numpy as np
from sklearn.base import TransformerMixin, _fit_context
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._views import check_vectors
from itm_sklearn.pairs import as_pairs

__all__ = ["PairFusionMixin"]


class PairFusionMixin(TransformerMixin):
    """Mixin for fusions: transformers of pairs into one array.

    The subclass writes ``_fuse(images, texts)``, which gets a row for each pair of
    both views, and ``_feature_counts()``, the kinds of fused features with the
    number of each. It sets `same_space` to False if the views may have different
    widths, and `accept_sparse` to True if they may be sparse. A parameter `norm` is
    applied to both views before they are fused.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from itm_sklearn.fusion import PairFusionMixin
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> class MaximumFusion(PairFusionMixin, BaseEstimator):
    ...     def _fuse(self, images, texts):
    ...         return np.maximum(images, texts)
    ...
    ...     def _feature_counts(self):
    ...         return {"maximum": self.n_features_in_}
    >>> pairs = ImageTextPairs(np.array([[1.0, 2.0]]), np.array([[3.0, 0.0]]))
    >>> fusion = MaximumFusion()
    >>> fusion.fit_transform(pairs)
    array([[3., 2.]])
    >>> fusion.get_feature_names_out()
    array(['maximum0', 'maximum1'], dtype=object)
    """

    same_space = True
    accept_sparse = False
    _parameter_constraints: dict = {"norm": [StrOptions({"l2"}), None]}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn how wide the views are.

        Parameters
        ----------
        X : ImageTextPairs
            Feature vectors of both views.
        y : array-like of shape (n_pairs,), default=None
            Labels for the step behind; ignored here.

        Returns
        -------
        self : object
            The fitted fusion.
        """
        self._check_views(X, reset=True)
        return self

    def transform(self, X):
        """Fuse the two vectors of each pair.

        Parameters
        ----------
        X : ImageTextPairs
            Feature vectors of both views.

        Returns
        -------
        fused : array of shape (n_pairs, n_features_out)
            One row for each pair.
        """
        check_is_fitted(self)
        return self._fuse_pairs(*self._check_views(X, reset=False))

    def get_feature_names_out(self, input_features=None):
        """Names of the fused features.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str
            The kind of each feature with its number among its kind, from 0 on:
            ``image0``, ``image1``, ``text0`` from a `ConcatFusion`, for example.
        """
        check_is_fitted(self)
        return np.array(
            [
                f"{kind}{number}"
                for kind, n_features in self._feature_counts().items()
                for number in range(n_features)
            ],
            dtype=object,
        )

    def _fuse_pairs(self, images, texts, image_index):
        return self._fuse(images[image_index], texts)

    def _check_views(self, X, *, reset):
        """Both views as normalised numbers, and the image of each row."""
        pairs = as_pairs(X)
        pairs.require_both_views()
        images = self._check_view(pairs.images, "images")
        texts = self._check_view(pairs.texts, "texts")
        if reset:
            self.n_features_in_ = images.shape[-1]
            self.n_text_features_in_ = texts.shape[-1]
            self._check_widths()
        for name, view, expected in (
            ("images", images, self.n_features_in_),
            ("texts", texts, self.n_text_features_in_),
        ):
            if view.shape[-1] != expected:
                raise ValueError(
                    f"The {name} have {view.shape[-1]} features, but "
                    f"{type(self).__name__} was fitted on {expected}."
                )
        if getattr(self, "norm", None) is not None:
            images, texts = normalize(images, self.norm), normalize(texts, self.norm)
        return images, texts, pairs.image_index

    def _check_view(self, view, name):
        sparse = self.accept_sparse and "csr"
        return check_vectors(view, name, accept_sparse=sparse)

    def _check_widths(self):
        if self.same_space and self.n_features_in_ != self.n_text_features_in_:
            raise ValueError(
                f"The images have {self.n_features_in_} features and the texts "
                f"{self.n_text_features_in_}, but {type(self).__name__} joins them "
                "feature by feature. Put an aligner such as CCA before it, or use "
                "ConcatFusion."
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_text_features_in_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
