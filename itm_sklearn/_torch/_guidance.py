"""The gradient of a fitted matcher, for what draws: the matcher stays as it is."""

from copy import deepcopy

import numpy as np
import torch
from torch.nn import functional

from itm_sklearn._torch._contrast import input_tensor
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["Guide"]

# By which cosines are multiplied, so that the right text among many can be sure.
_SCALE = 20.0


class Guide:
    """How well drawn images fit their texts, by a matcher that sees pixels.

    Parameters
    ----------
    matcher : estimator
        A fitted `TowerAligner`, or a Pipeline with one, in which nothing happens to
        the pixels before its image tower but that channels come first.
    size : int
        Side of the images in pixels.
    device : torch.device
        Where the images are.
    """

    def __init__(self, matcher, size, device):
        matcher = getattr(matcher, "best_estimator_", matcher)
        steps = [step for _, step in getattr(matcher, "steps", [("", matcher)])]
        is_tower = [hasattr(step, "image_network_") for step in steps]
        if not any(is_tower):
            raise TypeError(
                f"guidance={matcher!r} has no image network to differentiate. Pass a "
                "fitted TowerAligner, or a Pipeline with one."
            )
        place = is_tower.index(True)
        self._before = steps[:place]
        self._image = _frozen(steps[place].image_network_, device)
        self._text = _frozen(steps[place].text_network_, device)
        self._channels_first = self._find_layout(size)
        self._device = device

    def _find_layout(self, size):
        """Whether the tower gets pixels with channels first; an error if no pixels."""
        probe = np.random.RandomState(0).randint(256, size=(2, size, size, 3))
        probe = probe.astype(np.uint8)
        seen = np.asarray(self._encode(ImageTextPairs(images=probe)).images)
        for channels_first in (True, False):
            expected = np.moveaxis(probe, 3, 1) if channels_first else probe
            if seen.shape == expected.shape and (seen == expected).all():
                return channels_first
        raise TypeError(
            f"What the image tower of guidance= gets are no pixels of {size} x {size} "
            "images. Nothing may happen to them before it but that channels come first."
        )

    def _encode(self, pairs):
        for step in self._before:
            pairs = step.transform(pairs)
        return pairs

    def loss(self, images, texts):
        """Cross-entropy of the right text of each image among those of the batch.

        Parameters
        ----------
        images : torch.Tensor of shape (n, 3, size, size)
            Between 0 and 1; gradients go through them.
        texts : list of n str
            The text of each.

        Returns
        -------
        loss : torch.Tensor
            One number.
        """
        pixels = images.float().clamp(0, 1) * 255
        if not self._channels_first:
            pixels = pixels.permute(0, 2, 3, 1)
        features = np.asarray(self._encode(ImageTextPairs(texts=texts)).texts)
        words = input_tensor(features, self._device)
        said = functional.normalize(self._text(words).float())
        seen = functional.normalize(self._image(pixels).float())
        right = torch.arange(len(texts), device=self._device)
        return functional.cross_entropy(_SCALE * seen @ said.T, right)


def _frozen(network, device):
    return deepcopy(network).requires_grad_(False).eval().to(device)
