"""Ranks and mAP of 5,000 images with 25,000 captions, beside the usual loops.

    python benchmarks/speed/metrics.py --repeat 3 --threads 1

Methods take turns in one process; the table holds medians of CPU seconds. The
loops get a transposed copy of the matrix for the direction from images to texts;
making it is not counted. The loop over scikit-learn's function is timed on every
tenth query and multiplied by ten. Ranks and values are compared before anything is
printed. "Same category" is mAP where a tenth of the captions is relevant to an image:
rows are sorted then, and how fast that is depends on numpy. Its sort for AVX-512 is
four times slower than that for AVX2 on some processors (AMD Zen 4):
`NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR"` chooses the other one.
"""

import argparse
import time
import tracemalloc

import numpy as np
from scipy import sparse
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from itm_sklearn.metrics import average_precision, retrieval_report, rsum
from itm_sklearn.metrics._ranking import rank_relevant

N_CAPTIONS = 5
EVERY = 10
N_CATEGORIES = 10


def make_similarity(n_images, n_features=512, seed=0):
    """Cosine of related vectors: the median rank is neither 1 nor chance."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n_images, n_features), dtype=np.float32)
    texts = np.repeat(images, N_CAPTIONS, axis=0)
    texts += 6 * rng.standard_normal(texts.shape, dtype=np.float32)
    for vectors in (images, texts):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return texts @ images.T


def make_relevance(n_images):
    """Text i belongs to image i // 5."""
    rows = np.arange(n_images * N_CAPTIONS)
    values = np.ones(len(rows), dtype=bool)
    return sparse.csr_array((values, (rows, rows // N_CAPTIONS)))


def make_categories(n_images):
    """For every tenth image the captions of its category."""
    labels = np.random.default_rng(0).integers(0, N_CATEGORIES, n_images)
    same = labels[::EVERY, np.newaxis] == np.repeat(labels, N_CAPTIONS)
    return sparse.csr_array(same)


def rank_by_argsort(similarity, transposed):
    """The loops of VSE++ and most retrieval code since: sort, then look it up."""
    texts = np.empty(len(similarity), dtype=int)
    for text, scores in enumerate(similarity):
        order = np.argsort(scores)[::-1]
        texts[text] = np.where(order == text // N_CAPTIONS)[0][0]
    images = np.empty(len(transposed), dtype=int)
    for image, scores in enumerate(transposed):
        order = np.argsort(scores)[::-1]
        captions = range(image * N_CAPTIONS, (image + 1) * N_CAPTIONS)
        images[image] = min(np.where(order == caption)[0][0] for caption in captions)
    return texts + 1, images + 1


def average_by_loop(relevance, scores):
    """scikit-learn's average precision of every tenth query."""
    return average_each(relevance[::EVERY], scores[::EVERY])


def average_each(relevance, scores):
    """scikit-learn's average precision of one query after the other."""
    judged = zip(relevance.toarray(), scores, strict=True)
    return np.mean([average_precision_score(wanted, row) for wanted, row in judged])


def check_ranks(similarity, transposed, relevance):
    """Stop unless the ranks agree wherever the best score has no equal."""
    ours = rank_relevant(relevance, similarity, axes=(0, 1), first_only=True)
    loops = rank_by_argsort(similarity, transposed)
    n_tied = 0
    for ranks, others, scores, wanted in zip(
        ours, loops, (similarity, transposed), (relevance, relevance.T), strict=True
    ):
        wanted = wanted.tocsr()
        for query in np.flatnonzero(ranks.ranks != others):
            best = scores[query, wanted[[query]].indices].max()
            n_equal = np.count_nonzero(scores[query] == best)
            if not 0 < ranks.ranks[query] - others[query] < n_equal:
                raise SystemExit(f"Query {query}: other ranks without a tie.")
            n_tied += 1
    print(f"Ranks agree; {n_tied} of {sum(map(len, loops))} queries are tied: worst.")


def check_averages(similarity, transposed, relevance, categories):
    """Stop unless mAP agrees on the queries that the loop looks at."""
    pairs = (
        (relevance[::EVERY], similarity[::EVERY]),
        (relevance.T.tocsr()[::EVERY], transposed[::EVERY]),
        (categories, transposed[::EVERY]),
    )
    for wanted, scores in pairs:
        ours = average_precision(wanted, scores)
        if not np.isclose(ours, average_each(wanted, scores), atol=1e-5):
            raise SystemExit("mAP differs from scikit-learn's.")
    print("mAP agrees with scikit-learn's to 1e-5.")


def time_in_turns(methods, repeat):
    """Median CPU seconds of each method, all methods in every round."""
    seconds = {name: [] for name in methods}
    for _ in range(repeat):
        for name, method in methods.items():
            start = time.process_time()
            method()
            seconds[name].append(time.process_time() - start)
    return {name: float(np.median(times)) for name, times in seconds.items()}


def extra_memory(method):
    """Most megabytes that the method held at once, beside its input."""
    tracemalloc.start()
    method()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak


def make_methods(similarity, transposed, relevance, categories):
    """What is timed; names of those on a sample of queries begin with a tilde."""
    columns, some = relevance.T.tocsr(), transposed[::EVERY]

    def both_averages():
        average_precision(relevance, similarity)
        average_precision(columns, similarity.T)

    def both_loops():
        average_by_loop(relevance, similarity)
        average_by_loop(columns, transposed)

    return {
        "one read of the matrix": similarity.max,
        "rsum": lambda: rsum(relevance, similarity),
        "argsort loops": lambda: rank_by_argsort(similarity, transposed),
        "average_precision, both ways": both_averages,
        "~average_precision_score loops": both_loops,
        "~average_precision, same category": lambda: average_precision(
            categories, some
        ),
        "~its loop": lambda: average_each(categories, some),
        "retrieval_report": lambda: retrieval_report(similarity, relevance),
    }


def main():
    """Compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=int, default=5000)
    options = parser.parse_args()
    with threadpool_limits(options.threads):
        similarity = make_similarity(options.images)
        transposed = np.ascontiguousarray(similarity.T)
        relevance = make_relevance(options.images)
        categories = make_categories(options.images)
        check_ranks(similarity, transposed, relevance)
        check_averages(similarity, transposed, relevance, categories)
        methods = make_methods(similarity, transposed, relevance, categories)
        seconds = time_in_turns(methods, options.repeat)
    for name in methods:
        seconds[name] *= EVERY if name.startswith("~") else 1
    read, loops = seconds["one read of the matrix"], seconds["argsort loops"]
    print(f"\n{'method':34}{'CPU s':>9}{'x read':>9}{'argsort / it':>14}{'MB':>8}")
    for name, spent in seconds.items():
        line = f"{name:34}{spent:9.3f}{spent / read:9.1f}{loops / spent:14.1f}"
        print(line + f"{extra_memory(methods[name]):8.1f}")
    for ours, loop in (
        ("average_precision, both ways", "~average_precision_score loops"),
        ("~average_precision, same category", "~its loop"),
    ):
        ratio = seconds[loop] / seconds[ours]
        print(f"{ours} is {ratio:.0f} times faster than scikit-learn's loop.")


if __name__ == "__main__":
    main()
