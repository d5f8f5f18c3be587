"""An evaluation of 5,000 images with 25,000 captions, beside its matrix product.

    python benchmarks/speed/evaluation.py --repeat 5 --threads 1

Methods take turns in one process; the table holds medians of CPU seconds, ratios to
the product of the vectors in blocks, of which nothing is kept, and the most memory
held beside the vectors. The streamed ranks are compared with those of the matrix
before anything is printed: other blocks round the last bit otherwise, so a few of
them may differ by a place.
"""

import argparse

import numpy as np
from metrics import N_CAPTIONS, extra_memory, make_relevance, time_in_turns
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from itm_sklearn.metrics._cosine_ranks import rank_cosines
from itm_sklearn.metrics._ranking import rank_relevant
from itm_sklearn.model_selection import compare_retrieval, evaluate_retrieval
from itm_sklearn.pairs import ImageTextPairs

ROWS = 1000


def make_vectors(n_images, n_features=512, seed=0):
    """Related vectors of length one: the median rank is neither 1 nor chance."""
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((n_images, n_features), dtype=np.float32)
    texts = np.repeat(images, N_CAPTIONS, axis=0)
    texts += 6 * rng.standard_normal(texts.shape, dtype=np.float32)
    for vectors in (images, texts):
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return texts, images


def multiply_in_blocks(texts, images):
    """The floor: every product once, in one buffer."""
    block = np.empty((ROWS, len(images)), texts.dtype)
    for start in range(0, len(texts), ROWS):
        rows = texts[start : start + ROWS]
        np.matmul(rows, images.T, out=block[: len(rows)])


def check_ranks(texts, images, relevance):
    """Stop if more than one rank in a thousand differs from the matrix's."""
    streamed, _ = rank_cosines(texts, images, relevance)
    held = rank_relevant(relevance, texts @ images.T, axes=(0, 1))
    n_other = sum(
        np.count_nonzero(one.ranks != other.ranks)
        for one, other in zip(streamed, held, strict=True)
    )
    print(f"{n_other} of {2 * len(texts)} ranks differ from those of the matrix.")
    if n_other > 2 * len(texts) / 1000:
        raise SystemExit("The ranks differ by more than rounding.")


def main():
    """Compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=int, default=5000)
    options = parser.parse_args()
    texts, images = make_vectors(options.images)
    pairs = ImageTextPairs(images, texts, np.repeat(np.arange(len(images)), N_CAPTIONS))
    relevance, model = make_relevance(len(images)), FunctionTransformer()
    settings = {"n_bootstrap": 1000, "random_state": 0}
    methods = {
        "product in blocks": lambda: multiply_in_blocks(texts, images),
        "first ranks and ties": lambda: rank_cosines(
            texts, images, relevance, first_only=True
        ),
        "all ranks and ties": lambda: rank_cosines(texts, images, relevance),
        "product, held, then ranks": lambda: rank_relevant(
            relevance, texts @ images.T, axes=(0, 1)
        ),
        "evaluate_retrieval, 1 resample": lambda: evaluate_retrieval(
            model, pairs, n_bootstrap=1
        ),
        "evaluate_retrieval, 1000": lambda: evaluate_retrieval(
            model, pairs, **settings
        ),
        "compare_retrieval, 1000 + 1000": lambda: compare_retrieval(
            model, model, pairs, **settings
        ),
    }
    with threadpool_limits(options.threads):
        check_ranks(texts, images, relevance)
        seconds = time_in_turns(methods, options.repeat)
        floor = seconds["product in blocks"]
        print(f"\n{'method':34}{'CPU s':>8}{'/ product':>11}{'MB':>8}")
        for name, spent in seconds.items():
            line = f"{name:34}{spent:8.2f}{spent / floor:11.2f}"
            print(line + f"{extra_memory(methods[name]):8.0f}")


if __name__ == "__main__":
    main()
