"""Saved models come back as they were, or not at all."""

import os
import sys
import time
import zipfile
from argparse import Namespace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer

import itm_sklearn
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.persistence import load, open_atomic, save


@pytest.fixture
def pca():
    return PCA(2).fit(np.random.default_rng(0).normal(size=(20, 4)))


@pytest.fixture
def saved(pca, tmp_path):
    return save(pca, tmp_path / "pca.itm")


def flipped(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    damaged = path.with_suffix(".damaged")
    damaged.write_bytes(data)
    return damaged


def test_a_loaded_model_has_the_same_weights(pca, saved):
    np.testing.assert_array_equal(load(saved).components_, pca.components_)


def test_the_package_offers_both_functions():
    assert (itm_sklearn.save, itm_sklearn.load) == (save, load)


def test_pairs_inside_a_model_come_back(tmp_path):
    """A retriever keeps its gallery."""
    model = FunctionTransformer(kw_args={"pairs": ImageTextPairs(texts=["a", "b"])})
    loaded = load(save(model, tmp_path / "pairs.itm"))
    assert loaded.kw_args["pairs"].texts == ["a", "b"]


def test_no_flipped_bit_gives_other_weights(pca, saved):
    """Bits of time stamps may flip unseen; those of the model may not."""
    size = saved.stat().st_size
    refused = 0
    for position in range(0, size, max(1, size // 300)):
        try:
            loaded = load(flipped(saved, position))
        except ValueError as error:
            assert "damaged" in str(error)  # noqa: PT017
            refused += 1
        else:
            np.testing.assert_array_equal(loaded.components_, pca.components_)
    assert refused > 200


def test_half_a_file_is_refused(saved):
    half = saved.with_suffix(".half")
    half.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"pca.half is damaged or is no saved model"):
        load(half)


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ValueError, match="no saved model"):
        load(tmp_path / "other.zip")


def test_an_unknown_type_is_refused_by_its_name(tmp_path):
    path = save(
        FunctionTransformer(kw_args={"half": Namespace(part=2)}), tmp_path / "m"
    )
    with pytest.raises(ValueError, match=r"trusted=\['argparse.Namespace'\]"):
        load(path)
    loaded = load(path, trusted=["argparse.Namespace"])
    assert loaded.kw_args["half"] == Namespace(part=2)


def test_what_our_modules_import_is_not_trusted_as_ours(tmp_path):
    """`itm_sklearn.persistence.Path` is pathlib's, whatever the file calls it."""
    from itm_sklearn.persistence import _is_own

    assert _is_own("itm_sklearn.pairs.ImageTextPairs")
    assert not _is_own("itm_sklearn.persistence.Path")
    assert not _is_own("itm_sklearn.persistence.import_module")
    assert not _is_own("itm_sklearn.absent.Thing")


def test_a_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")

    def fail_half_way():
        with open_atomic(path) as file:
            file.write(b"half a ")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["page.html"]


@pytest.mark.parametrize("year", [1970, 2108])
def test_a_clock_that_no_zip_can_hold_is_named(year, pca, saved, monkeypatch):
    """Machines without a battery wake up in 1970."""
    date = time.struct_time((year, 1, 1, 0, 0, 0, 0, 1, 0))
    monkeypatch.setattr(time, "localtime", lambda *_: date)
    before = saved.read_bytes()
    with pytest.raises(OSError, match=f"stands in {year}.*Set the clock"):
        save(pca, saved)
    assert saved.read_bytes() == before
    assert load(saved).n_components == 2


def test_a_folder_that_is_not_there_is_named(pca, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*absent. Make it"):
        save(pca, tmp_path / "absent" / "pca.itm")


def test_a_folder_is_told_who_reads_it(tmp_path):
    with pytest.raises(IsADirectoryError, match=r"folder.*CrossModalRetriever\.load"):
        load(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_others_may_read_a_new_file_as_any_other(tmp_path):
    (tmp_path / "plain").write_text("")
    with open_atomic(tmp_path / "atomic") as file:
        file.write(b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("manifest", ["[]", "3", "null", "[" * 10_000, "9" * 5000])
def test_a_manifest_of_another_kind_is_refused(manifest, saved, tmp_path):
    with (
        zipfile.ZipFile(saved) as old,
        zipfile.ZipFile(tmp_path / "odd.itm", "w") as new,
    ):
        new.writestr("manifest.json", manifest)
        new.writestr("model.skops", old.read("model.skops"))
    with pytest.raises(ValueError, match="odd.itm"):
        load(tmp_path / "odd.itm")


def test_another_model_under_the_old_manifest_is_refused(pca, saved, tmp_path):
    """A zip that is whole need not hold what was saved."""
    other = save(PCA(2).fit(np.eye(4)), tmp_path / "other.itm")
    mixed = tmp_path / "mixed.itm"
    with zipfile.ZipFile(mixed, "w") as archive:
        for source, name in ((saved, "manifest.json"), (other, "model.skops")):
            with zipfile.ZipFile(source) as whole:
                archive.writestr(name, whole.read(name))
    with pytest.raises(ValueError, match="is damaged: its checksum is not"):
        load(mixed)


def test_a_full_memory_is_not_blamed_on_the_file(saved, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("skops.io.loads", fail)
    with pytest.raises(MemoryError):
        load(saved)
