"""Flipped bits and cut files of saved models and indexes: how many pass unseen.

    python benchmarks/faults/bit_flips.py --flips 10000 --cuts 1000

For each damage the model is loaded and asked; it must be refused with a ValueError, or
answer as the undamaged one does, bit by bit. White space in a manifest and time stamps
mean nothing, so some flips there are harmless. An audit hook watches for what loading
must not do: read pickles, start processes, open connections, write files.
"""

import argparse
import random
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn import load, save
from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.generation import VisualQuestionAnswering
from itm_sklearn.image import SIFT, BagOfVisualWords, ColorHistogram
from itm_sklearn.matching import NeuralMatcher, SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, ExactIndex, FaissIndex

N_VECTORS = 300
SCENES = make_scenes(30, captions_per_image=1, image_size=32, random_state=0).pairs
# What loading has no business with.
FORBIDDEN = ("pickle.find_class", "os.system", "os.exec", "os.fork", "os.spawn")
FORBIDDEN += ("subprocess.Popen", "socket.connect", "os.remove", "os.rename")


def draw(n_vectors):
    """Vectors of normal numbers."""
    return np.random.default_rng(0).standard_normal((n_vectors, 32))


class SavedIndex:
    """An index in a directory."""

    def __init__(self, make):
        self.make = make

    def save(self, folder):
        """Write it, and return its files."""
        index = self.make().fit(draw(N_VECTORS), metadata={"number": range(N_VECTORS)})
        self.kind, self.path = type(index), index.save(Path(folder, "index"))
        return sorted(self.path.iterdir())

    def answer(self):
        """All neighbours of a few queries."""
        index = self.kind.load(self.path)
        return index.kneighbors(draw(5), N_VECTORS, where="number >= 0")


class SavedModel:
    """A model in one file."""

    def __init__(self, make, ask):
        self.make, self.ask = make, ask

    def save(self, folder):
        """Write it, and return its file."""
        self.path = save(self.make(), Path(folder, "model.itm"))
        return [self.path]

    def answer(self):
        """What the model says about a few items."""
        return self.ask(load(self.path))


class SavedRetriever:
    """A retriever in a directory, with its gallery and its indexes."""

    def save(self, folder):
        """Write it, and return its files."""
        pairs = ImageTextPairs(draw(50), draw(50))
        retriever = CrossModalRetriever(DualEncoder()).fit(pairs)
        self.path = retriever.save(Path(folder, "retriever"))
        return sorted(self.path.iterdir())

    def answer(self):
        """All neighbours of a few queries, and the gallery."""
        retriever = CrossModalRetriever.load(self.path)
        query = ImageTextPairs(texts=draw(3))
        return (*retriever.kneighbors(query, 50), retriever.gallery_.images)


def make_baseline():
    """A whole pipeline on words of colours and texts."""
    text = make_pipeline(TfidfVectorizer(), TruncatedSVD(8, random_state=0))
    encoder = DualEncoder(image=ColorHistogram(), text=text)
    matcher = SimilarityMatcher(random_state=0)
    return make_pipeline(encoder, CCA(4), matcher).fit(SCENES)


def make_words():
    """A vocabulary of local descriptors."""
    words = make_pipeline(SIFT(), BagOfVisualWords(8, random_state=0))
    return words.fit(SCENES.images)


def make_network():
    """A network that compares vectors."""
    matcher = NeuralMatcher(8, max_iter=2, random_state=0)
    return matcher.fit(ImageTextPairs(draw(60), draw(60)))


def make_answerer():
    """A network of pictures and words."""
    settings = {"n_components": 32, "image_size": 16, "max_iter": 1}
    model = VisualQuestionAnswering(**settings, random_state=0)
    return model.fit(SCENES, np.resize(["yes", "no"], len(SCENES)))


def _ask_pairs(model):
    return [model.decision_function(SCENES), model.predict_proba(SCENES)]


def _ask_network(model):
    return [model.decision_function(ImageTextPairs(draw(9), draw(9)))]


CASES = {
    "pipeline ending in SimilarityMatcher": SavedModel(make_baseline, _ask_pairs),
    "CCA": SavedModel(
        lambda: CCA(4).fit(draw(99), draw(99)), lambda cca: [cca.transform(draw(9))]
    ),
    "SIFT, BagOfVisualWords": SavedModel(
        make_words, lambda words: [words.transform(SCENES.images[:3])]
    ),
    "NeuralMatcher": SavedModel(make_network, _ask_network),
    "VisualQuestionAnswering": SavedModel(
        make_answerer, lambda model: [model.predict_proba(SCENES[:3])]
    ),
    "CrossModalRetriever": SavedRetriever(),
    "ExactIndex": SavedIndex(ExactIndex),
    "ExactIndex, int8": SavedIndex(lambda: ExactIndex(storage="int8")),
    "FaissIndex, hnsw": SavedIndex(FaissIndex),
    "FaissIndex, ivfpq": SavedIndex(lambda: FaissIndex("ivfpq")),
}


class Watch:
    """Counts what loading must not do."""

    def __init__(self):
        self.seen, self.on = Counter(), False
        sys.addaudithook(self._look)

    def _look(self, event, arguments):
        if self.on and event.startswith(FORBIDDEN):
            self.seen[event] += 1

    @contextmanager
    def watching(self):
        """Count for as long."""
        self.on = True
        try:
            yield
        finally:
            self.on = False


def damage(content, cut):
    """The content cut off somewhere, or with one bit turned over."""
    if cut:
        return content[: random.randrange(len(content))]
    content, place = bytearray(content), random.randrange(8 * len(content))
    content[place // 8] ^= 1 << place % 8
    return bytes(content)


def judge(case, truth):
    """What has become of a damaged model."""
    try:
        found = case.answer()
    except (ValueError, FileNotFoundError):
        return "refused"
    except Exception as error:
        return f"{type(error).__name__} (WRONG)"
    same = all(map(np.array_equal, found, truth))
    return "harmless" if same else "silently other (WRONG)"


def try_damages(case, n_flips, n_cuts, watch):
    """How often a damage ended how."""
    counts = Counter()
    with tempfile.TemporaryDirectory() as folder:
        files = case.save(folder)
        truth = case.answer()
        # Every file gets its share, however small it is.
        for number in range(n_flips + n_cuts):
            file = files[number % len(files)]
            content = file.read_bytes()
            file.write_bytes(damage(content, cut=number >= n_flips))
            with watch.watching():
                outcome = judge(case, truth)
            counts["cut" if number >= n_flips else "flipped", outcome] += 1
            file.write_bytes(content)
    return counts


def main():
    """Damage every kind of model, and fail if a damage passed unseen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=10_000, help="over all kinds")
    parser.add_argument("--cuts", type=int, default=1_000, help="over all kinds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)
    warnings.simplefilter("ignore")
    watch, total = Watch(), Counter()
    for name, case in CASES.items():
        shares = options.flips // len(CASES), options.cuts // len(CASES)
        counts = try_damages(case, *shares, watch)
        total += counts
        print(f"{name:37}", _told(counts), flush=True)
    print(f"{'all':37}", _told(total))
    print("Forbidden while loading:", dict(watch.seen) or "nothing")
    n_wrong = sum(n for (_, what), n in total.items() if "WRONG" in what)
    raise SystemExit(n_wrong + watch.seen.total() > 0)


def _told(counts):
    return ", ".join(f"{n} {kind} {what}" for (kind, what), n in sorted(counts.items()))


if __name__ == "__main__":
    main()
