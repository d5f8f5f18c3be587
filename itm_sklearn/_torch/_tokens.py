"""From texts to features: tokens in batches of one length, and the network itself."""

import numpy as np
import torch

from itm_sklearn._torch._precision import with_precision

_LEAST_COSINE = 0.9999
_PROBES = [
    "a dog runs on the beach",
    "two men and a child stand in front of a red building in the snow",
    "yellow",
]


class TokenNetwork:
    """A network on its device, with the tokenizer that it was trained with.

    Parameters
    ----------
    module : torch.nn.Module
        From token ids and a mask (1 for tokens, 0 for padding) to features.
    tokenizer : callable
        From a list of texts and ``max_length`` (None does not cut) to lists of ids.
    max_length : int
        Tokens that the network takes.
    pad_id : int
        What fills a batch up.
    device : torch.device
        Where it runs.
    precision : str, default="float32"
        As `with_precision` takes it.
    pad_to : int, default=None
        Length of all batches, for networks trained that way.
    """

    def __init__(
        self,
        module,
        tokenizer,
        *,
        max_length,
        pad_id,
        device,
        precision="float32",
        pad_to=None,
    ):
        self.tokenizer, self.max_length = tokenizer, max_length
        self.pad_id, self.pad_to, self.device = pad_id, pad_to, device
        tokens, _ = self.tokenize(_PROBES)
        probes = self._padded(tokens)
        self.module = with_precision(
            module, precision, device, probes, least_cosine=_LEAST_COSINE
        )
        self.shape = tuple(self(tokens[:1]).shape[1:])

    def tokenize(self, texts):
        """Token ids of each text, and how many texts had to be cut."""
        tokens = self.tokenizer(texts, None)
        too_long = [row for row, ids in enumerate(tokens) if len(ids) > self.max_length]
        if too_long:
            cut = self.tokenizer([texts[row] for row in too_long], self.max_length)
            for row, ids in zip(too_long, cut, strict=True):
                tokens[row] = ids
        return tokens, len(too_long)

    def __call__(self, tokens):
        """Features of a batch of token ids, on the device."""
        with torch.inference_mode():
            return self.module(*(part.to(self.device) for part in self._padded(tokens)))

    def _padded(self, tokens):
        lengths = np.array([len(ids) for ids in tokens])
        width = self.pad_to or lengths.max()
        mask = np.arange(width) < lengths[:, None]
        ids = np.full(mask.shape, self.pad_id)
        ids[mask] = np.concatenate(tokens)
        return torch.from_numpy(ids), torch.from_numpy(mask.astype(np.int64))

    def batches(self, tokens, batch_size):
        """Row numbers in batches of about one length, the longest first.

        Parameters
        ----------
        tokens : list of lists of int
            Token ids of each text.
        batch_size : int or "auto"
            Texts in a batch; "auto" fills each with as many tokens as suit the
            device.

        Yields
        ------
        rows : ndarray of int
            Numbers of the texts in one batch.
        """
        lengths = np.array([self.pad_to or len(ids) for ids in tokens])
        order = np.argsort(-lengths, kind="stable")
        budget = 4096 if self.device.type == "cpu" else 65536
        while len(order):
            size = batch_size
            if batch_size == "auto":
                size = max(1, budget // max(1, lengths[order[0]]))
            yield order[:size]
            order = order[size:]
