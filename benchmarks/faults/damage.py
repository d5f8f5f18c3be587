"""Single flipped bits and cut files of saved indexes: how many pass unseen.

    python benchmarks/faults/damage.py --flips 1000

For each damage the index is loaded and asked; it must be refused, or answer as the
undamaged one does, bit by bit. White space in the manifest means nothing, so some
flips there are harmless.
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np

from itm_sklearn.retrieval import ExactIndex, FaissIndex

N_VECTORS = 300
INDEXES = {
    "ExactIndex": ExactIndex,
    "ExactIndex, int8": lambda: ExactIndex(storage="int8"),
    "FaissIndex, hnsw": FaissIndex,
    "FaissIndex, ivfpq": lambda: FaissIndex("ivfpq"),
}


def draw(n_vectors):
    """Vectors of normal numbers."""
    return np.random.default_rng(0).standard_normal((n_vectors, 32))


def flip_bit(content, place):
    """The content with one bit turned over."""
    content = bytearray(content)
    content[place // 8] ^= 1 << place % 8
    return bytes(content)


def answer(kind, path):
    """All neighbours of a few queries, or the word for a refusal."""
    try:
        return kind.load(path).kneighbors(draw(5), N_VECTORS, where="number >= 0")
    except (ValueError, FileNotFoundError):
        return "refused"


def try_damages(make, n_flips):
    """How many damages were refused, harmless, and silently wrong."""
    counts = {"refused": 0, "harmless": 0, "silently wrong": 0}
    with tempfile.TemporaryDirectory() as folder:
        index = make().fit(draw(N_VECTORS), metadata={"number": range(N_VECTORS)})
        path = index.save(Path(folder, "index"))
        truth = answer(type(index), path)
        if isinstance(truth, str):
            raise SystemExit("The undamaged index was refused.")
        files = sorted(path.iterdir())
        # Every file gets its share, however small it is.
        for number in range(n_flips + len(files)):
            file = files[number % len(files)]
            content = file.read_bytes()
            if number < n_flips:
                damaged = flip_bit(content, random.randrange(8 * len(content)))
            else:
                damaged = content[: random.randrange(len(content))]
            file.write_bytes(damaged)
            counts[judge(answer(type(index), path), truth)] += 1
            file.write_bytes(content)
    return counts


def judge(found, truth):
    """What has become of an answer."""
    if isinstance(found, str):
        return found
    same = all(map(np.array_equal, found, truth))
    return "harmless" if same else "silently wrong"


def main():
    """Damage every kind of index, and fail if a damage passed unseen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)
    n_wrong = 0
    for name, make in INDEXES.items():
        counts = try_damages(make, options.flips)
        n_wrong += counts["silently wrong"]
        print(f"{name:20}", *(f"{n} {what}" for what, n in counts.items()), sep="  ")
    raise SystemExit(n_wrong > 0)


if __name__ == "__main__":
    main()
