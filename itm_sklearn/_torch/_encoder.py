"""What encoders on a network share. Torch is imported only when they run."""

from numbers import Integral

from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn._optional import require

PRECISIONS = StrOptions({"auto", "float32", "bfloat16", "float16"})
BATCH_SIZE = [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")]


class NetworkEncoderMixin:
    """Mixin for frozen encoders whose work is done by a network.

    The subclass writes ``_weights``, the path that its weights come from or None,
    and ``_build``, which returns a loader and its arguments. The network itself is
    never an attribute: pickles hold names only, and clones share what is loaded.
    """

    _parameter_constraints: dict = {
        "device": [str, None],
        "batch_size": BATCH_SIZE,
        "precision": [PRECISIONS],
        "verbose": ["verbose"],
    }

    def _network(self):
        """The network on its device, loaded on first use."""
        self._require_torch()
        from itm_sklearn._torch._device import pick_device
        from itm_sklearn._torch._weights import loaded

        build, *arguments = self._build()
        return loaded(build, *arguments, pick_device(self.device), self.precision)

    def _require_torch(self):
        require("torch", extra="deep", caller=type(self).__name__)

    def _digest(self):
        """What tells these weights from others under the same name."""
        self._require_torch()
        from itm_sklearn._torch._weights import weights_digest

        path = self._weights()
        return "random" if path is None else weights_digest(path)

    def _cache_token(self):
        return super()._cache_token() + self._digest().encode()
