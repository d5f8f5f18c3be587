"""From pixels to features: what a network wants to see, and the network itself."""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from itm_sklearn._torch._precision import with_precision

_LEAST_COSINE = 0.999
# Cells a side and weight of each kind of noise in a probe.
_SCALES = ((3, 0.5), (12, 0.3), (48, 0.2))


@dataclass(frozen=True)
class PixelSpec:
    """The pictures that a network was trained on.

    Parameters
    ----------
    size : tuple of int
        Height and width that the network takes.
    resize : int or None
        Length of the short side before the middle is cut out; None squeezes the
        whole picture into `size`.
    mean, std : tuple of float
        Of the three channels, where pixels reach from 0 to 1.
    resample : int, default=2
        Filter of Pillow: 2 is bilinear, 3 bicubic.

    Examples
    --------
    >>> PixelSpec((224, 224), 256).fit(np.zeros((300, 400, 3), np.uint8)).shape
    (224, 224, 3)
    """

    size: tuple
    resize: int | None
    mean: tuple = (0.5, 0.5, 0.5)
    std: tuple = (0.5, 0.5, 0.5)
    resample: int = 2

    @property
    def enough(self):
        """Longest side beyond which a picture may be shrunk while it is opened."""
        return 4 * max(self.resize or 0, *self.size)

    def fit(self, pixels):
        """Resize and cut one picture in a single step of resampling."""
        height, width = pixels.shape[:2]
        box_height, box_width = height, width
        if self.resize is not None:
            scale = min(height, width) / self.resize
            box_height = min(height, self.size[0] * scale)
            box_width = min(width, self.size[1] * scale)
        top, left = (height - box_height) / 2, (width - box_width) / 2
        box = (left, top, left + box_width, top + box_height)
        image = Image.fromarray(pixels)
        return np.asarray(image.resize(self.size[::-1], self.resample, box))


class PixelNetwork:
    """A network on its device, with the pictures that it wants.

    Parameters
    ----------
    module : torch.nn.Module
        From normalised pictures to features, in evaluation mode.
    spec : PixelSpec
        What the pictures are like.
    device : torch.device
        Where it runs.
    precision : str, default="float32"
        As `with_precision` takes it.

    Examples
    --------
    >>> spec = PixelSpec((2, 2), None)
    >>> module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5))
    >>> network = PixelNetwork(module, spec, torch.device("cpu"))
    >>> network(np.zeros((3, 2, 2, 3), np.uint8)).shape
    torch.Size([3, 5])
    >>> network.shape
    (5,)
    """

    def __init__(self, module, spec, device, precision="float32"):
        self.spec, self.device = spec, device
        # Channels last in memory is the fast order for convolutions.
        module = module.to(memory_format=torch.channels_last)
        self.module = with_precision(
            module, precision, device, (_probes(spec),), least_cosine=_LEAST_COSINE
        )
        shape = (1, 3, 1, 1)
        self._mean = torch.tensor(spec.mean, device=device).view(shape) * 255
        self._std = torch.tensor(spec.std, device=device).view(shape) * 255
        example = np.zeros((1, *spec.size, 3), np.uint8)
        self.shape = tuple(self(example).shape[1:])

    def __call__(self, pixels):
        """Features of a batch of pixels (n, height, width, 3), on the device."""
        pictures = torch.from_numpy(pixels).to(self.device, non_blocking=True)
        pictures = pictures.permute(0, 3, 1, 2)
        with torch.inference_mode():
            return self.module((pictures - self._mean) / self._std)

    @property
    def batch_size(self):
        """Pictures that fill the device."""
        return 32 if self.device.type == "cpu" else 256


def _probes(spec):
    """Random pictures with coarse and fine structure, as photos have."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.zeros(4, 3, *spec.size)
    for cells, weight in _SCALES:
        noise = torch.rand(4, 3, cells, cells, generator=generator)
        pictures += weight * functional.interpolate(noise, spec.size, mode="bicubic")
    mean, std = (torch.tensor(part).view(1, 3, 1, 1) for part in (spec.mean, spec.std))
    pictures = (pictures.clamp(0, 1) - mean) / std
    return pictures.contiguous(memory_format=torch.channels_last)
