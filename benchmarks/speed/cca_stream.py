"""CCA of pairs that come in chunks: time beside the bare products, memory by rows.

    python benchmarks/speed/cca_stream.py
    python benchmarks/speed/cca_stream.py --rows 100000 --chunk 1000

Chunks of 512 image and 384 text features in float32 are drawn one at a time. Prints
the CPU seconds on one thread of `partial_fit`, of the sums alone, and of the three
products that no solver can do without, and the peak memory of the process on the way.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA, PairMoments

N_TOPICS, N_IMAGE_FEATURES, N_TEXT_FEATURES = 64, 512, 384


def draw_chunks(n_rows, chunk):
    """Chunks of two views of shared topics, with noise and an offset."""
    rng = np.random.default_rng(0)
    widths = N_IMAGE_FEATURES, N_TEXT_FEATURES
    mixings = [rng.standard_normal((N_TOPICS, width), np.float32) for width in widths]
    for start in range(0, n_rows, chunk):
        size = min(chunk, n_rows - start)
        topics = rng.standard_normal((size, N_TOPICS), np.float32)
        yield [
            topics @ mixing
            + 8 * rng.standard_normal((size, len(mixing.T)), np.float32)
            + 3
            for mixing in mixings
        ]


def products(images, texts):
    """The three products of two views."""
    return images.T @ images, texts.T @ texts, images.T @ texts


def peak_mebibytes():
    """The most that this process held."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main():
    """Run the contestants on each chunk in turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--chunk", type=int, default=4_096)
    arguments = parser.parse_args()
    cca, moments = CCA(64), PairMoments()
    contestants = {
        "products": products,
        "PairMoments": moments.update,
        "partial_fit": cca.partial_fit,
    }
    seconds = dict.fromkeys(contestants, 0.0)
    n_chunks = -(-arguments.rows // arguments.chunk)
    with threadpool_limits(limits=1):
        for number, views in enumerate(draw_chunks(arguments.rows, arguments.chunk), 1):
            for name, function in contestants.items():
                start = time.process_time()
                function(*views)
                seconds[name] += time.process_time() - start
            if number % max(1, n_chunks // 4) == 0:
                print(
                    f"{number * arguments.chunk:>9,} rows  peak "
                    f"{peak_mebibytes():.0f} MiB",
                    flush=True,
                )
        start = time.process_time()
        total = cca.correlations_.sum()
        seconds["its solution"] = time.process_time() - start
    for name, spent in seconds.items():
        print(f"  {name:14} {spent:8.2f} s {spent / seconds['products']:7.2f} x")
    print(f"  sum of correlations {total:.4f}")


if __name__ == "__main__":
    main()
