"""Metrics of captions, by hand and against the reference implementation."""

import numpy as np
import pytest

from itm_sklearn.datasets import make_scenes, parse_caption
from itm_sklearn.metrics import bleu, cider_d, exact_match, meteor, rouge_l

METRICS = [bleu, rouge_l, cider_d, exact_match]


def random_captions(seed):
    """References, one to five an image, and hypotheses, some short, one unknown."""
    rng = np.random.default_rng(seed)
    words = [f"w{number}" for number in range(12)]

    def sentence():
        return " ".join(rng.choice(words, size=rng.integers(1, 12)))

    references = [[sentence() for _ in range(rng.integers(1, 6))] for _ in range(30)]
    hypotheses = [sentence() for _ in range(28)] + [references[28][0], "unknown words"]
    return references, hypotheses


def as_coco(references, hypotheses):
    return dict(enumerate(references)), {i: [h] for i, h in enumerate(hypotheses)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("max_order", [1, 2, 3, 4])
def test_bleu_is_that_of_coco(seed, max_order):
    module = pytest.importorskip("pycocoevalcap.bleu.bleu")
    captions = random_captions(seed)
    scorer = module.Bleu(4)
    corpus, each = scorer.compute_score(*as_coco(*captions), verbose=0)
    own = bleu(*captions, max_order=max_order)
    assert own == pytest.approx(corpus[max_order - 1], abs=1e-9)
    own = bleu(*captions, max_order=max_order, average=None)
    np.testing.assert_allclose(own, each[max_order - 1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("metric", "module", "scorer"),
    [
        (rouge_l, "pycocoevalcap.rouge.rouge", "Rouge"),
        (cider_d, "pycocoevalcap.cider.cider", "Cider"),
    ],
)
def test_the_others_are_those_of_coco(seed, metric, module, scorer):
    scorer = getattr(pytest.importorskip(module), scorer)()
    captions = random_captions(seed)
    corpus, each = scorer.compute_score(*as_coco(*captions))
    assert metric(*captions) == pytest.approx(corpus, abs=1e-9)
    np.testing.assert_allclose(metric(*captions, average=None), each, atol=1e-9)


def test_bleu_of_a_caption_done_by_hand():
    """Three of five words, one of four pairs, none of three triples; no penalty."""
    references = [["a dog on the beach"], ["unrelated"]]
    hypotheses = ["a dog eats the sand", "unrelated"]
    assert bleu(references, hypotheses, max_order=1) == pytest.approx(4 / 6)
    each = bleu(references, hypotheses, max_order=2, average=None)
    assert each[0] == pytest.approx((3 / 5 * 1 / 4) ** 0.5)


def test_bleu_makes_short_captions_pay():
    """Half as long as the reference: exp(1 - 2)."""
    score = bleu([["a dog runs fast"]], ["a dog"], max_order=1)
    assert score == pytest.approx(np.exp(-1))


def test_bleu_takes_the_shorter_of_two_references_that_are_equally_near():
    """With three words against two and four there is no penalty."""
    assert bleu([["a b c d", "a b"]], ["a b c"], max_order=1) == pytest.approx(1)


def test_rouge_done_by_hand():
    """Two of four words in order, of a reference of two: recall 1, precision 1/2."""
    expected = (1 + 1.44) * 0.5 / (1 + 1.44 * 0.5)
    assert rouge_l([["dog runs"]], ["a dog now runs"]) == pytest.approx(expected)


def test_cider_of_one_image_is_zero():
    """Every n-gram occurs in every image, so none tells anything."""
    assert cider_d([["a dog runs"]], ["a dog runs"]) == 0


def test_cider_of_the_only_reference_is_ten():
    references = [["a dog runs very fast"], ["the cat sleeps all day"]]
    assert cider_d(references, [row[0] for row in references]) == pytest.approx(10)


def test_meteor_of_the_same_sentence_is_nearly_one():
    """Four words in one piece: 1 - 0.5 / 64."""
    score = meteor([["a dog runs fast"]], ["A dog runs fast."], stem=False)
    assert score == 1 - 0.5 / 64


def test_meteor_counts_recall_more_than_precision():
    """Two of two words against two of four: 0.5 / 0.95 and 0.5 / 0.55."""
    penalty = 1 - 0.5 / 8
    score = meteor([["a dog runs fast"]], ["a dog"], stem=False)
    assert score == pytest.approx(penalty * 0.5 / (0.9 + 0.1 * 0.5))
    score = meteor([["a dog"]], ["a dog runs fast"], stem=False)
    assert score == pytest.approx(penalty * 0.5 / (0.9 * 0.5 + 0.1))


def test_meteor_uses_each_word_once():
    score = meteor([["the cat"]], ["the the the the"], stem=False)
    mean = 0.25 * 0.5 / (0.9 * 0.25 + 0.1 * 0.5)
    assert score == pytest.approx(mean * 0.5)


def test_meteor_finds_the_fewest_pieces():
    """The second "a" continues "a dog": two pieces, not three."""
    score = meteor([["a cat sees a dog"]], ["a dog sees a cat"], stem=False)
    assert score == pytest.approx(1 - 0.5 * (3 / 5) ** 3)


def test_meteor_knows_stems_only_if_asked():
    pytest.importorskip("snowballstemmer")
    references, hypotheses = [["dogs running"]], ["dog runs"]
    assert meteor(references, hypotheses, stem=False) == 0
    assert meteor(references, hypotheses) == pytest.approx(1 - 0.5 / 8)


def test_exact_match_is_proof_against_order_and_paraphrase():
    """Each caption of a scene states what each other one does."""
    data = make_scenes(40, captions_per_image=3, image_size=16, random_state=0)
    texts = [data.pairs.texts[row : row + 3] for row in range(0, 120, 3)]
    references, hypotheses = [row[:1] for row in texts], [row[2] for row in texts]
    assert exact_match(references, hypotheses, facts=parse_caption) == 1
    assert exact_match(references, hypotheses) == 0
    wrong = [*hypotheses[1:], hypotheses[0]]
    assert exact_match(references, wrong, facts=parse_caption) == 0


def test_a_caption_that_can_not_be_read_matches_nothing():
    references = [["a red star"], ["a red star"]]
    hypotheses = ["a red", "a star of red"]
    scores = exact_match(references, hypotheses, facts=parse_caption, average=None)
    assert scores.tolist() == [0, 0]


@pytest.mark.parametrize("metric", METRICS)
def test_case_and_punctuation_do_not_matter(metric):
    references = [["a dog runs very fast"], ["the cat sleeps all day"]]
    plain = metric(references, ["a dog runs", "the cat sleeps all day"])
    assert metric(references, ["A dog, runs.", "The cat sleeps all day!"]) == plain
    assert plain > 0


@pytest.mark.parametrize("metric", METRICS)
def test_an_empty_caption_earns_nothing(metric):
    references = [["a dog runs"], ["a cat sleeps"]]
    scores = metric(references, ["", "a cat sleeps"], average=None)
    assert scores[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("references", "hypotheses", "message"),
    [
        (["a dog"], ["a dog"], "not a list of strings"),
        ([["a dog"]], "a dog", "is the string"),
        ([["a dog"]], [None], "not a string"),
        ([[]], ["a dog"], "is empty"),
        ([["a dog"]], ["a dog", "a cat"], "1 sets of references for 2"),
        ([], [], "0 sets of references"),
    ],
)
def test_what_is_no_set_of_captions_is_refused(metric, references, hypotheses, message):
    with pytest.raises((TypeError, ValueError), match=message):
        metric(references, hypotheses)


def test_an_unknown_average_is_refused():
    with pytest.raises(ValueError, match="average='mean'"):
        cider_d([["a dog"]], ["a dog"], average="mean")
