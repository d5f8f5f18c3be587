"""Contrastive learning in the words of the training loop: rows in, a loss out."""

import numpy as np
import torch
from torch.nn import functional

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._losses import infonce, sigmoid, triplet

__all__ = ["Contrast", "input_tensor"]

# Items that are passed through at once where nothing is learned.
_BATCH_SIZE = 512


class Contrast:
    """Two views, the heads on top of them, and who matches whom.

    Parameters
    ----------
    heads : Heads
        What is trained.
    views : tuple of two callables
        From the numbers of images, and of texts, to arrays of their features.
    image_index : ndarray of int of shape (n_pairs,)
        The image of each text.
    relevance : sparse array of bool of shape (n_pairs, n_images)
        Where text and image belong together.
    loss : {"infonce", "sigmoid", "triplet"}
        One of `_losses.py`.
    margin : float
        Of the triplet loss.
    dtype : torch.dtype
        Numbers that the heads calculate in; losses are in single precision.
    highest_scale : float
        Similarities are multiplied by at most so much, whatever is learned.

    Examples
    --------
    >>> from scipy import sparse
    >>> from itm_sklearn._torch._heads import Heads, Perceptron
    >>> views = (lambda rows: np.eye(3)[rows], lambda rows: np.eye(3)[rows])
    >>> heads = Heads(Perceptron([3, 2]), Perceptron([3, 2]))
    >>> relevance = sparse.eye_array(3, dtype=bool).tocsr()
    >>> contrast = Contrast(heads, views, np.arange(3), relevance, "triplet", 0.2)
    >>> contrast.batch_loss(np.arange(3)).shape
    torch.Size([])
    """

    def __init__(
        self,
        heads,
        views,
        image_index,
        relevance,
        loss,
        margin,
        dtype=torch.float32,
        highest_scale=100.0,
    ):
        self.heads = heads
        self.image_rows, self.text_rows = views
        self.image_index, self.relevance = image_index, relevance
        self.loss, self.margin = loss, margin
        self.dtype = dtype
        self.highest_log_scale = np.log(highest_scale)

    def batch_loss(self, rows):
        """The loss on some texts and on all images that they belong to."""
        numbers, matches = self.take(rows)
        vectors = self.embed(numbers, rows)
        matches = torch.from_numpy(matches).to(self.heads.device)
        if self.loss == "triplet":
            return triplet(*vectors, matches, self.margin)
        # Clipped, so that training can't make all the rest irrelevant.
        scale = self.heads.log_scale.clamp(max=self.highest_log_scale).exp()
        if self.loss == "sigmoid":
            # In units of similarity the threshold needs no larger steps than weights.
            return sigmoid(*vectors, matches, scale, -scale * self.heads.offset)
        return infonce(*vectors, matches, scale)

    def take(self, rows):
        """Numbers of the images of some texts, and who matches whom among them."""
        numbers = np.unique(self.image_index[rows])
        return numbers, self.relevance[rows][:, numbers].toarray()

    def embed(self, numbers, rows):
        """Vectors of length one of some images and texts."""
        return (
            self._vectors(self.heads.image, self.image_rows(numbers)),
            self._vectors(self.heads.text, self.text_rows(rows)),
        )

    def similarity(self, rows):
        """Cosines of some texts and their images, and who matches whom."""
        numbers, matches = self.take(rows)
        images, texts = (
            torch.cat(
                [
                    self._vectors(head, items(every[part]))
                    for part in batch_slices(len(every), _BATCH_SIZE)
                ]
            )
            for head, items, every in (
                (self.heads.image, self.image_rows, numbers),
                (self.heads.text, self.text_rows, rows),
            )
        )
        return (texts @ images.T).cpu().numpy(), matches

    def _vectors(self, head, features):
        device = self.heads.device
        lower = self.dtype != torch.float32
        with torch.autocast(device.type, self.dtype, enabled=lower):
            vectors = head(input_tensor(features, device))
        return functional.normalize(vectors.float())


def input_tensor(features, device=None):
    """Numbers in single precision; integers, such as those of tokens, stay integers."""
    is_float = features.dtype.kind in "fb"
    features = features.astype(features.dtype.newbyteorder("="), copy=False)
    # A copy, as the user's own array may be read-only.
    return torch.tensor(features, dtype=torch.float32 if is_float else None).to(device)
