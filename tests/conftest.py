"""Tiny checkpoints with random weights, written to disk as real ones are."""

import json

import pytest

_WORDS = ["a", "dog", "cat", "runs", "sleeps", "red", "circle", "the", "on", "beach"]


def write_tokenizer(folder, *, max_length):
    """A tokenizer of whole words, one token each, with a start and an end."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[BOS]", "[EOS]"]
    vocabulary = {word: row for row, word in enumerate([*special, *_WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 2), ("[EOS]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        bos_token="[BOS]",
        eos_token="[EOS]",
        model_max_length=max_length,
    ).save_pretrained(folder)


TEXT_SIZE = {
    "vocab_size": 14,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
IDS = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}


@pytest.fixture(scope="session")
def transformers():
    """The package, through the guard; tests without it are skipped."""
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    from itm_sklearn._torch._guard import import_guarded

    try:
        return import_guarded("transformers", caller="tests")
    except ImportError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory, transformers):
    """A directory with an encoder of 16 numbers and 12 tokens."""
    folder = tmp_path_factory.mktemp("bert")
    config = transformers.BertConfig(**TEXT_SIZE, max_position_embeddings=12)
    write_model(transformers.BertModel, config, folder)
    write_tokenizer(folder, max_length=12)
    return folder


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory, transformers):
    """A directory with a decoder of 16 numbers and 12 tokens."""
    folder = tmp_path_factory.mktemp("gpt2")
    config = transformers.GPT2Config(
        vocab_size=14, n_embd=16, n_layer=2, n_head=2, n_positions=12, **IDS
    )
    write_model(transformers.GPT2LMHeadModel, config, folder)
    write_tokenizer(folder, max_length=12)
    return folder


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory, transformers):
    """A directory with a CLIP for pictures of 32 x 32 and texts of 12 tokens."""
    folder = tmp_path_factory.mktemp("clip")
    config = transformers.CLIPConfig(
        text_config={**TEXT_SIZE, **IDS, "max_position_embeddings": 12},
        vision_config=_vision_size(),
        projection_dim=8,
    )
    write_model(transformers.CLIPModel, config, folder)
    write_tokenizer(folder, max_length=12)
    size = {
        "size": {"shortest_edge": 32},
        "crop_size": {"height": 32, "width": 32},
        "do_center_crop": True,
    }
    _write_preprocessor(folder, size)
    return folder


@pytest.fixture(scope="session")
def tiny_siglip(tmp_path_factory, transformers):
    """The same for SigLIP, which squeezes pictures and reads its padding."""
    folder = tmp_path_factory.mktemp("siglip")
    config = transformers.SiglipConfig(
        text_config={**TEXT_SIZE, **IDS, "max_position_embeddings": 12},
        vision_config=_vision_size(),
    )
    write_model(transformers.SiglipModel, config, folder)
    write_tokenizer(folder, max_length=12)
    _write_preprocessor(folder, {"size": {"height": 32, "width": 32}})
    return folder


def write_model(kind, config, folder):
    """Random weights that are large enough to tell inputs apart."""
    import torch

    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = kind(config)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.2)
        model.save_pretrained(folder)


def _vision_size():
    layers = {name: TEXT_SIZE[name] for name in list(TEXT_SIZE)[1:]}
    return {**layers, "image_size": 32, "patch_size": 8}


def _write_preprocessor(folder, size):
    mean_and_std = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "resample": 3}
    content = json.dumps({**size, **mean_and_std})
    (folder / "preprocessor_config.json").write_text(content)
