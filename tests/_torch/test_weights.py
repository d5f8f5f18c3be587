"""Weights: read without running code, told apart, and missed with advice."""

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
