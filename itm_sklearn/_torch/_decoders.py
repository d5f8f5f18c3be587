"""Networks that write a caption word by word while they look at regions.

All have ``forward(tokens, memory)``, which scores the next word behind each word of
whole captions, and ``begin(memory)`` and ``step(tokens, state)``, which go on by one
word. A state is a tuple of tensors with a row for each caption.
"""

import torch
from torch import nn

from itm_sklearn._torch._grid import n_heads

__all__ = ["RecurrentDecoder", "TransformerDecoder", "causal_mask"]

# How much less a head cares for each word further from the one that is its own.
_NEARNESS = 4.0


class TransformerDecoder(nn.Module):
    """Layers in which words look at the words before them and at the regions.

    Each head begins with one of the words just before: see `causal_mask`. Heads that
    begin with all words alike learned which objects are there, but not within
    thousands of steps which of them a phrase is about.

    Parameters
    ----------
    n_words : int
        Size of the vocabulary.
    width : int
        Width of words and regions.
    n_layers : int
        How many layers.
    dropout : float
        Share that is left out in training.
    max_length : int
        The most words of a caption, its start and end included.

    Examples
    --------
    >>> decoder = TransformerDecoder(9, 32, n_layers=1, dropout=0.0, max_length=6)
    >>> decoder(torch.ones(2, 4, dtype=torch.long), torch.zeros(2, 5, 32)).shape
    torch.Size([2, 4, 9])
    """

    def __init__(self, n_words, width, *, n_layers, dropout, max_length):
        super().__init__()
        self.words = nn.Embedding(n_words, width)
        self.places = nn.Embedding(max_length, width)
        self.n_heads = n_heads(width)
        layer = nn.TransformerDecoderLayer(
            width,
            self.n_heads,
            4 * width,
            dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerDecoder(layer, n_layers, norm=nn.LayerNorm(width))
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, n_words)
        self._draw(width)

    def _draw(self, width):
        for weight in self.layers.parameters():
            # nn.TransformerDecoder copies one layer, and its weights with it.
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)
        for table in (self.words, self.places):
            nn.init.normal_(table.weight, std=0.5)

    def forward(self, tokens, memory):
        """Scores of the next word behind each word."""
        return self.output(self._states(tokens, memory))

    def _states(self, tokens, memory):
        n_words = tokens.shape[1]
        places = torch.arange(n_words, device=tokens.device)
        states = self.dropout(self.words(tokens) + self.places(places))
        mask = causal_mask(n_words, self.n_heads).to(states)
        # One for each head of each caption; "causal" alone would stand for another.
        mask = mask.repeat(len(tokens), 1, 1)
        return self.layers(states, memory, tgt_mask=mask, tgt_is_causal=False)

    def looks(self):
        """The attentions from words to regions."""
        return [layer.multihead_attn for layer in self.layers.layers]

    def begin(self, memory):
        """The state before the first word."""
        empty = torch.empty(len(memory), 0, dtype=torch.long, device=memory.device)
        return empty, memory

    def step(self, tokens, state):
        """Scores of the next word behind one more word, and the state behind it."""
        before, memory = state
        tokens = torch.cat([before, tokens[:, None]], dim=1)
        last = self._states(tokens, memory)[:, -1]
        return self.output(last), (tokens, memory)


def causal_mask(n_words, n_heads):
    """What is added to the attention of each head from words to words.

    No head sees words to come. The first is drawn to the word itself, and the k-th
    behind it to the word k before, which content can outweigh; a single head is free.
    Attention with linear biases [1]_ draws all heads to the nearest words instead.

    Returns
    -------
    mask : torch.Tensor of shape (n_heads, n_words, n_words)
        A row for the word that looks, a column for the word that is looked at.

    References
    ----------
    .. [1] O. Press et al., "Train short, test long: attention with linear biases
       enables input length extrapolation", ICLR 2022, section 3.

    Examples
    --------
    >>> causal_mask(3, 2)[1]
    tensor([[-4., -inf, -inf],
            [-0., -4., -inf],
            [-4., -0., -4.]])
    """
    places, heads = torch.arange(n_words), torch.arange(n_heads)[:, None, None]
    back = places[:, None] - places
    drawn = -_NEARNESS * (back - heads).abs() * (n_heads > 1)
    return drawn.masked_fill(back < 0, -torch.inf)


class RecurrentDecoder(nn.Module):
    """Two recurrent layers with a look at the regions between them.

    The first layer reads the words so far, and by them decides where to look; the
    second reads on with what was seen there. Nothing that the second layer made goes
    back into the first, so that all words of a caption are learned from at once.

    Parameters
    ----------
    n_words : int
        Size of the vocabulary.
    width : int
        Width of words, layers and regions.
    cell : {"gru", "lstm"}
        Kind of layer.
    dropout : float
        Share that is left out in training.

    Examples
    --------
    >>> decoder = RecurrentDecoder(9, 32, cell="gru", dropout=0.0)
    >>> decoder(torch.ones(2, 4, dtype=torch.long), torch.zeros(2, 5, 32)).shape
    torch.Size([2, 4, 9])
    """

    def __init__(self, n_words, width, *, cell, dropout):
        super().__init__()
        layer = {"gru": nn.GRU, "lstm": nn.LSTM}[cell]
        self.words = nn.Embedding(n_words, width)
        self.reader = layer(width, width, batch_first=True)
        self.attention = nn.MultiheadAttention(
            width, n_heads(width), dropout, batch_first=True
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.writer = layer(2 * width, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.join = nn.Sequential(nn.Linear(3 * width, width), nn.GELU())
        self.output = nn.Linear(width, n_words)
        self.n_states = 2 if cell == "lstm" else 1

    def forward(self, tokens, memory):
        """Scores of the next word behind each word."""
        return self._run(tokens, self.begin(memory))[0]

    def looks(self):
        """The attentions from words to regions."""
        return [self.attention]

    def begin(self, memory):
        """The state before the first word."""
        blank = memory.new_zeros(len(memory), self.reader.hidden_size)
        return (memory, *(2 * self.n_states * (blank,)))

    def step(self, tokens, state):
        """Scores of the next word behind one more word, and the state behind it."""
        scores, state = self._run(tokens[:, None], state)
        return scores[:, 0], state

    def _run(self, tokens, state):
        memory, *states = state
        read, first = self._layer(
            self.reader, self.dropout(self.words(tokens)), states[: self.n_states]
        )
        # Small states would pass on little; small gradients would come back.
        read = self.norms[0](read)
        seen = self.attention(read, memory, memory, need_weights=False)[0]
        both = self.dropout(torch.cat([read, self.norms[1](seen)], dim=-1))
        written, second = self._layer(self.writer, both, states[self.n_states :])
        written = self.dropout(self.norms[2](written))
        outcome = self.join(torch.cat([written, both], dim=-1))
        return self.output(self.dropout(outcome)), (memory, *first, *second)

    def _layer(self, layer, inputs, states):
        """Outputs of a layer, and its states with captions first."""
        states = [state[None].contiguous() for state in states]
        outputs, states = layer(inputs, states[0] if len(states) == 1 else states)
        states = (states,) if self.n_states == 1 else states
        return outputs, [state[0] for state in states]
