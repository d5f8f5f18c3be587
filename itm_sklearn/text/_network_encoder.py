"""Texts through a network: each once, sorted by length, in batches of tokens."""

from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin

from itm_sklearn._batching import batch_slices, progress
from itm_sklearn._torch._encoder import NetworkEncoderMixin
from itm_sklearn.base import FrozenEncoderMixin
from itm_sklearn.text._texts import check_texts, empty_rows

# Texts between two writes to the cache: what a killed run may lose.
_CHUNK = 16384


class NetworkTextEncoder(
    ClassNamePrefixFeaturesOutMixin,
    NetworkEncoderMixin,
    FrozenEncoderMixin,
    BaseEstimator,
):
    """Base of the encoders of texts that run a network."""

    def transform(self, X):
        """Encode each text.

        Parameters
        ----------
        X : sequence of n_texts strings
            In any language. Texts that are longer than the network takes are cut;
            a warning says how many.

        Returns
        -------
        features : ndarray of shape (n_texts, n_features), dtype float32
            One row a text, or a row for each of its tokens; all 0 where the text is
            empty, with a warning.
        """
        self._validate_params()
        texts = check_texts(X)
        if not texts:
            return self._encode(texts)
        distinct, rows = np.unique(np.array(texts, dtype=object), return_inverse=True)
        chunks = [
            self._cached_encode(distinct[part].tolist())
            for part in batch_slices(len(distinct), _CHUNK)
        ]
        features = self._stack(chunks)[rows]
        features[empty_rows(texts)] = 0
        return features

    @property
    def _n_features_out(self):
        return self._network().shape[-1]

    def _encode(self, items):
        network = self._network()
        from itm_sklearn._torch._run import run_batches

        if not len(items):
            return np.empty((0, *network.shape), np.float32)
        tokens, n_cut = network.tokenize(items)
        self._report_cuts(n_cut, len(items), network.max_length)
        batches = list(network.batches(tokens, self.batch_size))
        outputs = run_batches(
            network, ([tokens[row] for row in batch] for batch in batches)
        )
        outputs = progress(
            outputs, total=len(batches), desc=type(self).__name__, verbose=self.verbose
        )
        features = self._make_room(tokens, network.shape)
        for batch, output in zip(batches, outputs, strict=True):
            # Of tokens there may be fewer in a batch than in the longest text.
            features[batch, : output.shape[1]] = output
        return features

    def _make_room(self, tokens, shape):
        """What the features of texts with these tokens are written into."""
        return np.empty((len(tokens), *shape), np.float32)

    def _stack(self, chunks):
        return np.concatenate(chunks)

    def _report_cuts(self, n_cut, n_texts, max_length):
        if n_cut:
            warn(
                f"{n_cut} of {n_texts} different texts are longer than {max_length} "
                f"tokens, where model={self.model!r} cuts them. Split them, or take a "
                "model for longer texts.",
                stacklevel=5,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags
