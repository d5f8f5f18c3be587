"""Classical image encoders beside their floors and peers.

    python benchmarks/speed/image.py --photos FOLDER --repeat 5 --threads 1

Methods take turns in one process; the tables hold medians of CPU seconds, and how
often they contain the first row, the floor. Results are compared before anything
is printed. ``--photos`` is a folder of JPEGs; without it pictures are generated.
``--only NAME`` runs one suite, ``--stream 100000`` watches the memory over so many
images. Needs faiss.
"""

import argparse
import resource
import time
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import faiss
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances_argmin
from threadpoolctl import threadpool_limits

from itm_sklearn._load_image import load_image
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ORB, SIFT, BagOfVisualWords, DenseSIFT
from itm_sklearn.image._words import WordFinder, as_points, learn_words

N_DESCRIPTORS, N_WORDS, N_ROUNDS = 100_000, 1_000, 10


def alternate(methods, repeat):
    """Medians of CPU seconds and the last results, taking turns."""
    seconds = {name: [] for name in methods}
    results = {}
    for _ in range(repeat):
        for name, method in methods.items():
            start = time.process_time()
            results[name] = method()
            seconds[name].append(time.process_time() - start)
    return {name: np.median(values) for name, values in seconds.items()}, results


def show(title, seconds, notes=None):
    """A table with ratios to the first row."""
    floor = next(iter(seconds.values()))
    print(f"\n{title}")
    for name, value in seconds.items():
        note = (notes or {}).get(name, "")
        print(f"  {name:38} {1000 * value:9.1f} ms {value / floor:7.2f}  {note}")


def sample(encoder, photos, size):
    """So many descriptors of the photos, shuffled; repeated if there are too few."""
    parts, found = [], 0
    for batch in encoder.transform(photos).batches():
        parts.append(batch.descriptors)
        found += len(batch.descriptors)
        if found >= size:
            break
    order = np.random.default_rng(0).permutation(found)
    return np.resize(np.concatenate(parts)[order], (size, parts[0].shape[1]))


def suite_assign(photos, repeat):
    """Nearest of 1,000 words for 100,000 SIFT descriptors."""
    descriptors = sample(SIFT(), photos, N_DESCRIPTORS)
    words = descriptors[:N_WORDS].copy()
    index = faiss.IndexFlatL2(words.shape[1])
    index.add(words)
    finder, matcher = WordFinder(words), cv2.BFMatcher(cv2.NORM_L2)
    scores = np.empty((len(descriptors), N_WORDS), dtype=np.float32)
    turned = words.T.copy()
    part = slice(0, len(descriptors) // 10)
    seconds, results = alternate(
        {
            "matrix product alone": lambda: np.matmul(descriptors, turned, out=scores),
            "itm_sklearn": lambda: finder.labels(descriptors),
            "faiss flat": lambda: index.search(descriptors, 1)[1][:, 0],
            "scikit-learn": lambda: pairwise_distances_argmin(descriptors, words),
            "OpenCV (a tenth)": lambda: matcher.match(descriptors[part], words),
        },
        repeat,
    )
    same = np.mean(results["itm_sklearn"] == results["faiss flat"])
    show("Word assignment", seconds, {"itm_sklearn": f"{same:.2%} as faiss"})


def suite_learn(photos, repeat):
    """1,000 words from 100,000 SIFT descriptors."""
    descriptors = sample(SIFT(), photos, N_DESCRIPTORS)
    peer = KMeans(N_WORDS, n_init=1, max_iter=N_ROUNDS, random_state=0)

    def by_faiss():
        clustering = faiss.Kmeans(
            descriptors.shape[1],
            N_WORDS,
            niter=N_ROUNDS,
            max_points_per_centroid=N_DESCRIPTORS,
        )
        clustering.train(descriptors)
        return clustering.centroids

    seconds, words = alternate(
        {
            "itm_sklearn": lambda: learn_words(
                descriptors, N_WORDS, max_iter=N_ROUNDS, random_state=0
            ),
            "faiss, random seeds": by_faiss,
            "scikit-learn, k-means++": lambda: peer.fit(descriptors).cluster_centers_,
        },
        max(1, repeat // 3),
    )
    inertias = {
        name: WordFinder(found).nearest(descriptors)[1].sum(dtype=np.float64)
        for name, found in words.items()
    }
    best = inertias["scikit-learn, k-means++"]
    notes = {name: f"inertia {value / best:.4f}" for name, value in inertias.items()}
    show(f"k-means, {N_ROUNDS} rounds", seconds, notes)


def suite_hamming(photos, repeat):
    """Nearest of 1,000 words for 100,000 ORB descriptors."""
    descriptors = sample(ORB(), photos, N_DESCRIPTORS)
    words = descriptors[:N_WORDS].copy()
    index = faiss.IndexBinaryFlat(8 * words.shape[1])
    index.add(words)
    finder, matcher = WordFinder(words), cv2.BFMatcher(cv2.NORM_HAMMING)
    signs = 2 * as_points(descriptors) - 1
    turned = (2 * as_points(words) - 1).T.copy()
    scores = np.empty((len(descriptors), N_WORDS), dtype=np.float32)
    seconds, results = alternate(
        {
            "faiss binary flat": lambda: index.search(descriptors, 1)[0][:, 0],
            "product of -1 and 1 alone": lambda: np.matmul(signs, turned, out=scores),
            "itm_sklearn": lambda: finder.labels(descriptors),
            "OpenCV": lambda: matcher.match(descriptors, words),
        },
        repeat,
    )
    nearest = finder.nearest(descriptors)[1][:, 0]
    same = np.mean(nearest == results["faiss binary flat"])
    show("Hamming words", seconds, {"itm_sklearn": f"{same:.2%} as near as faiss"})


def suite_dense(photos, repeat):
    """SIFT at every eighth pixel of 640 x 480 photos."""
    picture = cv2.resize(load_image(photos[0], mode="L"), (640, 480))
    methods, notes = {}, {}
    for bin_size in (12, 24):
        encoder = DenseSIFT(bin_size=bin_size, min_contrast=0, root=False)
        batch = next(encoder.transform([picture]).batches())
        # OpenCV's cells are 1.5 keypoint sizes apart.
        keypoints = [
            cv2.KeyPoint(float(x * 640), float(y * 480), bin_size / 1.5, 0, 0, 0, row)
            for row, (x, y) in enumerate(batch.places())
        ]
        kept, descriptors = cv2.SIFT_create().compute(picture, keypoints)
        order = np.argsort([point.class_id for point in kept])
        agreement = np.corrcoef(descriptors[order].ravel(), batch.descriptors.ravel())
        own, other = (
            f"itm_sklearn, cells of {bin_size}",
            f"OpenCV, size {bin_size / 1.5}",
        )
        methods[own] = lambda encoder=encoder: encoder._describe(picture)
        methods[other] = lambda keypoints=keypoints: cv2.SIFT_create().compute(
            picture, keypoints
        )
        notes[own] = f"correlation {agreement[0, 1]:.3f}"
    seconds, _ = alternate(methods, repeat)
    names = list(seconds)
    for own, other in (names[:2], names[2:]):
        notes[other] = f"{seconds[other] / seconds[own]:.0f} times ours"
    show("Dense SIFT, step 8, 640 x 480", seconds, notes)


def suite_threads(photos, repeat):
    """Wall time of SIFT on one thread and on two."""
    pictures = [
        cv2.resize(load_image(photo, mode="L"), (640, 480)) for photo in photos[:32]
    ]
    walls = {1: [], 2: []}
    for _ in range(repeat):
        for n_jobs, taken in walls.items():
            start = time.perf_counter()
            list(SIFT(n_jobs=n_jobs).transform(pictures).batches())
            taken.append(time.perf_counter() - start)
    seconds = {
        f"SIFT, n_jobs={n_jobs}": np.median(taken) / len(pictures)
        for n_jobs, taken in walls.items()
    }
    show("Wall time a photo of 640 x 480", seconds)


def stream(photos, n_images):
    """Peak memory while so many images become bags of words.

    The photos are repeated under other names: symbolic links in a folder.
    """
    encoder = SIFT(100, min_size=None, max_size=160)
    bag = BagOfVisualWords(100, n_samples=20_000, random_state=0)
    bag.fit(encoder.transform(photos))
    print("\nPeak memory, SIFT and bags of 100 words")
    with TemporaryDirectory() as folder:
        links = [Path(folder, f"{number}.jpg") for number in range(n_images)]
        for link, photo in zip(links, cycle(photos)):
            link.symlink_to(Path(photo).resolve())
        for count in (n_images * np.array([0.01, 0.1, 0.3, 1])).astype(int):
            start = time.perf_counter()
            rows = bag.transform(encoder.transform(links[:count]))
            wall = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            held = rows.nbytes / 2**20
            print(
                f"  {count:8,} images {peak:5.0f} MiB, {peak - held:5.0f} without "
                f"the result {wall:6.0f} s",
                flush=True,
            )


def main():
    """Run the suites that were asked for."""
    suites = {
        name.removeprefix("suite_"): function
        for name, function in globals().items()
        if name.startswith("suite_")
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=suites)
    parser.add_argument("--stream", type=int)
    options = parser.parse_args()
    if options.stream and not options.photos:
        parser.error("--stream needs --photos: a folder of JPEGs to link to.")
    if options.photos:
        photos = sorted(map(str, options.photos.glob("*.jpg")))
    else:
        photos = make_scenes(300, image_size=256, random_state=0).pairs.images
    cv2.setNumThreads(options.threads)
    faiss.omp_set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        if options.stream:
            stream(photos, options.stream)
            return
        for name in [options.only] if options.only else suites:
            suites[name](photos, options.repeat)


if __name__ == "__main__":
    main()
