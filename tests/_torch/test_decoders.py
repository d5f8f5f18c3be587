"""Words look at the words before them, the near ones first, and never ahead."""

import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._decoders import TransformerDecoder, causal_mask  # noqa: E402


@pytest.mark.parametrize("width", [32, 100, 128])
def test_no_score_depends_on_words_to_come(width):
    torch.manual_seed(0)
    decoder = TransformerDecoder(9, width, n_layers=2, dropout=0.0, max_length=8)
    memory = torch.randn(3, 5, width)
    tokens = torch.randint(9, (3, 8))
    changed = tokens.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 9
    scores, others = decoder(tokens, memory), decoder(changed, memory)
    torch.testing.assert_close(scores[:, :5], others[:, :5])
    assert not torch.allclose(scores[:, 5:], others[:, 5:])


def test_each_head_begins_with_another_of_the_last_words():
    attention = causal_mask(6, 4).softmax(dim=-1)
    assert (attention.argmax(dim=-1)[:, 5] == torch.tensor([5, 4, 3, 2])).all()


def test_a_single_head_begins_with_all_words_alike():
    attention = causal_mask(3, 1).softmax(dim=-1)[0]
    expected = [[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]]
    torch.testing.assert_close(attention, torch.tensor(expected))
