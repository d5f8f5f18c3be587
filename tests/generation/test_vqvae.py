"""Images become codes, and codes become images that look like them."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

torch = pytest.importorskip("torch")
pytest.importorskip("vector_quantize_pytorch")

from itm_sklearn.generation import VQVAE  # noqa: E402
from itm_sklearn.persistence import load, save  # noqa: E402

SMALL = {"image_size": 16, "n_components": 32, "code_size": 8, "random_state": 0}
LEVELS = (100, 230)


def squares(n_images=160, seed=0):
    """Bright squares on dark ground."""
    rng = np.random.default_rng(seed)
    images = np.full((n_images, 16, 16, 3), 30, np.uint8)
    for image in images:
        down, right = 4 * rng.integers(4, size=2)
        image[down : down + 4, right : right + 4] = rng.choice(LEVELS, 3)
    return images


@pytest.fixture(scope="module", params=[None, 2], ids=["pixels", "paints"])
def model(request):
    return VQVAE(32, n_paints=request.param, max_iter=40, **SMALL).fit(squares())


def test_images_come_back(model):
    """Better than their mean colour, on images that were not seen."""
    images = squares(24, seed=1)
    codes = model.transform(images)
    assert codes.dtype == np.int64
    assert 0 <= codes.min() <= codes.max() < 32
    painted = model.inverse_transform(codes)
    assert painted.shape == images.shape
    assert painted.dtype == np.uint8
    error = np.mean((painted.astype(float) - images) ** 2)
    means = images.mean(axis=(1, 2), keepdims=True)
    assert error < np.mean((means - images) ** 2) / 2


def test_the_score_is_the_mean_ratio_in_decibels(model):
    images = squares(4, seed=2)
    painted = model.inverse_transform(model.transform(images)).astype(float)
    errors = ((painted - images) ** 2).mean(axis=(1, 2, 3))
    expected = np.mean(10 * np.log10(255**2 / errors))
    assert model.score(images) == pytest.approx(expected)
    weights = [1, 0, 0, 0]
    alone = model.score(images[:1])
    assert model.score(images, sample_weight=weights) == pytest.approx(alone)


def test_usage_is_the_share_of_codes_that_occur(model):
    codes = model.transform(squares())
    assert model.usage_ == len(np.unique(codes)) / 32


def test_a_cell_has_a_code():
    """Four by four cells of four pixels."""
    model = VQVAE(8, max_iter=1, **SMALL).fit(squares(8))
    assert model.transform(squares(3)).shape == (3, 16)
    assert len(model.get_feature_names_out()) == 16
    assert model.transform([]).shape == (0, 16)


def test_codes_that_there_are_not_are_refused(model):
    n_places = model.transform(squares(1)).shape[1]
    with pytest.raises(ValueError, match="codes from 0 to 32"):
        model.inverse_transform([[32] + [0] * (n_places - 1)])
    with pytest.raises(ValueError, match="an image has"):
        model.inverse_transform([[0] * (n_places + 1)])
    with pytest.raises(ValueError, match="no multiple of patch_size=8"):
        VQVAE(image_size=20, patch_size=8).fit(squares(4))


def test_it_is_saved_cloned_and_validated(model, tmp_path):
    images = squares(3, seed=3)
    save(model, tmp_path / "model.itm")
    for copied in (load(tmp_path / "model.itm"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copied.transform(images), model.transform(images))
    assert b"torch" not in pickle.dumps(model)
    assert not hasattr(clone(model), "weights_")
    scores = cross_val_score(VQVAE(8, max_iter=1, **SMALL), squares(12), cv=2)
    assert np.isfinite(scores).all()


@pytest.fixture(scope="module")
def tiny_vq(tmp_path_factory, transformers):
    """A checkpoint of diffusers with random weights."""
    diffusers = pytest.importorskip("diffusers")
    folder = tmp_path_factory.mktemp("vq")
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        network = diffusers.VQModel(
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 8),
            norm_num_groups=4,
            num_vq_embeddings=16,
        )
    network.save_pretrained(folder)
    return folder, network.eval()


def test_a_pretrained_one_paints_as_its_checkpoint_does(tiny_vq):
    folder, network = tiny_vq
    images = squares(3)
    model = VQVAE(pretrained=folder, image_size=16).fit(images)
    assert model.transform(images).shape == (3, 64)
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        expected = network(pictures).sample.clamp(-1, 1).permute(0, 2, 3, 1) * 127.5
    painted = model.inverse_transform(model.transform(images))
    np.testing.assert_allclose(painted, expected.numpy() + 127.5, atol=0.6)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.transform(images), model.transform(images))


def test_other_checkpoints_are_refused(tiny_gpt2):
    with pytest.raises(ValueError, match="'VQModel' is needed"):
        VQVAE(pretrained=tiny_gpt2, image_size=16).fit(squares(2))
    with pytest.raises(OSError, match="hf download no/such-model"):
        VQVAE(pretrained="no/such-model", image_size=16).fit(squares(2))
