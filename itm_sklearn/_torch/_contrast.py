"""Contrastive learning in the words of the training loop: rows in, a loss out."""

import numpy as np
import torch
from torch.nn import functional

from itm_sklearn._torch._losses import infonce, sigmoid, triplet

__all__ = ["Contrast"]


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
    >>> from itm_sklearn._torch._heads import Heads
    >>> views = (lambda rows: np.eye(3)[rows], lambda rows: np.eye(3)[rows])
    >>> heads = Heads([3, 2], [3, 2])
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
        lower = self.dtype != torch.float32
        with torch.autocast(self.heads.device.type, self.dtype, enabled=lower):
            images = self.heads.image(self._tensor(self.image_rows(numbers)))
            texts = self.heads.text(self._tensor(self.text_rows(rows)))
        return (
            functional.normalize(images.float()),
            functional.normalize(texts.float()),
        )

    def similarity(self, rows):
        """Cosines of some texts and their images, and who matches whom."""
        numbers, matches = self.take(rows)
        images, texts = self.embed(numbers, rows)
        return (texts @ images.T).cpu().numpy(), matches

    def _tensor(self, features):
        return torch.as_tensor(features, dtype=torch.float32, device=self.heads.device)
