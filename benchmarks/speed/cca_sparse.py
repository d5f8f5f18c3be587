"""CCA on a sparse view of 20,000 words beside truncated SVD and CCA after it.

    python benchmarks/speed/cca_sparse.py

Synthetic: 20,000 texts of 30 different words drawn by topic, TF-IDF, beside 512 image
features of the same topics. Prints CPU seconds on one thread and the sum of the 64
training correlations.
"""

import time

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA

N_TEXTS = N_WORDS = 20_000
N_TOPICS = 80
N_COMPONENTS = 64
RIDGES = [(0.1, 1.0), (0.1, 0.1)]


def make_views():
    """Image features and the TF-IDF of texts on the same topics."""
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((N_TEXTS, N_TOPICS), dtype=np.float32)
    images = 0.5 * topics @ rng.standard_normal((N_TOPICS, 512), dtype=np.float32)
    images += 2 * rng.standard_normal(images.shape, dtype=np.float32)
    leaning = 0.3 * rng.standard_normal((N_TOPICS, N_WORDS), dtype=np.float32)
    # Zipf's law; the largest of Gumbel's numbers draw words without replacement.
    common = -0.9 * np.log(np.arange(1, N_WORDS + 1, dtype=np.float32))
    words = []
    for block in np.split(topics, 20):
        scores = block @ leaning + common
        scores -= np.log(rng.exponential(size=scores.shape).astype(np.float32))
        words.append(np.argpartition(-scores, 30, axis=1)[:, :30])
    words = np.concatenate(words)
    rows = np.repeat(np.arange(N_TEXTS), words.shape[1])
    counts = sparse.csr_array(
        (np.ones(words.size, np.float32), (rows, words.ravel())),
        shape=(N_TEXTS, N_WORDS),
    )
    return images, sparse.csr_array(TfidfTransformer().fit_transform(counts))


def reduced(images, texts, ridge):
    """CCA after the usual reduction of the texts."""
    texts = TruncatedSVD(300, random_state=0).fit_transform(texts)
    return CCA(N_COMPONENTS, ridge=ridge).fit(images, texts)


def iterated(images, texts, ridge):
    """CCA on the texts as they are."""
    return CCA(N_COMPONENTS, ridge=ridge).fit(images, texts)


def main():
    """Time both ways for each ridge."""
    images, texts = make_views()
    print(
        f"{images.shape[0]:,} rows, 512 x {texts.shape[1]:,} with {texts.nnz:,} words"
    )
    with threadpool_limits(limits=1):
        for ridge in RIDGES:
            for name, fit in (("sparse", iterated), ("SVD(300), CCA", reduced)):
                start = time.process_time()
                cca = fit(images, texts, ridge)
                seconds = time.process_time() - start
                total = cca.correlations_.sum()
                print(
                    f"  ridge {ridge}  {name:14} {seconds:6.1f} s  sum of correlations "
                    f"{total:.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
