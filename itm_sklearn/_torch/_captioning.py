"""Train captioners and use them: losses, captions and their probabilities in batches.

A network is something to look with (`_grid.py`) and something to write with
(`_decoders.py`, `_gpt2.py`).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._beam_search import beam_search
from itm_sklearn._torch._grid import as_regions

__all__ = [
    "PADDING",
    "CaptionNetwork",
    "attention_maps",
    "caption_log_p",
    "caption_loss",
    "encode_images",
    "pad_tokens",
    "score_captions",
    "write_captions",
]

# Behind the end of a caption; no token has this number.
PADDING = -1
# Images that are looked at, and captions that are scored, at a time.
_N_IMAGES, _N_CAPTIONS = 64, 256


class CaptionNetwork(nn.Module):
    """From images and the words so far to scores of the next word.

    Parameters
    ----------
    encoder : torch.nn.Module or None
        From pictures between 0 and 1 to maps, tokens or vectors. None if the inputs
        are features already.
    regions : torch.nn.Module
        Makes the memory of the decoder.
    decoder : torch.nn.Module
        Writes.
    """

    def __init__(self, encoder, regions, decoder):
        super().__init__()
        if encoder is not None:
            self.encoder = encoder
        self.regions, self.decoder = regions, decoder

    def features(self, inputs):
        """What the encoder makes of pixels, channels last; features stay."""
        if not hasattr(self, "encoder"):
            return inputs.float()
        features = self.encoder(inputs.permute(0, 3, 1, 2).float() / 255)
        return features.permute(0, 2, 3, 1) if features.ndim == 4 else features

    def memory(self, inputs):
        """What the decoder looks at."""
        return self.regions(as_regions(self.features(inputs)))

    def forward(self, inputs, tokens, image_index):
        """Scores of the next word behind each word of captions of these images."""
        return self.decoder(tokens, self.memory(inputs)[image_index])

    def look(self, view, image_index, tokens):
        """The same for images of a view, of which each is looked at once."""
        device = next(self.parameters()).device
        numbers, index = np.unique(image_index, return_inverse=True)
        inputs, index = _rows(view, numbers, device), torch.from_numpy(index)
        return self(inputs, tokens, index.to(device))


def pad_tokens(tokens, length=None):
    """Tokens of captions as one matrix, as wide as the longest or as is said.

    Examples
    --------
    >>> pad_tokens([[0, 5, 1], [0, 1]])
    tensor([[ 0,  5,  1],
            [ 0,  1, -1]])
    >>> pad_tokens([[0, 1]], 4)
    tensor([[ 0,  1, -1, -1]])
    """
    lengths = np.array([len(row) for row in tokens])
    padded = np.full((len(tokens), length or lengths.max()), PADDING)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = np.concatenate(tokens)
    return torch.from_numpy(padded)


def caption_loss(network, view, tokens, image_index, dtype=torch.float32):
    """A function from row numbers to the mean loss of a word.

    Parameters
    ----------
    network : CaptionNetwork
        What is trained.
    view : array
        Pixels or features, a row for each image.
    tokens : list of lists of int
        Of each caption, with start and end.
    image_index : ndarray of int
        The image of each caption.
    dtype : torch.dtype
        Numbers that the network calculates in.

    Returns
    -------
    batch_loss : callable
        For the training loop.
    """
    device = next(network.parameters()).device

    def batch_loss(rows):
        words = pad_tokens([tokens[row] for row in rows]).to(device)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            before = words[:, :-1].clamp(min=0)
            scores = network.look(view, image_index[rows], before)
        return functional.cross_entropy(
            scores.float().flatten(0, 1),
            words[:, 1:].flatten(),
            ignore_index=PADDING,
        )

    return batch_loss


def _rows(view, numbers, device):
    return torch.from_numpy(np.ascontiguousarray(view[numbers])).to(device)


@torch.inference_mode()
def encode_images(network, view):
    """Features of all images, as the encoder gives them."""
    device = next(network.parameters()).device
    batches = [
        network.features(_rows(view, batch, device)).float().cpu().numpy()
        for batch in batch_slices(len(view), _N_IMAGES)
    ]
    return np.concatenate(batches)


@torch.inference_mode()
def write_captions(network, view, settings):
    """The best captions of each image: lists of tokens and log P."""
    device = next(network.parameters()).device
    captions = []
    for batch in batch_slices(len(view), _N_IMAGES):
        memory = network.memory(_rows(view, batch, device))
        if hasattr(network.decoder, "write"):
            captions += network.decoder.write(memory, settings)
        else:
            captions += beam_search(network.decoder, memory, settings)
    return captions


@torch.inference_mode()
def score_captions(network, view, tokens, image_index):
    """The log-probability of each caption, given its image."""
    device = next(network.parameters()).device
    scores = np.empty(len(tokens))
    # Captions of one image lie together, and of those such of one length.
    order = np.lexsort(([len(row) for row in tokens], image_index))
    for batch in batch_slices(len(order), _N_CAPTIONS):
        rows = order[batch]
        words = pad_tokens([tokens[row] for row in rows]).to(device)
        before = words[:, :-1].clamp(min=0)
        next_words = network.look(view, image_index[rows], before)
        scores[rows] = caption_log_p(next_words, words).cpu().numpy()
    return scores


def caption_log_p(scores, tokens):
    """The sum of log P over the words of each caption, its end included.

    Examples
    --------
    Two words out of two that are equally likely:

    >>> log_p = caption_log_p(torch.zeros(1, 2, 2), torch.tensor([[0, 0, 1]]))
    >>> round(log_p.exp().item(), 6)
    0.25
    """
    losses = functional.cross_entropy(
        scores.float().flatten(0, 1),
        tokens[:, 1:].flatten(),
        ignore_index=PADDING,
        reduction="none",
    )
    return -losses.view(len(tokens), -1).sum(dim=1)


@torch.inference_mode()
def attention_maps(network, view, tokens):
    """Where the network looked for each word of one caption of each image.

    Parameters
    ----------
    network : CaptionNetwork
        With a decoder that has ``looks()``.
    view : array
        Pixels or features, a row for each image.
    tokens : list of lists of int
        A caption of each image, with start and end.

    Returns
    -------
    maps : list of ndarray of shape (n_words, n_regions)
        Shares, which sum to 1 in each row; means over layers and heads.
    """
    device = next(network.parameters()).device
    found = []
    handles = [
        handle
        for look in network.decoder.looks()
        for handle in (
            look.register_forward_pre_hook(_ask_for_weights, with_kwargs=True),
            look.register_forward_hook(lambda *run: found.append(run[2][1])),
        )
    ]
    maps = []
    for row, caption in enumerate(tokens):
        words = torch.tensor([caption[:-1]], device=device)
        network(_rows(view, [row], device), words, torch.zeros(1, dtype=torch.long))
        # What is seen behind the last word decides on the end alone.
        maps.append(torch.stack(found).mean(0)[0, :-1].cpu().numpy())
        found.clear()
    for handle in handles:
        handle.remove()
    return maps


def _ask_for_weights(look, arguments, options):
    return arguments, {**options, "need_weights": True}
