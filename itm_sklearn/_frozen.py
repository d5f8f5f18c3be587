"""Encoders that learn nothing, and how they find an item's code in the cache."""

import numpy as np
from sklearn.base import TransformerMixin

from itm_sklearn import __version__
from itm_sklearn._batching import spread
from itm_sklearn._cache import active_cache, digest

__all__ = ["FrozenEncoderMixin"]


class FrozenEncoderMixin(TransformerMixin):
    """Mixin for encoders that learn nothing: each item's code depends on it alone.

    The subclass writes ``_encode(items)``, from a list of items to one batch, and
    calls ``self._cached_encode(items)`` in `transform`: that looks up each item
    in the cache of `itm_sklearn.compose.DualEncoder`, if one is in use, and encodes
    the rest, on the workers of a cluster if joblib uses one. A batch that is no
    array needs its own `_split` and `_join`.
    """

    _parameter_constraints: dict = {}
    # Parameters that change how the work is done, but not what comes out.
    _without_effect = ("batch_size", "device", "n_jobs", "verbose")

    def fit(self, X=None, y=None):
        """Check the parameters; there is nothing to learn.

        Parameters
        ----------
        X : sequence, default=None
            Ignored.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The same encoder.
        """
        self._validate_params()
        return self

    def _cached_encode(self, items):
        cache = active_cache()
        if cache is None or not len(items):
            return self._encode_anywhere(items)
        token = self._cache_token()
        keys = [digest(token, self._item_content(item)) for item in items]
        found = cache.get_many(keys)
        missing = {key: row for row, key in enumerate(keys) if key not in found}
        if missing:
            batch = self._encode_anywhere([items[row] for row in missing.values()])
            encoded = dict(zip(missing, self._split(batch), strict=True))
            cache.put_many(encoded)
            found |= encoded
        return self._join([found[key] for key in keys])

    def _encode_anywhere(self, items):
        """One batch, encoded by the workers of a cluster if joblib uses one."""
        if not len(items):
            return self._encode(items)
        return self._join_batches(spread(self._encode_in_parts, items))

    def _encode_in_parts(self, items):
        """One batch, encoded in halves if all of it is too much for the memory."""
        try:
            return self._encode(items)
        except MemoryError as error:
            if len(items) < 2:
                raise MemoryError(
                    f"{type(self).__name__} has no memory for a single item. Encode "
                    "smaller items, by max_size= or ITM_MAX_PIXELS, or one at a time "
                    "by n_jobs=1."
                ) from error
        # Beyond the except clause, so that what failed is free.
        half = (len(items) + 1) // 2
        parts = (items[:half], items[half:])
        return self._join_batches([self._encode_in_parts(part) for part in parts])

    def _join_batches(self, batches):
        if len(batches) == 1:
            return batches[0]
        return self._join([code for batch in batches for code in self._split(batch)])

    def _cache_token(self):
        """What the codes depend on beside the item."""
        parameters = {
            name: value
            for name, value in sorted(self.get_params().items())
            if name not in self._without_effect
        }
        kind = type(self)
        return (
            f"{__version__} {kind.__module__}.{kind.__qualname__} {parameters}".encode()
        )

    def _item_content(self, item):
        """The content of an item as bytes; encoders of files read the file."""
        if isinstance(item, str):
            return item.encode("utf8", "surrogatepass")
        array = np.ascontiguousarray(item)
        return f"{array.dtype.str}{array.shape}".encode() + array.tobytes()

    @staticmethod
    def _split(batch):
        return [(row,) for row in batch]

    @staticmethod
    def _join(items):
        return np.stack([row for (row,) in items])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags
