"""Batches: fetched in order, prepared ahead, halved when memory runs out."""

import threading
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._run import prepare_ahead, run_batches  # noqa: E402


def room_for(limit, message="DefaultCPUAllocator: can't allocate memory"):
    def network(batch):
        if len(batch) > limit:
            raise RuntimeError(message)
        return torch.tensor(batch, dtype=torch.float32)

    return network


def test_a_batch_beyond_the_memory_is_halved_until_it_fits():
    outputs = list(run_batches(room_for(3), [list(range(10)), [10]]))
    np.testing.assert_array_equal(np.concatenate(outputs), np.arange(11))
    assert [len(output) for output in outputs] == [10, 1]


def test_one_item_beyond_the_memory_is_an_error():
    with pytest.raises(RuntimeError, match="allocate"):
        list(run_batches(room_for(0), [[1, 2]]))


def test_another_error_is_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="shapes"):
        list(run_batches(room_for(0, "shapes differ"), [[1, 2]]))


def test_items_are_prepared_while_the_one_before_is_used():
    started = threading.Event()

    def prepare(item):
        if item == 1:
            started.set()
        return item

    results = prepare_ahead(prepare, [0, 1, 2], n_threads=1, n_ahead=2)
    assert next(results) == 0
    assert started.wait(5)


def test_no_more_than_the_asked_for_items_wait():
    done = []
    results = prepare_ahead(done.append, range(100), n_threads=2, n_ahead=3)
    next(results)
    time.sleep(0.05)
    assert len(done) <= 4
    results.close()


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(prepare_ahead(lambda item: 1 / item, [1, 0], n_threads=2, n_ahead=2))
