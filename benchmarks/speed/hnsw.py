"""The graph of FaissIndex beside that of faiss itself, at the same settings.

    python benchmarks/speed/hnsw.py --n-vectors 100000 --repeat 5

Both search the very same graph, in turns in one process: a thousand queries at once,
and one after the other. Medians of CPU seconds; recall is the share of the ten true
neighbours of queries that are not in the gallery. Below a recall of 0.98 the number
of candidates is doubled first.
"""

import argparse

import faiss
import numpy as np
from index import make_vectors
from metrics import time_in_turns

from itm_sklearn.retrieval import ExactIndex, FaissIndex

N_NEIGHBORS, RECALL = 10, 0.98


def fit(vectors, queries, n_candidates):
    """The index, with as many candidates as the recall takes, and the recall."""
    exact = ExactIndex().fit(vectors)
    index = FaissIndex(n_candidates=n_candidates, random_state=0).fit(vectors)
    while (recall := index.measure_recall(queries, exact, N_NEIGHBORS)) < RECALL:
        index.set_params(n_candidates=2 * index.n_candidates)
    return index, recall


def make_methods(index, queries):
    """What is timed: searches of the graph, and through the index."""
    settings = faiss.SearchParametersHNSW(efSearch=index.n_candidates)

    def search(part):
        return index._rows.search(part, N_NEIGHBORS, params=settings)

    return {
        "faiss": lambda: search(queries),
        "FaissIndex": lambda: index.kneighbors(queries, N_NEIGHBORS),
        "faiss, one by one": lambda: [search(query[None]) for query in queries],
        "FaissIndex, one by one": lambda: [
            index.kneighbors(query[None], N_NEIGHBORS) for query in queries
        ],
    }


def main():
    """Build one graph, search it both ways, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n-vectors", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--candidates", type=int, default=128)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    faiss.omp_set_num_threads(options.threads)
    vectors = make_vectors(options.n_vectors, options.features, 1)
    queries = make_vectors(1000, options.features, 2)
    index, recall = fit(vectors, queries, options.candidates)
    print(f"{options.n_vectors} x {options.features}, recall {recall:.4f}, ", end="")
    print(f"{index.n_candidates} candidates")
    print(f"{'method':26}{'queries/s':>10}{'/ faiss':>9}")
    seconds = time_in_turns(make_methods(index, queries), options.repeat)
    bare = np.repeat([seconds["faiss"], seconds["faiss, one by one"]], 2)
    for (name, spent), floor in zip(seconds.items(), bare, strict=True):
        print(f"{name:26}{len(queries) / spent:10.0f}{floor / spent:9.2f}")


if __name__ == "__main__":
    main()
