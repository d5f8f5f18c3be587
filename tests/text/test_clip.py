"""CLIPTextEncoder on tiny checkpoints, against the networks they came from."""

import json

import numpy as np
import pytest

from itm_sklearn.image import CLIPImageEncoder
from itm_sklearn.testing import pair_checks
from itm_sklearn.text import CLIPTextEncoder

torch = pytest.importorskip("torch")

TEXTS = ["a dog runs", "the cat", "red", "a dog runs on the beach"]


def vectors_of(model, ids):
    with torch.inference_mode():
        output = model.eval().get_text_features(**ids)
        return torch.nn.functional.normalize(output.pooler_output).numpy()


def test_clip_reads_each_text_by_itself(tiny_clip, transformers):
    model = transformers.CLIPModel.from_pretrained(tiny_clip)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_clip)
    ids = [tokenizer(text, return_tensors="pt") for text in TEXTS]
    for part in ids:
        part.pop("token_type_ids", None)
    expected = np.concatenate([vectors_of(model, part) for part in ids])
    encoder = CLIPTextEncoder(tiny_clip, precision="float32")
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, atol=1e-5)


def test_siglip_reads_its_padding(tiny_siglip, transformers):
    model = transformers.SiglipModel.from_pretrained(tiny_siglip)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_siglip)
    ids = tokenizer(TEXTS, padding="max_length", max_length=12, return_tensors="pt")
    expected = vectors_of(model, {"input_ids": ids["input_ids"]})
    encoder = CLIPTextEncoder(tiny_siglip, precision="float32")
    np.testing.assert_allclose(encoder.transform(TEXTS), expected, atol=1e-5)


def test_both_halves_have_one_width(tiny_clip):
    picture = np.zeros((32, 32, 3), np.uint8)
    images = CLIPImageEncoder(tiny_clip).transform([picture])
    texts = CLIPTextEncoder(tiny_clip).transform(TEXTS)
    assert images.shape[1] == texts.shape[1] == 8


def test_long_texts_are_counted(tiny_clip):
    with pytest.warns(UserWarning, match="1 of 2 different texts are longer than 12"):
        CLIPTextEncoder(tiny_clip).transform(["red", "a dog runs " * 5])


@pytest.fixture(scope="module")
def open_clip():
    pytest.importorskip("ftfy")
    from itm_sklearn._torch._guard import import_guarded

    try:
        return import_guarded("open_clip", caller="tests")
    except ImportError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def open_clip_folder(open_clip, tmp_path_factory):
    from safetensors.torch import save_file

    layers = {"width": 16, "layers": 1}
    sizes = {
        "embed_dim": 8,
        "vision_cfg": {**layers, "image_size": 32, "patch_size": 8, "head_width": 8},
        "text_cfg": {**layers, "context_length": 12, "vocab_size": 49408, "heads": 2},
    }
    folder = tmp_path_factory.mktemp("open_clip")
    config = {
        "model_cfg": sizes,
        "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        model = open_clip.CLIP(**sizes)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def test_open_clip_checkpoints_give_what_open_clip_gives(open_clip, open_clip_folder):
    name = f"local-dir:{open_clip_folder}"
    model, _, transform = open_clip.create_model_and_transforms(name)
    tokenizer = open_clip.get_tokenizer(name)
    from PIL import Image

    picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    with torch.inference_mode():
        texts = model.eval().encode_text(tokenizer(TEXTS), normalize=True)
        image = model.encode_image(transform(Image.fromarray(picture))[None], True)
    options = {"model": open_clip_folder, "precision": "float32"}
    found = CLIPTextEncoder(**options).transform(TEXTS)
    np.testing.assert_allclose(found, texts.numpy(), atol=1e-5)
    found = CLIPImageEncoder(**options).transform([picture])
    np.testing.assert_allclose(found, image.numpy(), atol=1e-5)


def test_long_texts_for_open_clip_are_counted(open_clip_folder):
    with pytest.warns(UserWarning, match="1 of 2 different texts are longer than 12"):
        CLIPTextEncoder(open_clip_folder).transform(["red", "a dog runs " * 5])


def test_pair_checks(tiny_clip):
    for check in pair_checks(CLIPTextEncoder(tiny_clip)):
        check()
