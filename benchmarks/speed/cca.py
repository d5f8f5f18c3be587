"""CCA beside scikit-learn's and cca-zoo's: CPU seconds, memory, correlations.

    python benchmarks/speed/cca.py
    python benchmarks/speed/cca.py --size all --plain-components 1

Contestants take turns in one process on one thread, each turn long enough to measure,
and medians are printed. The floor is what no solver can do without: the bare single
precision products of the two views, and the factorisations in double precision. The
same behind scikit-learn's checks, on centred views, is what no estimator can. Peak
memory is what a process of its own needs on top of the data. scikit-learn's iteration
runs once; at the large size all of its components would take hours, so that
`--plain-components` asks it for fewer, which the table then says.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
import warnings
from numbers import Integral
from pathlib import Path

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular
from sklearn.base import BaseEstimator, _fit_context
from sklearn.cross_decomposition import CCA as PlainCCA
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_array, validate_data
from threadpoolctl import threadpool_limits

from itm_sklearn.alignment import CCA

SIZES = {
    "small": (2_000, 128, 64, 10),
    "middle": (10_000, 512, 384, 64),
    "large": (30_000, 2_048, 768, 128),
}
SHORTEST_TURN = 0.1


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
    """CPU time of one call in a turn of as many as it takes, and what it returned."""
    start = time.process_time()
    n_calls = 0
    while n_calls == 0 or time.process_time() - start < SHORTEST_TURN:
        result = function()
        n_calls += 1
    return (time.process_time() - start) / n_calls, result


def median_seconds(contestants, repeats):
    """Median CPU time of each contestant, run in turn, and its last result."""
    seconds = {name: [] for name in contestants}
    results = {}
    for _ in range(repeats):
        for name, function in contestants.items():
            spent, results[name] = cpu_seconds(function)
            seconds[name].append(spent)
    return {name: float(np.median(spent)) for name, spent in seconds.items()}, results


def products(images, texts):
    """The three products of two views."""
    return images.T @ images, texts.T @ texts, images.T @ texts


def products_and_solve(images, texts, n_components):
    """The products, and the directions as short as they can be written."""
    image, text, cross = (
        product.astype(np.float64) for product in products(images, texts)
    )
    image, text = (cholesky(scatter, lower=True) for scatter in (image, text))
    shared = solve_triangular(image, cross, lower=True)
    shared = solve_triangular(text, shared.T, lower=True)
    size = len(shared)
    _, right = eigh(shared @ shared.T, subset_by_index=[size - n_components, size - 1])
    return [
        solve_triangular(factor, weights, lower=True, trans="T")
        for factor, weights in ((image, shared.T @ right), (text, right))
    ]


class Floor(BaseEstimator):
    """An estimator that checks, centres, multiplies and solves, and no more."""

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left")]
    }

    def __init__(self, n_components):
        self.n_components = n_components

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y):
        """The directions, from arrays in double precision."""
        views = validate_data(self, X, dtype=np.float64), check_array(y)
        centred = [np.empty(view.shape, np.float32) for view in views]
        for view, to in zip(views, centred, strict=True):
            np.subtract(view, view.mean(axis=0), out=to, casting="same_kind")
        self.directions_ = products_and_solve(*centred, self.n_components)
        return self


def zoo_fit(images, texts, n_components):
    """cca-zoo's fit."""
    from cca_zoo.linear import CCA as ZooCCA

    return ZooCCA(n_components).fit([images, texts])


def own_fit(images, texts, n_components):
    """Our fit of the same problem."""
    return CCA(n_components, ridge=0.0).fit(images, texts)


FITS = {"itm_sklearn": own_fit}
if importlib.util.find_spec("cca_zoo"):
    FITS["cca-zoo"] = zoo_fit


def make_contestants(images, texts, n_components):
    """What is timed against each other, by name."""
    single = images.astype(np.float32), texts.astype(np.float32)
    floors = {
        "products": lambda: products(*single),
        "products + solve": lambda: products_and_solve(*single, n_components),
        "in an estimator": lambda: Floor(n_components).fit(images, texts),
        "itm_sklearn auto": lambda: CCA(n_components, ridge="auto").fit(images, texts),
    }
    fits = {
        name: lambda fit=fit: fit(images, texts, n_components)
        for name, fit in FITS.items()
    }
    return floors | fits


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


def peak_of_child(name, size, folder):
    """Peak memory of a fit in a process of its own, in MiB."""
    command = [sys.executable, __file__, "--size", size, "--peak", name, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def print_peak(name, size, folder):
    """What a fit needs on top of the views, which are read without a copy."""
    fit = FITS[name]
    rng = np.random.default_rng(0)
    fit(rng.standard_normal((50, 4)), rng.standard_normal((50, 4)), 2)
    views = [np.load(Path(folder) / f"{view}.npy") for view in ("images", "texts")]
    before = peak_mebibytes()
    fit(*views, SIZES[size][-1])
    print(peak_mebibytes() - before)


def peak_mebibytes():
    """The most that this process held; `ru_maxrss` begins with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure_peaks(images, texts, size):
    """Peak memory of each fit, by name."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        np.save(Path(folder) / "texts.npy", texts)
        return {name: peak_of_child(name, size, folder) for name in FITS}


def report(name, arguments):
    """Run one size and print its table."""
    *shape, n_components = SIZES[name]
    print("\n{:,} rows, {} x {}, {}".format(*shape, n_components), flush=True)
    images, texts = make_views(*SIZES[name])
    contestants = make_contestants(images, texts, n_components)
    seconds, results = median_seconds(contestants, arguments.repeats)
    correlations = {"itm_sklearn": results["itm_sklearn"].correlations_}
    if "cca-zoo" in results:
        scores = results["cca-zoo"].transform([images, texts])
        correlations["cca-zoo"] = correlations_of(scores)
    peaks = measure_peaks(images, texts, name)
    print_table(seconds, correlations, peaks)
    if not arguments.no_scikit_learn:
        asked = min(arguments.plain_components or n_components, n_components)
        spent, found = scikit_learn(images, texts, asked)
        label = f"scikit-learn, {asked} of {n_components} components"
        own = {"itm_sklearn": seconds["itm_sklearn"]}
        print_table(own | {label: spent}, correlations | {label: found}, {}, skip=1)


def print_table(seconds, correlations, peaks, skip=0):
    """A line for each contestant beside this package's."""
    own = seconds["itm_sklearn"]
    for name, spent in list(seconds.items())[skip:]:
        line = f"  {name:18} {spent:9.4f} s {spent / own:9.2f} x"
        if name in peaks:
            line += f"  {peaks[name]:7.0f} MiB"
        if name in correlations:
            found = correlations[name]
            apart = np.abs(found - correlations["itm_sklearn"][: len(found)]).max()
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
    parser.add_argument("--plain-components", type=int, help="of scikit-learn's CCA")
    parser.add_argument(
        "--peak", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    sizes = SIZES if arguments.size == "all" else [arguments.size]
    with threadpool_limits(limits=1):
        if arguments.peak:
            name, folder = arguments.peak
            return print_peak(name, arguments.size, folder)
        for name in sizes:
            report(name, arguments)


if __name__ == "__main__":
    main()
