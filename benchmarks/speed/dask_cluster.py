"""Encode Flickr8k and fit CCA on a cluster of processes: the answers of one process.

    python benchmarks/speed/dask_cluster.py --data ../shared/data/flickr8k --workers 2

First the development images go through encoders: keypoints and pixels through a
network, chunk by chunk on the workers, visual words and the rest where they were
asked for. Then CCA is fitted. The pairs are cut into chunks of images. Each worker
encodes its chunks, by colours and gradients and by hashed words, and sums their
moments; only moments, of one size however many pairs there are, come back to be added
up and solved. The calls are the same in one process and on the cluster, which
`joblib.parallel_config` chooses. A real cluster takes `--scheduler`, and needs the
images under the same paths on every machine.
"""

import argparse
import time
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
from itm_sklearn.image import HOG, SIFT, BagOfVisualWords, CNNEncoder, ColorHistogram
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


def make_image_encoders(images):
    """Encoders by name, fitted on a few of the images."""
    words = make_pipeline(SIFT(100), BagOfVisualWords(200, random_state=0))
    network = CNNEncoder(crop=False)
    return {"SIFT words": words.fit(images[:100]), "CNN": network.fit(images[:100])}


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


def timed(name, function, *arguments):
    """What the function gives, with its time on the way."""
    start = time.perf_counter()
    result = function(*arguments)
    print(f"{name}: {time.perf_counter() - start:.1f} s", flush=True)
    return result


def run_all(where, train, dev):
    """Codes of the development images by each encoder, and similarities by CCA."""
    images = list(dev.images)
    codes = {
        name: timed(f"{name}, {where}", encoder.transform, images)
        for name, encoder in make_image_encoders(images).items()
    }
    encoder = make_encoder().fit(train[:CHUNK])
    aligner = timed(f"CCA, {where}", fit, encoder, train)
    return {**codes, "CCA": pair_similarity(aligner, encoder.transform(dev[:1000]))}


def main():
    """Encode and fit here and on a cluster; print times and the largest differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--images", type=int, default=1000, help="to be encoded")
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
    dev = dev[dev.image_index < arguments.images]
    alone = run_all("one process", train, dev)
    local = {"n_workers": arguments.workers, "threads_per_worker": 1}
    cluster = arguments.scheduler or LocalCluster(**local, dashboard_address=None)
    with Client(cluster) as client, parallel_config(backend="dask"):
        n_workers = len(client.scheduler_info()["workers"])
        together = run_all(f"Dask, {n_workers} processes", train, dev)
    for name, numbers in alone.items():
        difference = np.abs(numbers - together[name]).max()
        print(f"{name}: the largest difference is {difference}")


if __name__ == "__main__":
    main()
