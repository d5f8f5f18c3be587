"""Encode Flickr8k and fit CCA on a cluster of processes: the answers of one process.

    python benchmarks/speed/dask_cluster.py --data ../shared/data/flickr8k --workers 2

The pairs are cut into chunks of images. Each worker encodes its chunks, by colours
and gradients and by hashed words, and sums their moments; only moments, of one size
however many pairs there are, come back to be added up and solved. The joblib calls
are the same in one process and on the cluster, which `joblib.parallel_config`
chooses. A real cluster takes `--scheduler`, and needs the images under the same paths
on every machine.
"""

import argparse
import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed, parallel_config
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.alignment import CCA, PairMoments
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import load_pairs
from itm_sklearn.image import HOG, ColorHistogram
from itm_sklearn.model_selection import pair_similarity

CHUNK = 250


def to_dense(words):
    """Hashed words as an array."""
    return words.toarray()


def make_encoder():
    """An encoder that learns nothing, so that every worker has the same."""
    words = make_pipeline(
        HashingVectorizer(n_features=512), FunctionTransformer(to_dense)
    )
    return DualEncoder(image=make_union(ColorHistogram(), HOG()), text=words)


def sum_moments(encoder, pairs):
    """What CCA needs of a chunk of pairs, encoded where this runs."""
    encoded = encoder.transform(pairs)
    return PairMoments().update(encoded.images, encoded.texts, encoded.image_index)


def chunks(pairs):
    """Pairs of `CHUNK` images each, with all their texts."""
    for start in range(0, pairs.n_images, CHUNK):
        inside = pairs.image_index - start
        yield pairs[(inside >= 0) & (inside < CHUNK)]


def fit(encoder, pairs):
    """CCA from moments that were summed wherever joblib runs."""
    job = delayed(partial(sum_moments, encoder))
    moments = Parallel()(job(chunk) for chunk in chunks(pairs))
    # In the order of the chunks, so that even the last bits are the same.
    return CCA(64, ridge=0.1).partial_fit(sum(moments, PairMoments()))


def timed_fit(name, encoder, pairs, context):
    """The fitted aligner, with its time on the way."""
    with context:
        start = time.perf_counter()
        aligner = fit(encoder, pairs)
        print(f"{name}: {time.perf_counter() - start:.1f} s")
    return aligner


def main():
    """Fit in one process and on a cluster; print times and the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scheduler", help="address of a Dask cluster; none is local")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    from dask.distributed import Client, LocalCluster

    files = arguments.data / "captions_train_dev.token.txt", arguments.data / "images"
    train, dev = (
        load_pairs(*files, images=arguments.data / f"Flickr_8k.{split}Images.txt")
        for split in ("train", "dev")
    )
    encoder = make_encoder().fit(train[:CHUNK])
    alone = timed_fit("one process", encoder, train, nullcontext())
    local = {"n_workers": arguments.workers, "threads_per_worker": 1}
    cluster = arguments.scheduler or LocalCluster(**local, dashboard_address=None)
    with Client(cluster) as client:
        name = f"Dask, {len(client.scheduler_info()['workers'])} processes"
        together = timed_fit(name, encoder, train, parallel_config(backend="dask"))
    dev = encoder.transform(dev[:1000])
    scores = [pair_similarity(aligner, dev) for aligner in (alone, together)]
    print(f"largest difference of a similarity: {np.abs(scores[0] - scores[1]).max()}")


if __name__ == "__main__":
    main()
