"""What linear aligners share: a mean and a matrix for each view."""

import warnings

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin

from itm_sklearn.base import PairTransformerMixin

__all__ = ["CorrelationAligner", "LinearAligner", "count_components", "filled"]


class LinearAligner(
    ClassNamePrefixFeaturesOutMixin, PairTransformerMixin, BaseEstimator
):
    """Base of aligners that subtract a mean and multiply by a matrix.

    The subclass learns `image_mean_` and `text_mean_` and writes `_projections`,
    the matrices of both views with as many columns as the shared space has.
    """

    def transform_image(self, X):
        """Project images into the shared space.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_images, n_image_features)
            Image features.

        Returns
        -------
        projected : ndarray of shape (n_images, n_components)
            In the precision of X.
        """
        images = self._check_image(X, accept_sparse="csr")
        return _project(images, self.image_mean_, self._projections()[0])

    def transform_text(self, y):
        """Project texts into the shared space.

        Parameters
        ----------
        y : {array-like, sparse matrix} of shape (n_texts, n_text_features)
            Text features.

        Returns
        -------
        projected : ndarray of shape (n_texts, n_components)
            In the precision of y.
        """
        texts = self._check_text(y, accept_sparse="csr")
        return _project(texts, self.text_mean_, self._projections()[1])

    @property
    def _n_features_out(self):
        return self._projections()[0].shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class CorrelationAligner(LinearAligner):
    """Base of linear aligners whose directions come with correlations.

    The subclass has the parameter `power` and learns `correlations_`,
    `image_weights_` and `text_weights_`.
    """

    def _projections(self):
        factors = self.correlations_**self.power
        return self.image_weights_ * factors, self.text_weights_ * factors


def filled(directions, n_components, asked):
    """Directions with zeros up to a number; a warning if so many were asked for."""
    if asked is not None and directions.rank < asked:
        warnings.warn(
            f"n_components={asked} is more than the {directions.rank} directions that "
            "the pairs hold; the others are zero. Lower n_components or fit on more "
            "pairs.",
            UserWarning,
            stacklevel=4,
        )
    return directions.padded(n_components)


def count_components(n_components, *widths):
    """The number asked for, or by default the width of the narrowest view."""
    if n_components is None:
        return min(widths)
    if n_components > min(widths):
        raise ValueError(
            f"n_components={n_components} is more than the {min(widths)} features of "
            "the narrower view. Lower n_components, or leave it None."
        )
    return n_components


def _project(view, mean, projection):
    if hasattr(view, "toarray"):
        projected = view @ projection - mean @ projection
    else:
        # Subtracted first, so that large offsets do not cancel.
        projected = (view - mean.astype(view.dtype)) @ projection.astype(view.dtype)
    return projected.astype(view.dtype, copy=False)
