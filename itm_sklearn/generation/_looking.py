"""What models of this room share: how they look at images, and the network as a whole.

Frozen transformers see each image once; networks are trained with what stands behind.
"""

from dataclasses import replace

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.generation._inputs import encode_stream, load_pictures
from itm_sklearn.generation._vocabulary import cut_to

__all__ = ["LookingMixin"]


class LookingMixin:
    """Mixin for estimators with the parameters of an encoder, before a `TrainingMixin`.

    The subclass sets `_frozen` by `_fit_encoder`: a fitted transformer, or None if the
    encoder is trained with the rest. It writes ``_make_decoder()``, what stands behind
    the regions, and decides on `vocabulary_` and `max_length_`.
    """

    # What warnings call them.
    _texts_are = "texts"

    def _fit_encoder(self, images):
        """A fitted transformer; None if the encoder is trained with the rest."""
        if not hasattr(self.encoder, "transform"):
            return None
        try:
            check_is_fitted(self.encoder)
        except NotFittedError:
            return clone(self.encoder).fit(images)
        return self.encoder

    def _load_view(self, images):
        """Images as the network takes them: pixels, or features of the encoder."""
        if self._frozen is not None:
            return encode_stream(self._frozen, images)
        return load_pictures(images, self.image_size)

    def _find_grid_shape(self, view):
        from itm_sklearn._torch._captioning import CaptionNetwork, encode_images
        from itm_sklearn._torch._grid import as_regions

        network = CaptionNetwork(self._make_encoder(), None, None)
        if self._frozen is not None:
            return as_regions(view[:1]).shape[1:]
        return as_regions(encode_images(network.eval(), view[:1])).shape[1:]

    def _make_encoder(self):
        """The part that sees pixels: a fresh network, a copy of the module, or None."""
        if self._frozen is not None:
            return None
        if not isinstance(self.encoder, str):
            return clone(self.encoder, safe=False)
        from itm_sklearn._torch._grid import GridCNN

        return GridCNN(self.image_size, self.n_components)

    def _make_network(self):
        from itm_sklearn._torch._captioning import CaptionNetwork
        from itm_sklearn._torch._grid import Regions

        regions = Regions(
            *self.grid_shape_,
            self.n_components,
            n_layers=self.n_region_layers,
            dropout=self.dropout,
            input_dropout=self.input_dropout,
        )
        return CaptionNetwork(self._make_encoder(), regions, self._make_decoder())

    def _load_network(self):
        from itm_sklearn._torch._arrays import from_arrays

        return from_arrays(self._make_network, self.weights_, self.device)

    def _recipe(self, n_pairs):
        return replace(super()._recipe(n_pairs), clip=1.0, betas=(0.9, 0.98))

    def _encode_texts(self, texts):
        """Tokens, cut to `max_length_`, which is said aloud."""
        tokens = self.vocabulary_.encode(texts)
        return cut_to(tokens, self.max_length_, self._texts_are)
