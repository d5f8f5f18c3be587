"""How a codebook is learned, or read: the half of `VQVAE` that users do not see."""

from dataclasses import replace

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from itm_sklearn._torch._training import TrainingMixin

__all__ = ["VQTrainingMixin"]

# Images from which threads are worth their start.
_ENOUGH_TO_SHARE = 2000


class VQTrainingMixin(TrainingMixin):
    """Mixin with all that happens in `fit`."""

    def _read_pretrained(self):
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._pretrained_vq import read_vq

        self._config, network = read_vq(self.pretrained, self.image_size)
        self.weights_ = to_arrays(network)

    def _train(self, pixels):
        from itm_sklearn._torch._arrays import to_arrays
        from itm_sklearn._torch._device import pick_device, pick_precision, seeded
        from itm_sklearn._torch._train import train
        from itm_sklearn._torch._vqvae import vq_loss

        seed = check_random_state(self.random_state).randint(2**31 - 1)
        self._config = None
        with seeded(seed):
            network = self._make_network().to(pick_device(self.device))
        dtype = pick_precision(self.precision, next(network.parameters()).device)
        record = train(
            network,
            np.arange(len(pixels)),
            vq_loss(network, pixels, dtype),
            replace(self._recipe(len(pixels)), clip=1.0),
            seed=seed,
            n_threads=1 if len(pixels) < _ENOUGH_TO_SHARE else None,
            verbose=self.verbose,
        )
        self.weights_ = to_arrays(network)
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter

    def _make_network(self):
        if self._config is not None:
            from itm_sklearn._torch._pretrained_vq import PretrainedVQ

            return PretrainedVQ(self._config, self.image_size)
        sizes = {
            "width": self.n_components,
            "code_width": self.code_size,
            "n_blocks": self.n_layers,
        }
        places = self.image_size, self.patch_size, self.n_codes
        if self.n_paints is None:
            from itm_sklearn._torch._vqvae import VQNetwork

            return VQNetwork(*places, **sizes)
        from itm_sklearn._torch._layered_vq import LayeredVQ

        return LayeredVQ(*places, **sizes, n_paints=self.n_paints)

    def load_network(self, device=None):
        """The trained network, as a module of torch.

        Parameters
        ----------
        device : str, default=None
            Where it is to be. None takes `device` of the estimator.

        Returns
        -------
        network : torch.nn.Module
            With ``encode(pictures)`` and ``decode(codes)``.
        """
        from itm_sklearn._torch._arrays import from_arrays

        check_is_fitted(self)
        return from_arrays(self._make_network, self.weights_, device or self.device)

    def _encode(self, pixels):
        from itm_sklearn._torch._vqvae import encode_codes

        return encode_codes(self.load_network(), pixels)
