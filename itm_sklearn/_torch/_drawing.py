"""Networks that draw: what the methods of `TextToImage` have in common.

Each method is a module that is made of `DrawingSizes` alone and offers

``steps(batch_of, guide)``
    What the training loop of `_train.py` takes: a list of (part of the module, loss of
    row numbers). ``batch_of(rows)`` is a `DrawingBatch`; the guide is a fitted matcher
    or None, and is no part of the module.
``draw(tokens, noise)``
    Images of shape (n, 3, size, size) between 0 and 1. The noise, of shape
    (n, n_noise), is standard normal and all that is random: the same noise draws the
    same images, on whichever row of a batch.
``log_likelihood(images, tokens)``
    A number for each image: log P, a bound of it, or what stands for it.
``n_noise``
    Width of the noise.
``recipe``
    The fields of `Recipe` in which the method differs, ``learning_rate`` among them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from itm_sklearn._batching import batch_slices

__all__ = [
    "DrawingBatch",
    "DrawingSizes",
    "as_pictures",
    "as_pixels",
    "draw_images",
    "score_images",
]

# Images that are drawn or scored at a time.
_N_IMAGES = 64


@dataclass(frozen=True)
class DrawingSizes:
    """All that a network that draws is made of.

    Parameters
    ----------
    n_words : int
        Tokens that there are; 0 starts a text, 1 ends it, 2 is an unknown word.
    length : int
        Tokens of a text with start, end and padding.
    image_size : int
        Side of the square images in pixels.
    n_components : int
        Width of words and layers.
    n_layers : int
        Layers of the part that reads or writes.
    n_latents : int
        Width of the noise, where the method is free to choose.
    dropout : float
        Share of the layers that is left out in training.
    text_dropout : float
        Share of the texts that are left out in training.
    text_weight, temperature : float
        How texts and noise count while drawing.
    pictures : torch.nn.Module, default=None
        A trained `VQNetwork`, for the method whose images are codes.

    Examples
    --------
    >>> DrawingSizes(n_words=9, length=5, image_size=16).n_components
    128
    """

    n_words: int
    length: int
    image_size: int
    n_components: int = 128
    n_layers: int = 2
    n_latents: int = 64
    dropout: float = 0.1
    text_dropout: float = 0.0
    text_weight: float = 1.0
    temperature: float = 1.0
    pictures: Any = None


@dataclass(frozen=True)
class DrawingBatch:
    """Texts and their images, as the loss of a step sees them.

    Parameters
    ----------
    tokens : torch.Tensor of int of shape (n, length)
        With `PADDING` of `_captioning.py` behind the end.
    images : torch.Tensor of shape (n, 3, size, size)
        Between 0 and 1.
    texts : list of str
        The same as the tokens, for a guide.

    Examples
    --------
    >>> DrawingBatch(torch.tensor([[0, 1]]), torch.zeros(1, 3, 8, 8), [""]).texts
    ['']
    """

    tokens: torch.Tensor
    images: torch.Tensor
    texts: list


def as_pictures(pixels, device):
    """Pixels (n, size, size, 3) of uint8 as channels first between 0 and 1.

    Examples
    --------
    >>> as_pictures(np.full((1, 2, 4, 3), 255, np.uint8), "cpu").shape
    torch.Size([1, 3, 2, 4])
    """
    pictures = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    return pictures.permute(0, 3, 1, 2).float() / 255


def as_pixels(pictures):
    """The way back from `as_pictures`.

    Examples
    --------
    >>> as_pixels(torch.ones(1, 3, 2, 4)).dtype
    dtype('uint8')
    """
    pixels = (pictures.clamp(0, 1) * 255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).cpu().numpy()


@torch.inference_mode()
def draw_images(network, tokens, noise):
    """An image for each text: uint8 of shape (n, size, size, 3).

    Parameters
    ----------
    network : torch.nn.Module
        With ``draw()``.
    tokens : torch.Tensor of shape (n, length)
        The texts.
    noise : ndarray of shape (n, n_noise)
        Standard normal.
    """
    device = next(network.parameters()).device
    drawn = [
        as_pixels(
            network.draw(
                tokens[rows].to(device), torch.from_numpy(noise[rows]).to(device)
            )
        )
        for rows in batch_slices(len(tokens), _N_IMAGES)
    ]
    return np.concatenate(drawn)


@torch.inference_mode()
def score_images(network, pixels, tokens, image_index):
    """The log-likelihood of the image of each text.

    Parameters
    ----------
    network : torch.nn.Module
        With ``log_likelihood()``.
    pixels : ndarray of uint8 of shape (n_images, size, size, 3)
        Each image once.
    tokens : torch.Tensor of shape (n, length)
        The texts.
    image_index : ndarray of int of shape (n,)
        The image of each.
    """
    device = next(network.parameters()).device
    scores = [
        network.log_likelihood(
            as_pictures(pixels[image_index[rows]], device), tokens[rows].to(device)
        )
        for rows in batch_slices(len(tokens), _N_IMAGES)
    ]
    return torch.cat(scores).double().cpu().numpy()
