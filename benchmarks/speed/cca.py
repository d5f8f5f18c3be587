"""CCA beside scikit-learn's and cca-zoo's, in one process, one thread, alternated.

    python benchmarks/speed/cca.py
    python benchmarks/speed/cca.py --size large

Prints the median CPU seconds of each `fit`, the floor (the bare single precision
products of the two views), and how far the canonical correlations are apart.
"""

import argparse
import importlib.util
import time
import warnings

import numpy as np
from sklearn.cross_decomposition import CCA as PlainCCA
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA

SIZES = {
    "small": (2_000, 128, 64, 10),
    "middle": (10_000, 512, 384, 64),
    "large": (30_000, 2_048, 768, 128),
}


def make_views(n_rows, n_image_features, n_text_features, n_topics):
    """Two views of shared topics with noise, in float64."""
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((n_rows, n_topics))
    strength = np.linspace(1.0, 0.1, n_topics)
    return [
        topics * strength @ rng.standard_normal((n_topics, width))
        + np.sqrt(n_topics) * rng.standard_normal((n_rows, width))
        for width in (n_image_features, n_text_features)
    ]


def cpu_seconds(function):
    """CPU time of one call, and what it returned."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def median_seconds(contestants, repeats):
    """Median CPU time of each contestant, run in turn, and its last result."""
    seconds = {name: [] for name in contestants}
    results = {}
    for _ in range(repeats):
        for name, function in contestants.items():
            spent, results[name] = cpu_seconds(function)
            seconds[name].append(spent)
    return {name: float(np.median(spent)) for name, spent in seconds.items()}, results


def floor(images, texts):
    """A function that does only the products no solver can do without."""
    images, texts = images.astype(np.float32), texts.astype(np.float32)
    return lambda: (images.T @ images, texts.T @ texts, images.T @ texts)


def make_contestants(images, texts, n_components):
    """What is timed against each other, by name."""
    contestants = {
        "floor": floor(images, texts),
        "itm_sklearn": lambda: CCA(n_components, ridge=0.0).fit(images, texts),
        "itm_sklearn auto": lambda: CCA(n_components, ridge="auto").fit(images, texts),
    }
    if importlib.util.find_spec("cca_zoo"):
        from cca_zoo.linear import CCA as ZooCCA

        contestants["cca-zoo"] = lambda: ZooCCA(n_components).fit([images, texts])
    return contestants


def correlations_of(scores):
    """Correlations between matching columns of two views' scores."""
    images, texts = (view - view.mean(axis=0) for view in scores)
    squares = np.square(images).sum(axis=0) * np.square(texts).sum(axis=0)
    return (images * texts).sum(axis=0) / np.sqrt(squares)


def scikit_learn(images, texts, n_components):
    """Seconds and correlations of scikit-learn's iteration, run once."""
    plain = PlainCCA(n_components)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, plain = cpu_seconds(lambda: plain.fit(images, texts))
    return seconds, correlations_of(plain.transform(images, texts))


def report(size, repeats, *, peer):
    """Run one size and print its table."""
    n_rows, n_image_features, n_text_features, n_components = size
    print(f"\n{n_rows:,} rows, {n_image_features} x {n_text_features}, {n_components}")
    images, texts = make_views(*size)
    contestants = make_contestants(images, texts, n_components)
    seconds, results = median_seconds(contestants, repeats)
    correlations = {"itm_sklearn": results["itm_sklearn"].correlations_}
    if "cca-zoo" in results:
        scores = results["cca-zoo"].transform([images, texts])
        correlations["cca-zoo"] = correlations_of(scores)
    if peer:
        seconds["scikit-learn"], correlations["scikit-learn"] = scikit_learn(
            images, texts, n_components
        )
    own = seconds["itm_sklearn"]
    for name, spent in seconds.items():
        line = f"  {name:18} {spent:9.3f} s  {spent / own:8.2f} x"
        if name in correlations:
            apart = np.abs(correlations[name] - correlations["itm_sklearn"]).max()
            line += f"  correlations within {apart:.1e}"
        print(line, flush=True)


def main():
    """Parse the command line and report each size asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=[*SIZES, "all"], default="middle")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--no-scikit-learn", action="store_true", help="it takes minutes"
    )
    arguments = parser.parse_args()
    sizes = SIZES if arguments.size == "all" else [arguments.size]
    with threadpool_limits(limits=1):
        for name in sizes:
            report(SIZES[name], arguments.repeats, peer=not arguments.no_scikit_learn)


if __name__ == "__main__":
    main()
