"""Networks trained on images with their texts: CLIP, SigLIP and their like.

A checkpoint directory is that of transformers, of sentence_transformers, which puts
the former into a folder of its own, or of open_clip. Either half can be loaded
without the other.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from itm_sklearn._torch._device import log_choice
from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._pixels import PixelNetwork, PixelSpec
from itm_sklearn._torch._tokens import TokenNetwork
from itm_sklearn._torch._transformers import as_function, quiet_transformers
from itm_sklearn._torch._weights import AS_DATA, find_checkpoint

_OPEN_CLIP = "open_clip_config.json"
_CONFIGS = ("preprocessor_config.json", "processor_config.json")
_IMAGE_PARTS = ("vision_model", "visual_projection")
_TEXT_PARTS = ("text_model", "text_projection")
# Longer than any text that is worth counting.
_UNCUT = 4096


def find_clip(model, *, caller):
    """The directory with the network of a checkpoint."""
    path = find_checkpoint(model, caller=caller)
    modules = path / "modules.json"
    if modules.is_file():
        path = path / json.loads(modules.read_text("utf8"))[0]["path"]
    if not (path / "config.json").is_file() and not (path / _OPEN_CLIP).is_file():
        raise ValueError(
            f"{path} is no checkpoint of CLIP: it has neither config.json nor "
            f"{_OPEN_CLIP}. Pass the directory that has one of them."
        )
    return path


def load_clip_images(directory, digest, device, precision):
    """The half of a checkpoint that sees images."""
    directory = Path(directory)
    if (directory / "config.json").is_file():
        model = _load_transformers(directory, _IMAGE_PARTS, _TEXT_PARTS)
        spec = _read_pixel_spec(directory, model.config)
        module = HalfOfClip(model.get_image_features, "pixel_values", model)
    else:
        model, spec, _ = _load_open_clip(directory)
        module = HalfOfClip(model.encode_image, None, model)
    network = PixelNetwork(module.eval(), spec, device, precision)
    log_choice(f"{directory.name} (images)", device, network.module.dtype)
    return network


def load_clip_texts(directory, digest, device, precision):
    """The half of a checkpoint that reads texts."""
    directory = Path(directory)
    if (directory / "config.json").is_file():
        module, options = _transformers_texts(directory)
    else:
        model, _, options = _load_open_clip(directory)
        module = HalfOfClip(model.encode_text, None, model)
    network = TokenNetwork(module.eval(), **options, device=device, precision=precision)
    log_choice(f"{directory.name} (texts)", device, network.module.dtype)
    return network


class HalfOfClip(nn.Module):
    """One half of a model; its vectors have the length 1, as it was trained."""

    def __init__(self, method, name, model):
        super().__init__()
        self.model, self.method, self.name = model, method.__name__, name

    def forward(self, inputs, mask=None):
        """Vectors for normalised pictures or token ids."""
        method = getattr(self.model, self.method)
        if self.name is None:
            return functional.normalize(method(inputs).float())
        arguments = {self.name: inputs}
        if self.name == "input_ids" and self.reads_mask:
            arguments["attention_mask"] = mask
        output = method(**arguments)
        # transformers 5 returns an object, earlier versions a tensor.
        vectors = getattr(output, "pooler_output", output)
        return functional.normalize(vectors.float())

    @property
    def reads_mask(self):
        """SigLIP was trained to read its padding."""
        return not self.model.config.model_type.startswith("siglip")


def _load_transformers(directory, wanted, others):
    transformers = import_guarded("transformers", caller="CLIP")
    with quiet_transformers():
        model = transformers.AutoModel.from_pretrained(
            directory, **AS_DATA, dtype=torch.float32
        )
    if not hasattr(model, wanted[0]) or not hasattr(model, "get_text_features"):
        raise ValueError(
            f"{directory} holds a {type(model).__name__}, which does not put images "
            "and texts into one space. Take a checkpoint of CLIP or SigLIP."
        )
    for part in others:
        if hasattr(model, part):
            setattr(model, part, None)
    return model


def _transformers_texts(directory):
    model = _load_transformers(directory, _TEXT_PARTS, _IMAGE_PARTS)
    transformers = import_guarded("transformers", caller="CLIP")
    tokenizer = transformers.AutoTokenizer.from_pretrained(directory, **AS_DATA)
    module = HalfOfClip(model.get_text_features, "input_ids", model)
    length = model.config.text_config.max_position_embeddings
    return module, {
        "tokenizer": as_function(tokenizer),
        "max_length": length,
        "pad_id": tokenizer.pad_token_id or 0,
        "pad_to": None if module.reads_mask else length,
    }


def _read_pixel_spec(directory, config):
    files = [directory / name for name in _CONFIGS if (directory / name).is_file()]
    seen = json.loads(files[0].read_text("utf8")) if files else {}
    seen = seen.get("image_processor", seen)
    side = config.vision_config.image_size
    size, crop = seen.get("size", side), seen.get("crop_size", side)
    crops = seen.get("do_center_crop", False)
    if isinstance(size, dict):
        size = size.get("shortest_edge") if crops else None
    return PixelSpec(
        _height_and_width(crop) if crops else (side, side),
        size if crops else None,
        tuple(seen.get("image_mean", (0.5,) * 3)),
        tuple(seen.get("image_std", (0.5,) * 3)),
        seen.get("resample", 3),
    )


def _height_and_width(size):
    if isinstance(size, dict):
        return size["height"], size["width"]
    return size, size


def _load_open_clip(directory):
    open_clip = import_guarded("open_clip", caller="CLIP")
    name = f"local-dir:{directory}"
    model = open_clip.create_model(name, precision="fp32")
    tokenizer = open_clip.get_tokenizer(name)
    seen = open_clip.get_model_preprocess_cfg(model)
    size = _height_and_width(seen["size"]) if isinstance(seen["size"], int) else None
    size = size or tuple(seen["size"])
    crops = seen.get("resize_mode", "shortest") == "shortest"
    spec = PixelSpec(
        size,
        min(size) if crops else None,
        tuple(seen["mean"]),
        tuple(seen["std"]),
        2 if seen.get("interpolation") == "bilinear" else 3,
    )
    # What the tokenizer puts behind an empty text is its padding.
    pad_id = int(tokenizer([""])[0, -1])

    def tokenize(texts, max_length):
        rows = tokenizer(texts, context_length=max_length or _UNCUT)
        ends = (rows != pad_id).sum(1).clamp(min=1)
        return [row[:end].tolist() for row, end in zip(rows, ends, strict=True)]

    length = tokenizer.context_length
    options = {"max_length": length, "pad_id": pad_id, "pad_to": length}
    return model, spec, {"tokenizer": tokenize, **options}
