"""Networks that answer a question by what they see: one for each way to fuse the two.

They take the place of a decoder in the `CaptionNetwork` of `_captioning.py`.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from itm_sklearn._batching import batch_slices
from itm_sklearn._torch._captioning import pad_tokens
from itm_sklearn._torch._grid import encoder_layers, n_heads

__all__ = ["FUSIONS", "Answerer", "answer_loss", "answer_scores"]

# Questions that are answered at a time.
_N_QUESTIONS = 256


class Answerer(nn.Module):
    """From the words of a question and the regions of an image to scores of answers.

    Parameters
    ----------
    n_words : int
        Size of the vocabulary.
    width : int
        Width of words and regions.
    n_answers : int
        How many answers there are.
    fusion : str
        One of `FUSIONS`.
    n_layers : int
        Layers that the question goes through.
    dropout : float
        Share that is left out in training.
    max_length : int
        The most tokens of a question.

    Examples
    --------
    >>> answerer = Answerer(9, 32, 4, "concat", n_layers=1, dropout=0, max_length=6)
    >>> answerer(torch.tensor([[1, 2, -1]]), torch.zeros(1, 5, 32)).shape
    torch.Size([1, 4])
    """

    def __init__(
        self, n_words, width, n_answers, fusion, *, n_layers, dropout, max_length
    ):
        super().__init__()
        self.words = nn.Embedding(n_words, width)
        self.places = nn.Embedding(max_length, width)
        for table in (self.words, self.places):
            nn.init.normal_(table.weight, std=0.5)
        self.dropout = nn.Dropout(dropout)
        self.fuse = FUSIONS[fusion](width, n_layers, dropout)
        self.head = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, n_answers),
        )

    def forward(self, tokens, memory):
        """Scores of all answers to each question, whose tokens end in padding."""
        padding = tokens < 0
        places = torch.arange(tokens.shape[1], device=tokens.device)
        words = self.words(tokens.clamp(min=0)) + self.places(places)
        return self.head(self.fuse(self.dropout(words), padding, memory))


def _mean(states, padding):
    """The mean over what is no padding."""
    kept = (~padding)[..., None].to(states.dtype)
    return (states * kept).sum(dim=1) / kept.sum(dim=1)


class _BothWays(nn.Module):
    """Recurrent layers that go over the words from both sides, but over no padding."""

    def __init__(self, n_inputs, width, n_layers):
        super().__init__()
        # Both directions together are one too wide where the width is odd.
        half, self.width = -(-width // 2), width
        self.layers = nn.GRU(
            n_inputs, half, n_layers, batch_first=True, bidirectional=True
        )

    def forward(self, states, padding):
        lengths = (~padding).sum(dim=1).cpu()
        packed = pack_padded_sequence(
            states, lengths, batch_first=True, enforce_sorted=False
        )
        outputs, _ = pad_packed_sequence(
            self.layers(packed)[0], batch_first=True, total_length=states.shape[1]
        )
        return outputs[..., : self.width]


class _CrossAttention(nn.Module):
    """Words are read, look at the regions, and are read again with what they saw.

    Attention says what is there where a word fits best, but not how well it fits:
    only the product of both does. Layers in which words look at each other would have
    to find out first which words belong together; recurrent ones carry what was seen
    from word to word from the first step on: only they learned relations.
    """

    def __init__(self, width, n_layers, dropout):
        super().__init__()
        self.reader = _BothWays(width, width, n_layers)
        self.look = nn.MultiheadAttention(
            width, n_heads(width), dropout, batch_first=True
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.dropout = nn.Dropout(dropout)
        self.writer = _BothWays(3 * width, width, n_layers)

    def forward(self, words, padding, memory):
        read = self.norms[0](self.reader(words, padding))
        seen, _ = self.look(read, memory, memory, need_weights=False)
        # The mean is there from the first step on, when nobody knows where to look.
        seen = self.norms[1](seen + memory.mean(dim=1, keepdim=True))
        both = self.dropout(torch.cat([read, seen, read * seen], dim=-1))
        return _mean(self.writer(both, padding), padding)


class _Vectors(nn.Module):
    """Base of fusions that know a question and an image by one vector each."""

    def __init__(self, width, n_layers, dropout):
        super().__init__()
        self.layers = encoder_layers(width, 4 * width, n_layers, dropout)
        self.see = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU())
        self.image = nn.Linear(2 * width, width)

    def read(self, words, padding):
        """The question: its words have looked at each other."""
        for layer in self.layers:
            words = layer(words, src_key_padding_mask=padding)
        return _mean(words, padding)

    def forward(self, words, padding, memory):
        # Regions are made sense of before they are averaged, with their places.
        image = self.image(self.see(memory).mean(dim=1))
        return self.join(image, self.read(words, padding))


class _Concat(_Vectors):
    def __init__(self, width, n_layers, dropout):
        super().__init__(width, n_layers, dropout)
        self.both = nn.Linear(2 * width, width)

    def join(self, image, question):
        return self.both(torch.cat([image, question], dim=-1))


class _Multiply(_Vectors):
    def join(self, image, question):
        return image * question


class _Average(_Vectors):
    def join(self, image, question):
        return (image + question) / 2


class _Weighted(_Vectors):
    """The question says how much of each number is to come from the image."""

    def __init__(self, width, n_layers, dropout):
        super().__init__(width, n_layers, dropout)
        self.share = nn.Linear(width, width)

    def join(self, image, question):
        share = self.share(question).sigmoid()
        return share * image + (1 - share) * question


class _Bilinear(_Vectors):
    """A bilinear form of low rank [1]_.

    References
    ----------
    .. [1] J.-H. Kim et al., "Hadamard product for low-rank bilinear pooling",
       ICLR 2017, equation 5.
    """

    def __init__(self, width, n_layers, dropout):
        super().__init__(width, n_layers, dropout)
        self.of_image, self.of_question, self.out = (
            nn.Linear(width, width) for _ in range(3)
        )

    def join(self, image, question):
        both = self.of_image(image).tanh() * self.of_question(question).tanh()
        return self.out(both)


FUSIONS = {
    "cross_attention": _CrossAttention,
    "concat": _Concat,
    "multiply": _Multiply,
    "average": _Average,
    "weighted": _Weighted,
    "bilinear": _Bilinear,
}


def answer_loss(network, view, tokens, image_index, targets, dtype=torch.float32):
    """A function from row numbers to the mean loss of an answer.

    Parameters
    ----------
    network : CaptionNetwork
        With an `Answerer`.
    view : array
        Pixels or features, a row for each image.
    tokens : list of lists of int
        Of each question.
    image_index : ndarray of int
        The image of each question.
    targets : ndarray of shape (n_questions, n_answers)
        The share that each answer has.
    dtype : torch.dtype
        Numbers that the network calculates in.

    Returns
    -------
    batch_loss : callable
        For the training loop.
    """
    device = next(network.parameters()).device

    def batch_loss(rows):
        wanted = torch.from_numpy(targets[rows]).to(device)
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            scores = _ask(network, view, tokens, image_index, rows)
        return functional.cross_entropy(scores.float(), wanted)

    return batch_loss


@torch.inference_mode()
def answer_scores(network, view, tokens, image_index):
    """Scores of all answers to each question, a matrix."""
    rows = np.arange(len(tokens))
    batches = [
        _ask(network, view, tokens, image_index, rows[batch]).float().cpu()
        for batch in batch_slices(len(rows), _N_QUESTIONS)
    ]
    return torch.cat(batches).numpy()


def _ask(network, view, tokens, image_index, rows):
    """Scores of the answers to some questions."""
    device = next(network.parameters()).device
    words = pad_tokens([tokens[row] for row in rows]).to(device)
    return network.look(view, image_index[rows], words)
