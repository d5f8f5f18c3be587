"""Both beam searches against every caption there is, on toy language models."""

from itertools import product

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._beam_search import BeamSettings, beam_search  # noqa: E402
from itm_sklearn._torch._captioning import caption_log_p, pad_tokens  # noqa: E402

START, END, UNKNOWN = 0, 1, 2
N_WORDS, MAX_LENGTH = 5, 4
# Enough beams to drop nothing: two words, in up to three places.
WIDE = 16


class Bigrams:
    """The next word depends on the last two, on the place and on the image."""

    def __init__(self, seed):
        generator = torch.Generator().manual_seed(seed)
        shape = (N_WORDS, N_WORDS, MAX_LENGTH, 3, N_WORDS)
        self.scores = 2 * torch.randn(shape, generator=generator)

    def __call__(self, tokens, memory):
        state = self.begin(memory)
        columns = []
        for column in tokens.T:
            scores, state = self.step(column, state)
            columns.append(scores)
        return torch.stack(columns, dim=1)

    def begin(self, memory):
        blank = torch.zeros(len(memory), dtype=torch.long)
        return memory[:, 0, 0].long(), blank, blank

    def step(self, tokens, state):
        image, before, place = state
        scores = self.scores[tokens, before, place, image]
        return scores, (image, tokens, place + 1)


def all_captions(decoder, memory, length_penalty):
    """Every caption of each image with log P, the best by the penalised one first."""
    words = [3, 4]
    captions = [
        list(chosen)
        for length in range(MAX_LENGTH)
        for chosen in product(words, repeat=length)
    ]
    tokens = pad_tokens([[START, *caption, END] for caption in captions])
    found = []
    for image in memory:
        repeated = image.expand(len(captions), *image.shape)
        with torch.no_grad():
            scores = decoder(tokens[:, :-1].clamp(min=0), repeated)
        log_p = caption_log_p(scores, tokens).numpy()
        lengths = np.array([len(caption) + 1 for caption in captions])
        order = np.argsort(-log_p / lengths**length_penalty)
        found.append([(captions[row], float(log_p[row])) for row in order])
    return found


def settings(length_penalty, **changes):
    values = {
        "banned": (START, UNKNOWN),
        "n_beams": WIDE,
        "n_best": 3,
        "max_length": MAX_LENGTH,
        "length_penalty": length_penalty,
    }
    return BeamSettings(START, END, **{**values, **changes})


def assert_equal_captions(found, expected):
    for row, best in zip(found, expected, strict=True):
        assert [words for words, _ in row] == [words for words, _ in best[: len(row)]]
        np.testing.assert_allclose(
            [log_p for _, log_p in row],
            [log_p for _, log_p in best[: len(row)]],
            atol=1e-4,
        )


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_brute_force_does(seed, length_penalty):
    decoder = Bigrams(seed)
    memory = torch.arange(3.0).view(3, 1, 1)
    found = beam_search(decoder, memory, settings(length_penalty))
    assert [len(row) for row in found] == [3, 3, 3]
    assert_equal_captions(found, all_captions(decoder, memory, length_penalty))


def test_images_do_not_disturb_each_other():
    decoder, memory = Bigrams(0), torch.arange(3.0).view(3, 1, 1)
    chosen = settings(1.0, n_beams=2, n_best=1)
    together = beam_search(decoder, memory, chosen)
    apart = [beam_search(decoder, memory[[row]], chosen)[0] for row in range(3)]
    assert_equal_captions(together, apart)


def test_one_beam_takes_the_best_word_each_time():
    decoder, memory = Bigrams(1), torch.zeros(1, 1, 1)
    found = beam_search(decoder, memory, settings(1.0, n_beams=1, n_best=1))
    state, token, words = decoder.begin(memory), torch.tensor([START]), []
    for _ in range(MAX_LENGTH):
        scores, state = decoder.step(token, state)
        scores[:, [START, UNKNOWN]] = -torch.inf
        words.append(scores[:, 3:].argmax().item() + 3)
        token = torch.tensor(words[-1:])
    # Each end on the way competes, too.
    assert found[0][0][0] == words[: len(found[0][0][0])]


def test_the_greatest_length_forces_an_end():
    found = beam_search(Bigrams(0), torch.zeros(1, 1, 1), settings(0.0, max_length=1))
    assert [words for words, _ in found[0]] == [[]]


@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
@pytest.mark.usefixtures("transformers")
def test_the_search_of_transformers_finds_what_brute_force_does(prefix, length_penalty):
    from itm_sklearn._torch._gpt2 import GPT2Decoder, gpt2_config

    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        config = gpt2_config(N_WORDS, 32, n_layers=1, dropout=0.0, max_length=8)
        # Larger weights, or all captions would be nearly alike.
        config["initializer_range"] = 0.4
        decoder = GPT2Decoder(config, 32, prefix=prefix).eval()
        memory = 3 * torch.randn(3, 4, 32)
    with torch.inference_mode():
        found = decoder.write(memory, settings(length_penalty))
    assert_equal_captions(found, all_captions(decoder, memory, length_penalty))
    assert len({str(row) for row in found}) == 3


@pytest.mark.parametrize("kind", ["transformer", "gru", "lstm"])
def test_step_by_step_gives_the_scores_of_the_whole_caption(kind):
    from itm_sklearn._torch._decoders import RecurrentDecoder, TransformerDecoder

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        if kind == "transformer":
            sizes = {"n_layers": 2, "dropout": 0.1, "max_length": 8}
            decoder = TransformerDecoder(9, 32, **sizes).eval()
        else:
            decoder = RecurrentDecoder(9, 32, cell=kind, dropout=0.1).eval()
        memory, tokens = torch.randn(3, 5, 32), torch.randint(9, (3, 7))
    whole, state = decoder(tokens, memory), decoder.begin(memory)
    for place in range(7):
        scores, state = decoder.step(tokens[:, place], state)
        torch.testing.assert_close(scores, whole[:, place], rtol=1e-4, atol=1e-5)
