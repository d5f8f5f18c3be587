"""CLIPImageEncoder on tiny checkpoints, against the networks they came from."""

import json

import numpy as np
import pytest
from PIL import Image

from itm_sklearn.image import CLIPImageEncoder
from itm_sklearn.testing import pair_checks

torch = pytest.importorskip("torch")


@pytest.fixture
def pictures():
    return list(np.random.default_rng(0).integers(0, 256, (3, 40, 60, 3), np.uint8))


def expected_vectors(model, pixels):
    tensor = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        output = model.eval().get_image_features(
            pixel_values=((tensor / 255 - 0.5) / 0.25).float()
        )
        vectors = torch.nn.functional.normalize(output.pooler_output)
    return vectors.numpy()


def test_clip_cuts_out_the_middle(tiny_clip, transformers, pictures):
    model = transformers.CLIPModel.from_pretrained(tiny_clip)
    short = [Image.fromarray(picture).resize((48, 32), 3) for picture in pictures]
    pixels = [np.asarray(picture)[:, 8:40] for picture in short]
    encoder = CLIPImageEncoder(tiny_clip, precision="float32")
    features = encoder.transform(pictures)
    np.testing.assert_allclose(features, expected_vectors(model, pixels), atol=2e-2)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)


def test_siglip_squeezes_the_whole_picture(tiny_siglip, transformers, pictures):
    model = transformers.SiglipModel.from_pretrained(tiny_siglip)
    pixels = [
        np.asarray(Image.fromarray(picture).resize((32, 32), 3)) for picture in pictures
    ]
    encoder = CLIPImageEncoder(tiny_siglip, precision="float32")
    features = encoder.transform(pictures)
    np.testing.assert_allclose(features, expected_vectors(model, pixels), atol=1e-5)


def test_a_folder_of_sentence_transformers_is_looked_into(
    tiny_clip, tmp_path, pictures
):
    (tmp_path / "0_CLIPModel").symlink_to(tiny_clip)
    modules = [{"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "CLIPModel"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    np.testing.assert_array_equal(
        CLIPImageEncoder(tmp_path).transform(pictures),
        CLIPImageEncoder(tiny_clip).transform(pictures),
    )


def test_a_model_of_texts_alone_is_refused(tiny_bert, pictures):
    with pytest.raises(ValueError, match="holds a BertModel.*checkpoint of CLIP"):
        CLIPImageEncoder(tiny_bert).transform(pictures)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path, pictures):
    with pytest.raises(ValueError, match=r"neither config\.json nor open_clip_config"):
        CLIPImageEncoder(tmp_path).transform(pictures)


def test_a_checkpoint_that_is_not_there_says_how_to_get_it(pictures):
    with pytest.raises(OSError, match="CLIPImageEncoder found no.*hf download no/clip"):
        CLIPImageEncoder("no/clip").transform(pictures)


def test_pair_checks(tiny_clip):
    for check in pair_checks(CLIPImageEncoder(tiny_clip)):
        check()
