"""What matchers with a network share: training, scores in blocks, calibration.

Weights are kept as arrays, so that a fitted matcher pickles anywhere; the network
is built again where scores are asked for.
"""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._batching import batch_slices
from itm_sklearn._optional import require
from itm_sklearn._torch._training import TrainingMixin
from itm_sklearn._views import check_vectors, first_rows
from itm_sklearn.matching._calibration import CalibratedMatcherMixin, check_labels
from itm_sklearn.matching._score_scales import draw_gallery
from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = ["NetworkMatcher"]

_SHARE = Interval(Real, 0, 1, closed="left")
_FLOATS = (np.float64, np.float32, np.float16)
# Pairs from which threads are worth their start.
_ENOUGH_TO_SHARE = 2000
# Pairs whose own score is taken out of one small similarity matrix.
_FEW = 32


class NetworkMatcher(TrainingMixin, CalibratedMatcherMixin, BaseEstimator):
    """Base of matchers whose scores come from a network.

    The subclass writes ``_make_network()`` and, if its views are no matrices,
    ``_check_view(view, name)``.
    """

    _parameter_constraints: dict = {
        **CalibratedMatcherMixin._parameter_constraints,
        **TrainingMixin._parameter_constraints,
        "loss": [StrOptions({"infonce", "triplet"})],
        "margin": [Interval(Real, 0, None, closed="left")],
        "dropout": [_SHARE],
        "input_dropout": [_SHARE],
        "validation_fraction": [_SHARE],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Train the network, then learn probabilities on images held out from it.

        Parameters
        ----------
        X : ImageTextPairs
            Features of both views.
        y : array-like of shape (n_pairs,), default=None
            1 for a match, 0 for a mismatch. None means that all rows match.
            Mismatches among the texts and images of a batch are learned from in
            any case.

        Returns
        -------
        self : object
            The fitted matcher.
        """
        require("torch", extra="deep", caller=type(self).__name__)
        from itm_sklearn._torch._batches import hold_out

        pairs = self._check_pairs(X, reset=True)
        labels = None if y is None else check_labels(y, pairs)
        random_state = check_random_state(self.random_state)
        seed = random_state.randint(2**31 - 1)
        kept, held_out = hold_out(
            pairs.image_index, self.validation_fraction, np.random.default_rng(seed)
        )
        self._train(pairs, _find_matches(pairs, labels), kept, seed)
        self._calibrate(
            pairs, labels, held_out if len(held_out) else kept, random_state
        )
        return self

    def _train(self, pairs, matches, rows, seed):
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._device import pick_device, pick_precision, seeded
        from itm_sklearn._torch._matching import learn_scales, matching_loss
        from itm_sklearn._torch._train import train

        with seeded(seed):
            network = self._make_network()
        learn_scales(network, pairs)
        network = network.to(pick_device(self.device))
        dtype = pick_precision(self.precision, network.log_scale.device)
        batch_loss = matching_loss(
            network, pairs, matches, self.loss, self.margin, dtype
        )
        record = train(
            network,
            pairs.image_index[rows],
            lambda chosen: batch_loss(rows[chosen]),
            self._recipe(len(rows)),
            seed=seed,
            n_threads=1 if len(rows) < _ENOUGH_TO_SHARE else None,
            verbose=self.verbose,
        )
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter
        self.weights_ = to_arrays(network)

    def _recipe(self, n_pairs):
        # No images held out for probabilities still leave some for early stopping.
        share = self.early_stopping * (self.validation_fraction or 0.1)
        return replace(super()._recipe(n_pairs), validation_fraction=share)

    def _calibrate(self, pairs, labels, rows, random_state):
        pairs = pairs[rows]
        if labels is None:
            self._learn_from_matches(draw_gallery(pairs, random_state), random_state)
        else:
            self._learn_from_scores(self.decision_function(pairs), labels[rows])

    def similarity(self, X):
        """Score every text against every image, in blocks of bounded memory.

        Parameters
        ----------
        X : ImageTextPairs
            Features of both views.

        Returns
        -------
        similarity : ndarray of shape (n_pairs, n_images)
            The higher the more alike.
        """
        check_is_fitted(self)
        pairs = self._check_pairs(X, reset=False)
        return self._score(self._load_network(), pairs)

    def decision_function(self, X):
        """Score each pair.

        Parameters
        ----------
        X : ImageTextPairs
            Features of both views.

        Returns
        -------
        scores : ndarray of shape (n_pairs,)
            Its entry in `similarity`.
        """
        check_is_fitted(self)
        pairs = self._check_pairs(X, reset=False)
        network = self._load_network()
        scores = np.empty(len(pairs), np.float32)
        # Captions of one image lie together, so that blocks have few images.
        order = np.argsort(pairs.image_index, kind="stable")
        for batch in batch_slices(len(pairs), _FEW):
            own = pairs[order[batch]]
            similarity = self._score(network, own)
            scores[order[batch]] = similarity[np.arange(len(own)), own.image_index]
        return scores

    def _score(self, network, pairs):
        from itm_sklearn._torch._matching import block_similarity

        return block_similarity(network, pairs.images, pairs.texts)

    def _load_network(self):
        from itm_sklearn._torch._arrays import from_arrays

        return from_arrays(self._make_network, self.weights_, self.device)

    def _check_pairs(self, X, *, reset):
        pairs = as_pairs(X)
        pairs.require_both_views()
        images = self._check_view(pairs.images, "images")
        texts = self._check_view(pairs.texts, "texts")
        widths = images.shape[-1], texts.shape[-1]
        if reset:
            self.n_features_in_, self.n_text_features_in_ = widths
        expected = self.n_features_in_, self.n_text_features_in_
        if widths != expected:
            raise ValueError(
                f"The images and texts have {widths} features, but "
                f"{type(self).__name__} was fitted on {expected}."
            )
        checked = ImageTextPairs(images, texts, pairs.image_index)
        checked.text_id = pairs.text_id
        return checked

    def _check_view(self, view, name):
        return check_vectors(view, name, dtype=_FLOATS)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "weights_")


def _find_matches(pairs, labels):
    """Where texts and images belong together, by the rows that match."""
    _, same_vector = first_rows([hash(text.tobytes()) for text in pairs.texts])
    matching = slice(None) if labels is None else labels == 1
    text_id, image_index = same_vector[matching], pairs.image_index[matching]
    matches = sparse.csr_array(
        (np.ones(len(text_id)), (text_id, image_index)),
        shape=(same_vector.max() + 1, pairs.n_images),
    )
    return matches[same_vector].astype(bool)
