"""Beam search over whole batches, for the decoders of `_decoders.py`.

Those of the Hugging Face kind bring their own, which `_gpt2.py` calls.
"""

from dataclasses import dataclass

import torch

__all__ = ["BeamSettings", "beam_search"]


@dataclass(frozen=True)
class BeamSettings:
    """What to search for.

    Parameters
    ----------
    start, end : int
        Tokens before the first word and behind the last.
    banned : tuple of int
        Tokens that are never written.
    n_beams : int
        Beginnings that are followed at a time.
    n_best : int
        Captions wanted of each image, at most `n_beams`.
    max_length : int
        The most tokens of a caption, with its end; then the end is forced.
    length_penalty : float
        Captions are compared by log P / length ** length_penalty, the end counted:
        0 compares probabilities, 1 those of a word.

    Examples
    --------
    >>> BeamSettings(0, 1).n_beams
    1
    """

    start: int
    end: int
    banned: tuple = ()
    n_beams: int = 1
    n_best: int = 1
    max_length: int = 20
    length_penalty: float = 1.0


def beam_search(decoder, memory, settings):
    """The best captions of each image that the search came across.

    Parameters
    ----------
    decoder : torch.nn.Module
        With ``begin(memory)`` and ``step(tokens, state)``.
    memory : torch.Tensor of shape (n_images, ...)
        What the decoder looks at.
    settings : BeamSettings
        What to search for.

    Returns
    -------
    captions : list of list of (list of int, float)
        For each image `n_best` captions, the best first, or fewer if no more end in
        time: tokens without start and end, and log P.

    Examples
    --------
    A decoder that says 2 and then 1, the end, with high probability:

    >>> class Toy:
    ...     scores = torch.tensor([[0.0, 0, 5], [0, 0, 0], [0, 5, 0]])
    ...     def begin(self, memory):
    ...         return (memory,)
    ...     def step(self, tokens, state):
    ...         return self.scores[tokens], state
    >>> [[(words, log_p)]] = beam_search(Toy(), torch.zeros(1, 1), BeamSettings(0, 1))
    >>> words
    [2]
    """
    search = _Search(memory, settings)
    n_rows = len(memory) * settings.n_beams
    state = decoder.begin(memory.repeat_interleave(settings.n_beams, dim=0))
    tokens = torch.full((n_rows,), settings.start, device=memory.device)
    for length in range(1, settings.max_length + 1):
        scores, state = decoder.step(tokens, state)
        tokens, rows = search.extend(scores.float().log_softmax(dim=1), length)
        if search.is_over(length):
            break
        state = tuple(part[rows] for part in state)
    return search.captions()


class _Search:
    """Live beginnings, and the best captions that have ended."""

    def __init__(self, memory, settings):
        self.settings, self.n_images = settings, len(memory)
        shape, device = (len(memory), settings.n_beams), memory.device
        self.live = torch.full(shape, -torch.inf, device=device)
        # All beams begin alike, so all but one are closed.
        self.live[:, 0] = 0
        self.words = torch.empty(*shape, 0, dtype=torch.long, device=device)
        self.ended = []
        self.best = torch.full(shape, -torch.inf, device=device)

    def extend(self, log_p, length):
        """Take the next words; the last words, and the rows they go on from."""
        settings = self.settings
        log_p[:, list(settings.banned)] = -torch.inf
        total = self.live[:, :, None] + log_p.view(*self.live.shape, -1)
        self._end(total[:, :, settings.end].clone(), length)
        total[:, :, settings.end] = -torch.inf
        n_words = total.shape[-1]
        self.live, chosen = total.flatten(1).topk(settings.n_beams, dim=1)
        beams, words = chosen // n_words, chosen % n_words
        self.words = torch.cat([_gather(self.words, beams), words[..., None]], dim=2)
        first = torch.arange(self.n_images, device=beams.device) * settings.n_beams
        return words.flatten(), (beams + first[:, None]).flatten()

    def _end(self, log_p, length):
        """Keep the best of those that end here and those that ended before."""
        scores = log_p / length**self.settings.length_penalty
        self.ended.append((self.words, log_p, scores))
        both = torch.cat([self.best, scores], dim=1)
        self.best = both.topk(self.settings.n_beams, dim=1).values

    def is_over(self, length):
        """Whether no live beginning can end among the best any more."""
        penalty = self.settings.length_penalty
        # log P can only fall, and the longest caption is divided by most.
        longest = self.settings.max_length if penalty > 0 else length + 1
        possible = self.live[:, 0] / longest**penalty
        worst = self.best[:, self.settings.n_best - 1]
        return bool((possible <= worst).all())

    def captions(self):
        """Tokens and log P of the best of each image."""
        scores = torch.stack([scores for *_, scores in self.ended], dim=1).flatten(1)
        n_best = min(self.settings.n_best, scores.shape[1])
        values, chosen = scores.topk(n_best, dim=1)
        return [
            [
                self._caption(image, place)
                for place, value in zip(places, row, strict=True)
                if value > -torch.inf
            ]
            for image, (places, row) in enumerate(
                zip(chosen.tolist(), values.tolist(), strict=True)
            )
        ]

    def _caption(self, image, place):
        step, beam = divmod(place, self.settings.n_beams)
        words, log_p, _ = self.ended[step]
        return words[image, beam].tolist(), log_p[image, beam].item()


def _gather(words, beams):
    return words.gather(1, beams[..., None].expand(-1, -1, words.shape[2]))
