"""Pretrained weights: where they lie, what they hold, and what to do without.

Weights come from a path, from an installed package, or from the hub's cache on
disk, which is filled by a download. Nothing here runs code that a file brings.
"""

import hashlib
import os
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError

import torch

from itm_sklearn._torch._device import LOGGER

# What a checkpoint needs: no pickles while there are safetensors, no other runtimes.
_WANTED = ["*.json", "*.txt", "*.model", "*.jinja", "*.safetensors"]
_NOT_WANTED = ["onnx/*", "openvino/*", "*/onnx/*", "*/openvino/*"]
# For `from_pretrained`: no download, and no question whether to run what a file brings.
AS_DATA = {"local_files_only": True, "trust_remote_code": False}
# Formats that load a flipped bit without a word.
_UNGUARDED = (".safetensors", ".bin")
_SHA256 = re.compile("[0-9a-f]{64}")
# Of the hub's client: version, checksum, seconds since 1970.
_NOTE = re.compile(rf"\S+\s+({_SHA256.pattern})\s+([0-9.]+)\s*")


def read_state(path):
    """Tensors by name from a `.safetensors` file or a state dict of torch.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = f"{directory}/weights.pth"
    ...     torch.save({"bias": torch.zeros(2)}, path)
    ...     read_state(path)
    {'bias': tensor([0., 0.])}
    """
    if Path(path).suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state.get("state_dict", state)


def weights_digest(path):
    """Fingerprint of a file, or of all files of a checkpoint directory.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     _ = Path(directory, "config.json").write_text("{}")
    ...     weights_digest(directory)
    '48dd1b03e9773547'
    """
    path = Path(path)
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    fingerprint = hashlib.blake2b(digest_size=8)
    for file in files:
        if file.is_file() and file.suffix not in (".md", ".pyc"):
            name = file.relative_to(path) if path.is_dir() else ""
            fingerprint.update(str(name).encode())
            fingerprint.update(_file_digest(file, "blake2b"))
    return fingerprint.hexdigest()


def _file_digest(path, kind):
    """A large file is read once, and again if it changes."""
    status = path.stat()
    return _digest_of_version(str(path), kind, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1024)
def _digest_of_version(path, kind, modified, size):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, kind).digest()


def packaged_file(package, pattern):
    """A file inside an installed package, which is not imported; None without it.

    Examples
    --------
    >>> packaged_file("sklearn", "datasets/images/china.jpg").name
    'china.jpg'
    >>> packaged_file("no_such_package", "*") is None
    True
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return next(iter(sorted(Path(spec.origin).parent.glob(pattern))), None)


def download_file(url, *, caller):
    """A file from the cache of torch's hub, downloaded if it is not there."""
    path = Path(torch.hub.get_dir(), "checkpoints", Path(url).name)
    match = torch.hub.HASH_REGEX.search(path.name)
    checksum = match[1] if match else ""
    if path.is_file():
        _refuse_damaged(path, checksum)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    LOGGER.info("Downloading %s to %s", url, path)
    try:
        torch.hub.download_url_to_file(url, str(path), checksum or None)
    except (URLError, OSError) as error:
        raise OSError(
            f"{caller} found no weights at {path} and could not download {url} "
            f"({error}). Download that address on a machine that is online and pass "
            "weights='the/file'."
        ) from error
    return path


def find_checkpoint(model, *, caller):
    """The directory of a model: the directory itself, or the hub's copy on disk.

    Examples
    --------
    >>> find_checkpoint("no/such-model", caller="TransformerTextEncoder")
    Traceback (most recent call last):
    ...
    OSError: TransformerTextEncoder found no directory 'no/such-model' ...
    """
    if Path(model).is_dir():
        return _intact(Path(model))
    from huggingface_hub import snapshot_download

    try:
        path = _snapshot(snapshot_download, str(model))
    # The hub answers with its own errors, ValueErrors and those of its client.
    except Exception as error:
        raise OSError(
            f"{caller} found no directory {str(model)!r} and no copy of it in the "
            f"hub's cache, and could not download it ({type(error).__name__}; "
            f"HF_HUB_OFFLINE={os.environ.get('HF_HUB_OFFLINE', '0')}). On a machine "
            f"that is online run `hf download {model} --local-dir my_model` and pass "
            "model='my_model'."
        ) from error
    return _intact(Path(path))


def _intact(folder):
    """The folder, if its weights are still those that the hub gave."""
    for file in folder.rglob("*"):
        if file.suffix in _UNGUARDED and file.is_file():
            _refuse_damaged(file, _hub_checksum(folder, file))
    return folder


def _hub_checksum(folder, file):
    """SHA-256 of a file when it was downloaded; empty if nothing is known of it.

    The hub's cache names files by it, and `hf download --local-dir` keeps a note,
    which is void for files that were written again.
    """
    name = file.resolve().name
    if _SHA256.fullmatch(name):
        return name
    notes = folder / ".cache" / "huggingface" / "download"
    note = notes / f"{file.relative_to(folder)}.metadata"
    told = _NOTE.fullmatch(note.read_text("utf8")) if note.is_file() else None
    # To a second, as the client does it.
    if told is None or file.stat().st_mtime > float(told[2]) + 1:
        return ""
    return told[1]


def _refuse_damaged(file, checksum):
    """Raise a ValueError unless the SHA-256 of the file begins like that."""
    if checksum and not _file_digest(file, "sha256").hex().startswith(checksum):
        raise ValueError(
            f"{file.name} is damaged: the checksum of {file.resolve()} is not "
            f"{checksum!r}, with which it was downloaded. Delete that file and "
            "download it again."
        )


def _snapshot(download, name):
    path = download(name, allow_patterns=_WANTED, ignore_patterns=_NOT_WANTED)
    if next(Path(path).rglob("*.safetensors"), None) is None:
        wanted = [*_WANTED, "pytorch_model*.bin"]
        path = download(name, allow_patterns=wanted, ignore_patterns=_NOT_WANTED)
    return path


@lru_cache(maxsize=4)
def loaded(build, *arguments):
    """What `build` makes of the arguments; the last four stay in memory.

    Estimators hold no network, so that clones share one and pickles stay small.
    """
    return build(*arguments)
