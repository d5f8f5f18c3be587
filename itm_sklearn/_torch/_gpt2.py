"""GPT-2 as a decoder of captions, from scratch or from a checkpoint.

It looks at the regions by layers of cross-attention, or is given a prefix made of
them. Beam search is that of transformers.
"""

import json
from pathlib import Path

import torch
from torch import nn

from itm_sklearn._torch._grid import n_heads
from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._transformers import quiet_transformers
from itm_sklearn._torch._weights import AS_DATA, find_checkpoint

__all__ = ["GPT2Decoder", "Prefix", "gpt2_config", "read_gpt2"]

_CALLER = "Captioner"
N_PREFIX = 10


def gpt2_config(n_words, width, *, n_layers, dropout, max_length):
    """Settings of a small GPT-2 that learns from scratch.

    Its weights begin larger than those of the published one, 0.02, which is made for
    768 features: with 128 the words would hardly tell each other apart, and with
    them the first steps would be lost.

    Examples
    --------
    >>> gpt2_config(9, 64, n_layers=1, dropout=0.1, max_length=8)["initializer_range"]
    0.125
    """
    shares = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), dropout)
    return {
        "vocab_size": n_words,
        "n_embd": width,
        "n_layer": n_layers,
        "n_head": n_heads(width),
        "n_positions": max_length + N_PREFIX,
        "initializer_range": width**-0.5,
        "bos_token_id": 0,
        "eos_token_id": 1,
        **shares,
    }


class GPT2Decoder(nn.Module):
    """GPT-2 that goes on from regions.

    Parameters
    ----------
    config : dict
        Settings of `transformers.GPT2Config`.
    width : int
        Width of the regions.
    prefix : bool
        Whether the regions become `N_PREFIX` tokens in front of the caption [1]_.
        Otherwise each layer gets a cross-attention to the regions.

    References
    ----------
    .. [1] R. Mokady, A. Hertz, A. H. Bermano, "ClipCap: CLIP prefix for image
       captioning", 2021, section 3.

    Examples
    --------
    >>> config = gpt2_config(9, 32, n_layers=1, dropout=0.0, max_length=8)
    >>> decoder = GPT2Decoder(config, 16, prefix=False)
    >>> decoder(torch.ones(2, 4, dtype=torch.long), torch.zeros(2, 5, 16)).shape
    torch.Size([2, 4, 9])
    """

    def __init__(self, config, width, *, prefix):
        super().__init__()
        transformers = import_guarded("transformers", caller=_CALLER)
        config = transformers.GPT2Config(
            **{**config, "add_cross_attention": not prefix}
        )
        with quiet_transformers():
            self.model = transformers.GPT2LMHeadModel(config)
        if prefix:
            self.look = Prefix(width, config.n_embd)
        else:
            self.look = nn.Linear(width, config.n_embd)
        self.prefix = prefix

    def forward(self, tokens, memory):
        """Scores of the next word behind each word."""
        seen = self.look(memory)
        if not self.prefix:
            return self.model(
                input_ids=tokens, encoder_hidden_states=seen, use_cache=False
            ).logits
        inputs = self._with_prefix(seen, tokens)
        scores = self.model(inputs_embeds=inputs, use_cache=False).logits
        return scores[:, seen.shape[1] :]

    def _with_prefix(self, seen, tokens):
        words = self.model.get_input_embeddings()(tokens)
        return torch.cat([seen.to(words.dtype), words], dim=1)

    def write(self, memory, settings):
        """The best captions of each image, as `beam_search` gives them."""
        seen = self.look(memory)
        tokens = torch.full((len(memory), 1), settings.start, device=memory.device)
        given = {"input_ids": tokens, "encoder_hidden_states": seen}
        if self.prefix:
            given = {"inputs_embeds": self._with_prefix(seen, tokens)}
        n_given = 0 if self.prefix else 1
        with quiet_transformers():
            found = self.model.generate(
                **given,
                attention_mask=_ones(given),
                num_beams=settings.n_beams,
                num_return_sequences=settings.n_best,
                max_new_tokens=settings.max_length,
                length_penalty=settings.length_penalty,
                # Stops only when nothing better can come.
                early_stopping="never",
                do_sample=False,
                eos_token_id=settings.end,
                pad_token_id=settings.end,
                logits_processor=[_limits(settings, n_given)],
            )
        rows = [_up_to(row, settings.end) for row in found[:, n_given:].tolist()]
        log_p = self._log_p(rows, memory, settings)
        captions = list(zip(rows, log_p, strict=True))
        return [
            captions[first : first + settings.n_best]
            for first in range(0, len(captions), settings.n_best)
        ]

    def _log_p(self, rows, memory, settings):
        from itm_sklearn._torch._captioning import caption_log_p, pad_tokens

        tokens = [[settings.start, *row, settings.end] for row in rows]
        memory = memory.repeat_interleave(settings.n_best, dim=0)
        padded = pad_tokens(tokens).to(memory.device)
        return caption_log_p(self(padded[:, :-1].clamp(min=0), memory), padded).tolist()


def _ones(given):
    """A mask that hides nothing: no token of the start is padding."""
    first = next(iter(given.values()))
    return torch.ones(first.shape[:2], dtype=torch.long, device=first.device)


def _limits(settings, n_given):
    """Takes banned words away, and all but the end at the greatest length."""

    def limit(tokens, scores):
        scores[:, list(settings.banned)] = -torch.inf
        if tokens.shape[1] - n_given == settings.max_length - 1:
            end = scores[:, settings.end].clone()
            scores[:] = -torch.inf
            scores[:, settings.end] = end
        return scores

    return limit


def _up_to(tokens, end):
    return tokens[: tokens.index(end)] if end in tokens else tokens


class Prefix(nn.Module):
    """Regions as a fixed number of tokens: each learned query picks its own.

    Parameters
    ----------
    width : int
        Width of the regions.
    n_features : int
        Width of the tokens.
    """

    def __init__(self, width, n_features):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(N_PREFIX, width))
        self.attention = nn.MultiheadAttention(width, n_heads(width), batch_first=True)
        self.layers = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Linear(2 * width, n_features),
        )

    def forward(self, memory):
        """Tokens of a batch of images."""
        queries = self.queries.expand(len(memory), -1, -1)
        seen = self.attention(queries, memory, memory, need_weights=False)[0]
        return self.layers(queries + seen)


def read_gpt2(name):
    """Settings, weights and tokenizer of a checkpoint: a directory or a hub's name.

    Returns
    -------
    config : dict
        For `GPT2Decoder`.
    weights : dict of str to torch.Tensor
        For its ``model``; those of the cross-attention are not among them.
    tokenizer : str
        As JSON.
    """
    transformers = import_guarded("transformers", caller=_CALLER)
    folder = find_checkpoint(name, caller=_CALLER)
    config = json.loads(Path(folder, "config.json").read_text("utf8"))
    if config.get("model_type") != "gpt2":
        raise ValueError(
            f"pretrained={str(name)!r} holds a model of the type "
            f"{config.get('model_type')!r}, but the decoder takes 'gpt2' only."
        )
    with quiet_transformers():
        model = transformers.GPT2LMHeadModel.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **AS_DATA)
    return config, model.state_dict(), tokenizer.backend_tokenizer.to_str()
