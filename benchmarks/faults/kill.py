"""What kill -9 at random moments of saving, adding and caching loses.

    python benchmarks/faults/kill.py --trials 50

A child process does one step after the other, tells of each that is done, and is
killed at a random moment. Then the parent looks at what is on disk: every step that
the child told of must be there whole, the one it was killed in whole or not at all.
Needs a POSIX system. With `--milvus` an embedded database is killed, too; it is started
again for each trial, which takes some seconds.
"""

import argparse
import importlib
import os
import random
import signal
import tempfile
import time
import traceback
from itertools import count
from pathlib import Path

import numpy as np

from itm_sklearn._cache import FeatureCache, digest
from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import ColorHistogram
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import (
    CrossModalRetriever,
    ExactIndex,
    FaissIndex,
    MilvusIndex,
)

N_VECTORS = 50


def import_early(module):
    """Import before children are forked, which are to be killed at their work."""
    importlib.import_module(module)


def make_vectors(step):
    """The vectors of a step, which no other step has."""
    return np.random.default_rng(step).standard_normal((N_VECTORS, 64))


class Saving:
    """Each step saves another index over the one that is there."""

    def __init__(self, folder, make):
        self.path, self.make = Path(folder, "index"), make
        import_early("faiss")

    def step(self, number):
        """Save the vectors of this step."""
        metadata = {"step": [number] * N_VECTORS}
        self.make().fit(make_vectors(number), metadata=metadata).save(self.path)

    def n_whole(self):
        """The number of steps that are on disk, checked vector by vector."""
        index = self.make().load(self.path)
        number = int(index._columns["step"][0])
        _find_all(index, make_vectors(number), 0)
        return number + 1


class Adding:
    """Each step loads the index, adds vectors, and saves it where it was."""

    def __init__(self, folder, make):
        self.path, self.make = Path(folder, "index"), make

    def step(self, number):
        """Add the vectors of this step."""
        if number:
            index = self.make().load(self.path)
            index.add(make_vectors(number))
        else:
            index = self.make().fit(make_vectors(0))
        index.save(self.path)

    def n_whole(self):
        """The number of steps that are on disk, checked vector by vector."""
        index = self.make().load(self.path)
        n_steps = index.n_vectors_ // N_VECTORS
        for number in range(n_steps):
            _find_all(index, make_vectors(number), number * N_VECTORS)
        return n_steps


class SavingRetriever:
    """Each step saves another retriever over the one that is there."""

    def __init__(self, folder):
        self.path = Path(folder, "retriever")
        import_early("skops.io")

    def step(self, number):
        """Save a gallery of the vectors of this step, as images and as texts."""
        pairs = ImageTextPairs(make_vectors(number), make_vectors(number))
        metadata = {"step": [number] * N_VECTORS}
        retriever = CrossModalRetriever(DualEncoder())
        retriever.fit(pairs, metadata=metadata).save(self.path)

    def n_whole(self):
        """The number of steps that are on disk, checked vector by vector."""
        retriever = CrossModalRetriever.load(self.path)
        number = int(retriever.text_index_._columns["step"][0])
        vectors = make_vectors(number)
        np.testing.assert_array_equal(retriever.gallery_.images, vectors)
        for index in (retriever.image_index_, retriever.text_index_):
            _find_all(index, vectors, 0)
        return number + 1


class AddingToMilvus:
    """Each step adds vectors to the collection of an embedded database."""

    def __init__(self, folder):
        self.index = MilvusIndex(Path(folder, "gallery.db"), collection="gallery")

    def step(self, number):
        """Add the vectors of this step."""
        vectors, metadata = make_vectors(number), {"step": [number] * N_VECTORS}
        if number == 0:
            self.index.fit(vectors, metadata=metadata)
            return
        if not hasattr(self.index, "n_features_in_"):
            self.index.connect()
        self.index.add(vectors, metadata=metadata)

    def n_whole(self):
        """The number of steps that are in the database, checked vector by vector."""
        index = self.index.connect()
        n_steps = index.n_vectors_ // N_VECTORS
        if index.n_vectors_ % N_VECTORS:
            raise SystemExit(f"A step is there in part: {index.n_vectors_} vectors.")
        for number in range(n_steps):
            distances, _ = index.kneighbors(
                make_vectors(number), 1, where=f"step == {number}"
            )
            np.testing.assert_allclose(distances, 0, atol=1e-5)
        return n_steps


class Caching:
    """Each step fits an encoder with a cache on images that no other step has."""

    def __init__(self, folder):
        self.folder = folder

    def step(self, number):
        """Fit on the images of this step."""
        encoder = DualEncoder(image=ColorHistogram(), memory=self.folder)
        encoder.fit(ImageTextPairs(_make_images(number)))

    def n_whole(self):
        """The number of steps whose images are all in the cache, with their codes."""
        encoder = ColorHistogram()
        cache = FeatureCache(self.folder, max_bytes=1 << 30)
        token = encoder._cache_token()
        for number in count():
            images = _make_images(number)
            keys = [digest(token, encoder._item_content(image)) for image in images]
            found = cache.get_many(keys)
            if len(found) < len(keys):
                return number
            codes = np.array([found[key][0] for key in keys])
            np.testing.assert_array_equal(codes, encoder.fit_transform(images))


def _make_images(step):
    rng = np.random.default_rng(step)
    return list(rng.integers(0, 256, (20, 16, 16, 3), dtype=np.uint8))


def _find_all(index, vectors, first_id):
    """Stop unless every vector is there, bit by bit, under its id."""
    distances, ids = index.kneighbors(vectors, 1)
    np.testing.assert_array_equal(ids.ravel(), first_id + np.arange(len(vectors)))
    np.testing.assert_allclose(distances, 0, atol=1e-5)


def run_in_child(work):
    """Run a function in a child process; its id and the pipe that it writes to."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    status = 1
    try:
        os.close(reader)
        work(writer)
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


def kill_while_working(case, first_step, delay):
    """The number of steps that a child told of before it was killed."""

    def work(writer):
        os.write(writer, b"begun")
        for number in count(first_step):
            case.step(number)
            os.write(writer, b".")

    child, reader = run_in_child(work)
    told = os.read(reader, 5)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(reader, 1 << 16):
        told += part
    os.close(reader)
    return first_step + told.count(b".")


def count_whole(case):
    """The number of whole steps on disk, as another process sees it; -1 if broken."""
    child, reader = run_in_child(
        lambda writer: os.write(writer, str(case.n_whole()).encode())
    )
    answer = os.read(reader, 100)
    os.close(reader)
    return int(answer) if os.waitpid(child, 0)[1] == 0 else -1


def try_case(name, case, n_trials):
    """Kill again and again, and count the trials after which something is missing."""
    start = time.monotonic()
    child, _ = run_in_child(lambda writer: [case.step(number) for number in range(3)])
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"{name}: the first steps failed.")
    longest = time.monotonic() - start
    n_steps, n_lost = 3, 0
    for _ in range(n_trials):
        n_told = kill_while_working(case, n_steps, random.uniform(0, longest))
        n_steps = count_whole(case)
        n_lost += n_steps not in (n_told, n_told + 1)
        if n_steps < 0:
            break
    print(f"{name}: {n_trials} kills, {n_steps} steps done, {n_lost} trials lost")
    return n_lost


def main():
    """Try every case in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leave-out", action="append", help="the case of this name")
    parser.add_argument("--only", help="the case of this name")
    parser.add_argument("--milvus", action="store_true", help="with the database")
    options = parser.parse_args()
    random.seed(options.seed)
    cases = {
        "save ExactIndex": lambda folder: Saving(folder, ExactIndex),
        "save FaissIndex": lambda folder: Saving(folder, FaissIndex),
        "save CrossModalRetriever": SavingRetriever,
        "add to a saved ExactIndex": lambda folder: Adding(folder, ExactIndex),
        "fit with a cache": Caching,
    }
    if options.milvus:
        cases["add to MilvusIndex"] = AddingToMilvus
    n_lost = 0
    for name, make in cases.items():
        if options.only not in (None, name) or name in (options.leave_out or ()):
            continue
        with tempfile.TemporaryDirectory() as folder:
            n_lost += try_case(name, make(folder), options.trials)
    raise SystemExit(n_lost > 0)


if __name__ == "__main__":
    main()
