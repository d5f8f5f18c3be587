"""Encoders on a cluster: the chunks go elsewhere, the answers are those of here."""

import numpy as np
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend

from itm_sklearn._batching import spread
from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import SIFT, ColorHistogram
from itm_sklearn.pairs import ImageTextPairs


class Elsewhere(ThreadingBackend):
    """Stands for a cluster: no backend of joblib's own."""

    def effective_n_jobs(self, n_jobs):
        return 3


register_parallel_backend("elsewhere", Elsewhere)


def draw_images(n_images=150, side=32):
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 256, (n_images, side, side, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("n_items", "sizes"), [(7, [7]), (150, [32] * 4 + [22]), (2000, [352] * 5 + [240])]
)
def test_a_cluster_gets_chunks_of_whole_batches(n_items, sizes):
    with parallel_config(backend="elsewhere"):
        assert spread(len, list(range(n_items))) == sizes


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_here_all_items_stay_together(backend):
    with parallel_config(backend=backend, n_jobs=2):
        assert spread(len, list(range(150))) == [150]


def test_a_worker_asks_no_other_worker():
    with parallel_config(backend=Elsewhere(nesting_level=1)):
        assert spread(len, list(range(150))) == [150]


def test_chunks_come_back_in_the_order_of_the_images():
    images = draw_images()
    here = ColorHistogram().fit_transform(images)
    with parallel_config(backend="elsewhere"):
        np.testing.assert_array_equal(ColorHistogram().fit_transform(images), here)


def test_descriptors_of_different_lengths_come_back_whole():
    images = draw_images(70)
    here = list(SIFT().fit_transform(images).batches())
    with parallel_config(backend="elsewhere"):
        there = list(SIFT().fit_transform(images).batches())
    for one, other in zip(here, there, strict=True):
        np.testing.assert_array_equal(one.descriptors, other.descriptors)
        np.testing.assert_array_equal(one.counts, other.counts)


def test_what_a_cluster_encoded_is_kept_in_the_cache(tmp_path, monkeypatch):
    pairs = ImageTextPairs(draw_images())
    encoder = DualEncoder(image=ColorHistogram(), memory=tmp_path)
    with parallel_config(backend="elsewhere"):
        there = encoder.fit_transform(pairs).images
    monkeypatch.setattr(ColorHistogram, "_encode", None)
    np.testing.assert_array_equal(encoder.transform(pairs).images, there)


def test_no_items_make_no_chunks_to_join():
    with parallel_config(backend="elsewhere"):
        assert ColorHistogram().fit_transform([]).shape[0] == 0


def test_two_processes_of_dask_give_the_answers_of_one():
    distributed = pytest.importorskip("dask.distributed", reason="dask is absent")
    images = draw_images(70)
    here = ColorHistogram().fit_transform(images)
    local = {"threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(2, **local) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        np.testing.assert_array_equal(ColorHistogram().fit_transform(images), here)
