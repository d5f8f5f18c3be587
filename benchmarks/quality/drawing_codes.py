"""How well images come back from the codes of a VQ-VAE: scenes, and crops of photos.

    python benchmarks/quality/drawing_codes.py --data ../shared/data/flickr8k

Scenes of one object as in `scenes_drawing.py`, painted in layers and pixel by pixel,
and the middle of each photo at 32 x 32 pixels: learned from training photos, judged on
the development photos. "usage" is the share of the codes that occur in the test images;
"mean colour" is the ratio of painting each image in its mean colour.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
from drawing_check import read_without_network
from drawing_judge import HELD_OUT, exact
from PIL import Image, ImageOps
from scenes_drawing import facts_of

from itm_sklearn.datasets import make_scenes
from itm_sklearn.generation import VQVAE

SETTINGS = {
    "layers": {"n_codes": 384, "n_paints": 3},
    "pixels": {"n_codes": 384},
}


def load_crops(folder, name, n_images):
    """The middle squares of so many photos of a list, at 32 x 32 pixels."""
    names = Path(folder, name).read_text().split()[:n_images]
    crops = []
    for file in names:
        with Image.open(Path(folder, "images", file)) as photo:
            photo.draft("RGB", (64, 64))
            crops.append(np.asarray(ImageOps.fit(photo.convert("RGB"), (32, 32))))
    return np.stack(crops)


def ratio(painted, images):
    """Mean peak signal-to-noise ratio."""
    errors = ((painted.astype(float) - images) ** 2).mean(axis=(1, 2, 3))
    return float(np.mean(10 * np.log10(255**2 / np.maximum(errors, 0.25))))


def judge(name, train, test, max_iter, facts=None):
    """A row of the table."""
    start = time.process_time()
    model = VQVAE(
        **SETTINGS[name], batch_size=32, max_iter=max_iter, random_state=0, verbose=1
    ).fit(train)
    minutes = (time.process_time() - start) / 60
    codes = model.transform(test)
    painted = model.inverse_transform(codes)
    usage = len(np.unique(codes)) / model.n_codes
    means = np.broadcast_to(test.mean(axis=(1, 2), keepdims=True), test.shape)
    row = [minutes, ratio(painted, test), ratio(means, test), usage]
    if facts is not None:
        row.append(exact(facts, [read_without_network(i) for i in painted]).mean())
    return [f"{number:.3f}" for number in row]


def main():
    """A CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of Flickr8k; None leaves photos out")
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--photos", type=int, default=6000)
    parser.add_argument("--max-iter", type=int, default=12)
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS))
    arguments = parser.parse_args()
    table = csv.writer(sys.stdout)
    table.writerow(
        ["images", "codes", "cpu_minutes", "psnr", "mean colour", "usage", "exact"]
    )
    options = {"kinds": "place", "held_out": HELD_OUT, "image_size": 32}
    test = make_scenes(300, random_state=1, **options)
    for name in arguments.settings:
        if arguments.scenes:
            train = make_scenes(arguments.scenes, random_state=0, **options)
            images = train.pairs.images, test.pairs.images
            row = judge(name, *images, arguments.max_iter, facts_of(test))
            table.writerow(["scenes", name, *row])
        if arguments.data:
            lists = ("Flickr_8k.trainImages.txt", "Flickr_8k.devImages.txt")
            crops = [load_crops(arguments.data, i, arguments.photos) for i in lists]
            table.writerow(["photos", name, *judge(name, *crops, arguments.max_iter)])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
