"""Weights: read without running code, told apart, and missed with advice."""

import hashlib
import os

import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._weights import (  # noqa: E402
    download_file,
    find_checkpoint,
    read_state,
    weights_digest,
)


def test_both_formats_give_the_same_tensors(tmp_path):
    from safetensors.torch import save_file

    state = {"weight": torch.arange(4.0)}
    save_file(state, tmp_path / "a.safetensors")
    torch.save({"state_dict": state}, tmp_path / "a.pth")
    for name in ("a.safetensors", "a.pth"):
        assert torch.equal(read_state(tmp_path / name)["weight"], state["weight"])


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("was_run",)


def test_a_file_that_brings_code_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Malicious()}, tmp_path / "bad.pth")
    with pytest.raises(Exception, match="weights_only"):
        read_state(tmp_path / "bad.pth")
    assert not (tmp_path / "was_run").exists()


def test_a_changed_weight_changes_the_digest(tmp_path):
    for value in (0.0, 1.0):
        folder = tmp_path / str(value)
        folder.mkdir()
        torch.save({"weight": torch.tensor(value)}, folder / "weights.pth")
        torch.save({"weight": torch.tensor(7.0)}, folder / "others.pth")
    first, second = (weights_digest(tmp_path / name) for name in ("0.0", "1.0"))
    assert first != second


def test_a_folder_with_the_same_files_has_the_same_digest(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    assert weights_digest(tmp_path / "a") == weights_digest(tmp_path / "b")


def test_an_absent_checkpoint_is_answered_with_ways_to_get_it():
    with pytest.raises(OSError, match=r"hf download no/model --local-dir my_model"):
        find_checkpoint("no/model", caller="Taster")


def test_a_failed_download_names_address_and_place(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    url = "http://127.0.0.1:9/weights-01234567.pth"
    with pytest.raises(OSError, match=rf"{tmp_path}.*{url}.*weights='the/file'"):
        download_file(url, caller="Taster")
    assert not list(tmp_path.rglob("*.pth"))


def hub_cache(home, content, name="model.safetensors"):
    """A model as the hub's client keeps it: named by its checksum, and linked."""
    folder = home / "models--some--model"
    for part in ("blobs", "refs", "snapshots/1"):
        (folder / part).mkdir(parents=True)
    (folder / "refs" / "main").write_text("1")
    blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
    blob.write_bytes(content)
    (folder / "snapshots" / "1" / name).symlink_to(blob)
    return blob


def local_copy(folder, content):
    """What `hf download --local-dir` leaves: the file, and a note about it."""
    notes = folder / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    moment = (folder / "model.safetensors").stat().st_mtime
    (notes / "model.safetensors.metadata").write_text(f"1\n{digest}\n{moment}\n")
    return folder / "model.safetensors"


def flip_a_bit(path):
    """As a bad disk does it, which writes no later date."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 64
    path.write_bytes(content)
    os.utime(path, (1, 1))


@pytest.fixture
def weights():
    from safetensors.torch import save

    return save({"weight": torch.arange(4.0)})


def test_a_flipped_bit_in_the_cache_of_the_hub_is_refused(
    tmp_path, weights, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    blob = hub_cache(tmp_path, weights)
    folder = find_checkpoint("some/model", caller="Taster")
    assert "weight" in read_state(folder / "model.safetensors")
    flip_a_bit(blob)
    assert "weight" in read_state(folder / "model.safetensors")
    with pytest.raises(ValueError, match=rf"model.safetensors is damaged.*{blob}"):
        find_checkpoint("some/model", caller="Taster")


def test_a_flipped_bit_in_a_downloaded_folder_is_refused(tmp_path, weights):
    file = local_copy(tmp_path, weights)
    assert find_checkpoint(tmp_path, caller="Taster") == tmp_path
    flip_a_bit(file)
    with pytest.raises(ValueError, match=r"model.safetensors is damaged"):
        find_checkpoint(tmp_path, caller="Taster")


def test_weights_that_were_trained_on_in_their_folder_are_taken(tmp_path, weights):
    file = local_copy(tmp_path, weights)
    flip_a_bit(file)
    os.utime(file, (2**32, 2**32))
    assert find_checkpoint(tmp_path, caller="Taster") == tmp_path


@pytest.mark.parametrize("note", [None, "", "1\n0123abcd\n1.5\n"])
def test_weights_of_unknown_origin_are_taken(tmp_path, weights, note):
    """Small files, which git keeps itself, have checksums of another kind."""
    file = local_copy(tmp_path, weights)
    path = next(tmp_path.rglob("*.metadata"))
    if note is None:
        path.unlink()
    else:
        path.write_text(note)
    flip_a_bit(file)
    assert find_checkpoint(tmp_path, caller="Taster") == tmp_path


def test_a_flipped_bit_in_the_cache_of_torch_is_refused(tmp_path, weights, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    name = f"taster-{hashlib.sha256(weights).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(weights)
    url = f"http://127.0.0.1:9/{name}"
    assert download_file(url, caller="Taster") == folder / name
    flip_a_bit(folder / name)
    with pytest.raises(ValueError, match=f"{name} is damaged"):
        download_file(url, caller="Taster")
