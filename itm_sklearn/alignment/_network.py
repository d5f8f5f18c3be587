"""What aligners with networks share: data in a fixed order, and the forward pass.

Training draws batches at random. So that its result does not depend on the order
of the pairs, or on whether an image is given once or once a caption, pairs are
first sorted by content.
"""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn._batching import batch_slices
from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn.alignment._rows import dense_rows
from itm_sklearn.base import PairTransformerMixin, matching_rows, mean_recall
from itm_sklearn.pairs import ImageTextPairs

__all__ = [
    "NetworkAligner",
    "View",
    "known_text_id",
    "sort_by_content",
    "train_contrast",
]

_SHARE = Interval(Real, 0, 1, closed="left")
# Rows that are passed through a network at once.
_BATCH_SIZE = 4096
_RELATIVE_STEP, _LONGEST_STEP = 0.03, 0.01
# Products in a step from which threads are worth their start.
_WORK_TO_SHARE = 1e8


class NetworkAligner(
    TrainingMixin, ClassNamePrefixFeaturesOutMixin, PairTransformerMixin, BaseEstimator
):
    """Base of aligners with a network for each view.

    The subclass learns `image_mean_`, `image_scale_` and `image_layers_`, and the
    same for the texts. Overriding `_finish` changes what happens to the output.
    """

    _parameter_constraints: dict = {
        **TrainingMixin._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": ["array-like"],
        "dropout": [_SHARE],
        "input_dropout": [_SHARE],
        "scale": ["boolean"],
        "learning_rate": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"auto"}),
        ],
    }

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
        view = View(
            self._check_image(X, accept_sparse="csr"),
            self.image_mean_,
            self.image_scale_,
        )
        return self._finish(view.pass_through(self.image_layers_), "image")

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
        view = View(
            self._check_text(y, accept_sparse="csr"),
            self.text_mean_,
            self.text_scale_,
        )
        return self._finish(view.pass_through(self.text_layers_), "text")

    def _sort(self, X, y, *, reset):
        """Checked pairs in the order that their content decides."""
        require("torch", extra="deep", caller=type(self).__name__)
        pairs = self._check_fit(X, y, accept_sparse="csr", reset=reset)
        return sort_by_content(pairs, known_text_id(X, y))

    def _learn_scales(self, pairs):
        of_images, of_texts = (
            mean_and_scale(view, self.scale) for view in (pairs.images, pairs.texts)
        )
        self.image_mean_, self.image_scale_ = of_images
        self.text_mean_, self.text_scale_ = of_texts

    def _views(self, pairs):
        return (
            View(pairs.images, self.image_mean_, self.image_scale_),
            View(pairs.texts, self.text_mean_, self.text_scale_),
        )

    def _draw_layers(self):
        """Random weights to begin with."""
        from itm_sklearn._torch._device import seeded

        self._seed = check_random_state(self.random_state).randint(2**31 - 1)
        with seeded(self._seed):
            self._keep_heads(self._make_heads())

    def _make_heads(self, scale=1.0, offset=0.0):
        from itm_sklearn._torch._heads import Heads, Perceptron

        last = [*self.hidden_layer_sizes, self.n_components]
        image, text = (
            Perceptron([width, *last], self.dropout, self.input_dropout)
            for width in (self.n_features_in_, self.n_text_features_in_)
        )
        return Heads(image, text, scale, offset)

    def _load_heads(self, scale=1.0, offset=0.0):
        """The networks on their device, with the weights learned so far."""
        from itm_sklearn._torch._device import pick_device, seeded

        with seeded(self._seed):
            heads = self._make_heads(scale, offset)
        heads.image.set_layers(self.image_layers_)
        heads.text.set_layers(self.text_layers_)
        return heads.to(pick_device(self.device))

    def _keep_heads(self, heads):
        self.image_layers_ = heads.image.get_layers()
        self.text_layers_ = heads.text.get_layers()

    def _highest_step(self):
        if self.learning_rate != "auto":
            return self.learning_rate
        # Random weights are as large as one over the root of the width, and every
        # step of Adam changes each by about the learning rate.
        width = min(self.n_features_in_, self.n_text_features_in_)
        return min(_RELATIVE_STEP / width**0.5, _LONGEST_STEP)

    def _n_threads(self, batch_size):
        """One thread where a step is too short to share."""
        layers = [*self.image_layers_, *self.text_layers_]
        n_weights = sum(weights.size for weights, _ in layers)
        return 1 if n_weights * batch_size < _WORK_TO_SHARE else None

    @property
    def _n_features_out(self):
        return len(self.image_layers_[-1][1])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@dataclass
class View:
    """Features of one view and how they are standardised, a batch at a time."""

    features: object
    mean: np.ndarray
    scale: np.ndarray

    def rows(self, rows):
        """Standardised features of some rows."""
        features = dense_rows(self.features, rows)
        dtype = features.dtype
        return (features - self.mean.astype(dtype)) / self.scale.astype(dtype)

    def pass_through(self, layers):
        """What a network with rectifiers makes of all rows."""
        features = self.features
        output = np.empty((features.shape[0], len(layers[-1][1])), features.dtype)
        layers = [[part.astype(features.dtype) for part in layer] for layer in layers]
        for batch in batch_slices(len(output), _BATCH_SIZE):
            hidden = self.rows(batch)
            for weights, bias in layers[:-1]:
                hidden = np.maximum(hidden @ weights + bias, 0)
            weights, bias = layers[-1]
            output[batch] = hidden @ weights + bias
        return output


def train_contrast(aligner, heads, views, pairs, recipe, **options):
    """Train two heads by the loss of an aligner on the rows that the views give."""
    from itm_sklearn._torch._contrast import Contrast
    from itm_sklearn._torch._device import pick_precision
    from itm_sklearn._torch._train import train

    contrast = Contrast(
        heads,
        views,
        pairs.image_index,
        pairs.relevance(),
        aligner.loss,
        aligner.margin,
        pick_precision(aligner.precision, heads.device),
    )
    return train(
        heads,
        pairs.image_index,
        contrast.batch_loss,
        recipe,
        held_out_loss=lambda rows: -mean_recall(*contrast.similarity(rows)),
        verbose=aligner.verbose,
        **options,
    )


def mean_and_scale(features, each):
    """Mean of each feature, and the deviation of each or of all together."""
    # Sparse features keep their zeros.
    keeps_zeros = sparse.issparse(features)
    scaler = StandardScaler(with_mean=not keeps_zeros).fit(features)
    mean = np.zeros(features.shape[1]) if keeps_zeros else scaler.mean_
    if each:
        return mean, scaler.scale_
    deviation = np.sqrt(scaler.var_.mean()) or 1.0
    return mean, np.full(len(mean), deviation)


def known_text_id(X, y):
    """Ids of the texts that match, if they came with the pairs."""
    return matching_rows(X, y).text_id if isinstance(X, ImageTextPairs) else None


def sort_by_content(pairs, text_id=None):
    """The same pairs in an order that only their vectors decide.

    Images with the same vector become one, and so do the ids of texts. `text_id`
    are known ids of the texts, which count as the same where either says so.
    """
    first, image_index = _identify(pairs.images)
    _, text_order = _identify(pairs.texts)
    image_index = image_index[pairs.image_index]
    order = np.lexsort((image_index, text_order))
    result = ImageTextPairs(pairs.images[first], pairs.texts[order], image_index[order])
    if text_id is not None:
        text_order = _merge(text_order, text_id)
    result.text_id = text_order[order]
    return result


def _identify(view):
    """First row of each distinct row, sorted by content, and the number of each row."""
    if sparse.issparse(view):
        view = sparse.csr_array(view)
        view.sum_duplicates()
        parts = np.split(np.arange(view.nnz), view.indptr[1:-1])
        rows = np.array(
            [view.indices[p].tobytes() + view.data[p].tobytes() for p in parts],
            dtype=object,
        )
    else:
        # Adding zero turns -0.0 into 0.0, whose bytes differ.
        rows = np.ascontiguousarray(view.reshape(len(view), -1)) + 0
        rows = rows.view((np.void, rows.itemsize * rows.shape[1])).ravel()
    _, first, numbers = np.unique(rows, return_index=True, return_inverse=True)
    return first, numbers


def _merge(some, other):
    """Ids that are equal where either of two is, directly or in a chain."""
    n_some, n_other = some.max() + 1, other.max() + 1
    edges = sparse.coo_array(
        (np.ones(len(some)), (some, other + n_some)), shape=(n_some + n_other,) * 2
    )
    return connected_components(edges, directed=False)[1][some]
