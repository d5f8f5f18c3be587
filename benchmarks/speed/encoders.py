"""Networks as encoders, beside bare torch loops and SentenceTransformer.encode.

    python benchmarks/speed/encoders.py --photos FOLDER --captions FILE --threads 2
    python benchmarks/speed/encoders.py --device cuda --n-photos 20000

Methods take turns in one process; the tables hold medians. Seconds are those of the
processor on a CPU, since other programs may be running, and of the clock elsewhere;
``--clock`` asks for the clock everywhere. Results are compared before anything is
printed. ``--photos`` is a folder of JPEGs and ``--captions`` a file with a caption
behind the last tab of each line; without them both are made up. Needs the extra
`deep` and, for the eager network, efficientnet-lite-pytorch.
"""

import argparse
import io
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

from itm_sklearn._load_image import load_image
from itm_sklearn._torch._cnn import find_cnn_weights
from itm_sklearn._torch._guard import import_guarded
from itm_sklearn._torch._transformers import find_text_model, quiet_transformers
from itm_sklearn.image import CNNEncoder
from itm_sklearn.text import TransformerTextEncoder

_MODEL = "efficientnet_lite0"


def alternate(methods, options):
    """Medians of seconds and the last results, taking turns after a warm-up."""
    on_clock = options.clock or options.device != "cpu"
    clock = time.perf_counter if on_clock else time.process_time
    seconds, results = {name: [] for name in methods}, {}
    for turn in range(options.repeat + 1):
        for name, method in methods.items():
            start = clock()
            results[name] = method()
            # The first turn loads weights and fills caches.
            if turn:
                seconds[name].append(clock() - start)
    return {name: np.median(values) for name, values in seconds.items()}, results


def show(title, seconds, n_items):
    """A table with items a second and the share of the first row's speed."""
    floor = next(iter(seconds.values()))
    print(f"\n{title}")
    for name, value in seconds.items():
        speed, share = n_items / value, floor / value
        print(f"  {name:44} {speed:10.1f}/s {share:6.2f} x the first")


def least_cosine(first, second):
    """Over all rows."""
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return ((first * second).sum(axis=1) / lengths).min()


def eager_network(device):
    """The published network as it comes: float32, channels first, norms apart."""
    published = import_guarded("efficientnet_lite_pytorch", caller="benchmark")
    path = find_cnn_weights(_MODEL, "auto", caller="benchmark")
    model = published.EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval().requires_grad_(False).to(device)


def eager_loop(model, pictures, size):
    """Pooled features of ready tensors, the usual way."""
    with torch.inference_mode():
        parts = [model.extract_features(part).mean((2, 3)) for part in pictures]
    return torch.cat(parts).cpu().numpy()


def bare_loop(network, batches):
    """Our network on pixels that are ready, and nothing else."""
    return torch.cat([network(batch) for batch in batches]).cpu().numpy()


def time_images(photos, options):
    """Files to features, beside loops over what is in memory already."""
    encoder = CNNEncoder(_MODEL, device=options.device)
    exact = CNNEncoder(_MODEL, device=options.device, precision="float32")
    network = encoder._network()
    pixels = np.stack([network.spec.fit(load_image(photo)) for photo in photos])
    size = network.batch_size
    starts = range(0, len(pixels), size)
    batches = [pixels[start : start + size] for start in starts]
    eager = eager_network(options.device)
    tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous() / 127.5 - 1
    pictures = tensor.to(options.device).split(size)
    methods = {
        "our network, pixels ready": lambda: bare_loop(network, batches),
        "CNNEncoder, from files": lambda: encoder.transform(photos),
        "CNNEncoder in float32, from files": lambda: exact.transform(photos),
        "published network, eager, tensors ready": lambda: eager_loop(
            eager, pictures, size
        ),
    }
    seconds, results = alternate(methods, options)
    features = results["CNNEncoder, from files"]
    for name, other in results.items():
        print(f"  cosine to {name}: at least {least_cosine(features, other):.5f}")
    show(f"{len(photos)} photos on {options.device}", seconds, len(photos))


def time_texts(captions, options):
    """Captions to vectors, beside sentence-transformers."""
    encoder = TransformerTextEncoder(device=options.device)
    exact = TransformerTextEncoder(device=options.device, precision="float32")
    package = import_guarded("sentence_transformers", caller="benchmark")
    with quiet_transformers():
        peer = package.SentenceTransformer(
            str(find_text_model("auto")), device=options.device
        )
    methods = {
        "SentenceTransformer.encode": lambda: peer.encode(
            captions, show_progress_bar=False
        ),
        "TransformerTextEncoder": lambda: encoder.transform(captions),
        "TransformerTextEncoder in float32": lambda: exact.transform(captions),
        "TransformerTextEncoder, each text twice": lambda: encoder.transform(
            captions + captions
        ),
    }
    seconds, results = alternate(methods, options)
    for name in list(methods)[1:3]:
        found = least_cosine(results["SentenceTransformer.encode"], results[name])
        print(f"  cosine of {name} to its own: at least {found:.6f}")
    show(f"{len(captions)} captions on {options.device}", seconds, len(captions))


def compare_devices(photos, captions, device):
    """What another device makes of the same items."""
    for encoder, items in (
        (CNNEncoder(_MODEL), photos[:64]),
        (TransformerTextEncoder(), captions[:256]),
    ):
        there = encoder.set_params(device=device).transform(items)
        here = encoder.set_params(device="cpu", precision="float32").transform(items)
        name = type(encoder).__name__
        print(f"  {name} on {device} and cpu: {least_cosine(there, here):.6f}")


def read_photos(folder, n_photos):
    """Paths, or JPEGs in memory cut from the sample images of scikit-learn."""
    if folder is not None:
        return [str(path) for path in sorted(folder.glob("*.jpg"))[:n_photos]]
    rng = np.random.default_rng(0)
    photos = []
    for image in islice(cycle(load_sample_images().images), n_photos):
        top, left = rng.integers(0, 50), rng.integers(0, 140)
        buffer = io.BytesIO()
        part = Image.fromarray(image[top : top + 375, left : left + 500])
        part.save(buffer, "JPEG")
        photos.append(buffer.getvalue())
    return photos


def read_captions(file, n_captions):
    """Lines of a file, or sentences of drawn words with the lengths of captions."""
    if file is not None:
        lines = file.read_text("utf8").splitlines()
        texts = list(dict.fromkeys(line.rpartition("\t")[2] for line in lines))
        return texts[:n_captions]
    rng = np.random.default_rng(0)
    words = ["a", "the", "two", "dog", "man", "child", "red", "runs", "jumps", "on"]
    lengths = rng.poisson(9, n_captions) + 3
    return [" ".join(rng.choice(words, length)) for length in lengths]


def main():
    """Read the options and run the suites."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--captions", type=Path)
    parser.add_argument("--n-photos", type=int, default=1000)
    parser.add_argument("--n-captions", type=int, default=30000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--clock", action="store_true")
    parser.add_argument("--only", choices=["images", "texts"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    photos = read_photos(options.photos, options.n_photos)
    captions = read_captions(options.captions, options.n_captions)
    if options.only != "texts":
        time_images(photos, options)
    if options.only != "images":
        time_texts(captions, options)
    if options.device != "cpu":
        compare_devices(photos, captions, options.device)


if __name__ == "__main__":
    main()
