"""How models of this room look at images: with a network of their own, or a given one.

Frozen transformers see each image once; networks are trained with what stands behind.
"""

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.generation._inputs import encode_stream, load_pictures

__all__ = ["LookingMixin"]


class LookingMixin:
    """Mixin for estimators with the parameters `encoder`, `image_size`, `n_components`.

    `_fit_encoder` decides what `_frozen` is: a fitted transformer, or None if the
    encoder is trained with the rest.
    """

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
