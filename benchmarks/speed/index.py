"""Exact search of 1,000 queries for their ten nearest vectors, beside its product.

    python benchmarks/speed/index.py --n-vectors 100000,1000000 --repeat 3

Methods take turns in one process; the table holds medians of CPU seconds, ratios to
the product of all vectors in blocks, of which nothing is kept, and the most memory
held beside the gallery (Linux only). Methods with a tilde are timed on every fifth
query, times five. Recall is the share of the neighbours in double precision.
"""

import argparse
import time
from pathlib import Path

import faiss
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from usearch.index import MetricKind, search

from itm_sklearn.retrieval import ExactIndex

N_NEIGHBORS = 10
EVERY = 5
ROWS = 4096


def make_vectors(n_vectors, n_features, seed):
    """Vectors of length one around a few hundred centres, as real galleries have."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((300, n_features))
    vectors = centres.astype(np.float32)[rng.integers(0, 300, n_vectors)]
    for start in range(0, n_vectors, ROWS):
        part = vectors[start : start + ROWS]
        part += 2 * rng.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def multiply_in_blocks(queries, vectors):
    """The floor: every product once, in one buffer."""
    buffer = np.empty((len(queries), ROWS), np.float32)
    for start in range(0, len(vectors), ROWS):
        block = vectors[start : start + ROWS]
        np.matmul(queries, block.T, out=buffer[:, : len(block)])


def search_by_argpartition(queries, vectors):
    """A hundred queries at a time, so that their cosines fit into memory."""
    parts = []
    for start in range(0, len(queries), 100):
        cosines = queries[start : start + 100] @ vectors.T
        best = np.argpartition(cosines, -N_NEIGHBORS, axis=1)[:, -N_NEIGHBORS:]
        order = np.argsort(-np.take_along_axis(cosines, best, axis=1), axis=1)
        parts.append(np.take_along_axis(best, order, axis=1))
    return np.concatenate(parts)


def search_by_topk(queries, vectors):
    """A hundred queries at a time, too."""
    gallery = torch.from_numpy(vectors)
    parts = [
        (part @ gallery.T).topk(N_NEIGHBORS).indices
        for part in torch.from_numpy(queries).split(100)
    ]
    return torch.cat(parts).numpy()


def find_truth(queries, vectors):
    """Neighbours in double precision of every twentieth query."""
    wide = queries[::20].astype(np.float64)
    cosines = [
        wide @ vectors[start : start + ROWS].T.astype(np.float64)
        for start in range(0, len(vectors), ROWS)
    ]
    cosines = np.concatenate(cosines, axis=1)
    return np.argpartition(cosines, -N_NEIGHBORS, axis=1)[:, -N_NEIGHBORS:]


def make_methods(queries, vectors):
    """What is timed: functions that return neighbours, and the floor."""
    flat = faiss.IndexFlatIP(vectors.shape[1])
    some = np.ascontiguousarray(queries[::EVERY])
    exact = ExactIndex().fit(vectors)
    # Both search the same rows in memory.
    half = ExactIndex(product="bfloat16").fit(vectors[:1])
    half.__dict__ |= {**exact.__dict__, "product": "bfloat16"}
    flat.add(vectors)

    def search_by_usearch():
        found = search(vectors, some, N_NEIGHBORS, MetricKind.IP, exact=True)
        return np.asarray(found.keys).astype(int)

    return {
        "product in blocks": lambda: multiply_in_blocks(queries, vectors),
        "ExactIndex": lambda: exact.kneighbors(queries, N_NEIGHBORS)[1],
        "ExactIndex, bfloat16": lambda: half.kneighbors(queries, N_NEIGHBORS)[1],
        "torch topk": lambda: search_by_topk(queries, vectors),
        "numpy argpartition": lambda: search_by_argpartition(queries, vectors),
        "~faiss flat": lambda: flat.search(some, N_NEIGHBORS)[1],
        "~usearch exact": search_by_usearch,
    }


def recall(found, truth, step):
    """Share of the true neighbours, of queries that both have."""
    if found is None:
        return np.nan
    found = found[:: 20 // step]
    pairs = zip(found, truth, strict=True)
    return np.mean([len(set(a) & set(b)) / N_NEIGHBORS for a, b in pairs])


def measure(method):
    """Result, CPU seconds, and most megabytes held beside what there was."""
    Path("/proc/self/clear_refs").write_text("5")
    before, start = _status("VmRSS"), time.process_time()
    found = method()
    seconds = time.process_time() - start
    return found, seconds, (_status("VmHWM") - before) / 1024


def _status(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def report(options, n_vectors):
    """Time, compare and print one size of gallery."""
    vectors = make_vectors(n_vectors, options.features, 1)
    queries = make_vectors(options.queries, options.features, 2)
    methods = make_methods(queries, vectors)
    truth = find_truth(queries, vectors)
    print(f"\n{options.queries} queries, {n_vectors} x {options.features} float32")
    print(f"{'method':24}{'CPU s':>8}{'/ product':>11}{'recall':>9}{'MB':>8}")
    runs = {name: [] for name in methods}
    for _ in range(options.repeat):
        for name, method in methods.items():
            runs[name].append(measure(method))
    floor = np.median([seconds for _, seconds, _ in runs["product in blocks"]])
    for name, measured in runs.items():
        step = EVERY if name.startswith("~") else 1
        spent = step * np.median([seconds for _, seconds, _ in measured])
        megabytes = max(held for _, _, held in measured)
        line = f"{name:24}{spent:8.2f}{spent / floor:11.2f}"
        print(line + f"{recall(measured[0][0], truth, step):9.4f}{megabytes:8.0f}")


def main():
    """Compare all methods on galleries of all sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-vectors", default="100000")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    faiss.omp_set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        for n_vectors in options.n_vectors.split(","):
            report(options, int(n_vectors))


if __name__ == "__main__":
    main()
