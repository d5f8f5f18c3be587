"""Where an extra is not installed, what needs it says how to install it.

Each package is hidden in turn, although it is there.
"""

import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from itm_sklearn.alignment import ContrastiveAligner
from itm_sklearn.cli import app
from itm_sklearn.cli._web import make_app
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import load_easy_vqa
from itm_sklearn.generation import Captioner
from itm_sklearn.image import SURF, CNNEncoder
from itm_sklearn.inspection import RecallCurveDisplay, write_html_report
from itm_sklearn.inspection._segments import cut_picture
from itm_sklearn.matching import NeuralMatcher, SimilarityMatcher
from itm_sklearn.metrics import meteor, retrieval_report
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, FaissIndex, MilvusIndex
from itm_sklearn.text import TransformerTextEncoder, Word2VecEncoder

PIXELS = np.zeros((16, 16, 3), np.uint8)
VECTORS = ImageTextPairs(np.eye(4), np.eye(4))
CAPTIONED = ImageTextPairs([PIXELS] * 2, ["a dog", "a cat"])
REPORTS = {"model": retrieval_report(np.eye(4), VECTORS)}


def serve():
    model = SimilarityMatcher(random_state=0).fit(VECTORS)
    return make_app(CrossModalRetriever(model).fit(VECTORS))


def run_demo():
    # The command makes one line of the error.
    raise ImportError(CliRunner().invoke(app, ["demo"]).stderr)


# What is hidden, which extra brings it, and what is used.
DOORS = [
    ("mahotas", "surf", lambda: SURF().transform([PIXELS])[0]),
    ("snowballstemmer", "captions", lambda: meteor([["dogs"]], ["dog"], stem=True)),
    (
        "matplotlib",
        "report",
        lambda: RecallCurveDisplay(recall={"text_to_image": [0.5]}).plot(),
    ),
    ("jinja2", "report", lambda: write_html_report("page.html", REPORTS, title="Page")),
    ("matplotlib", "demo", run_demo),
    ("torch", "deep", lambda: NeuralMatcher(2).fit(VECTORS)),
    ("torch", "deep", lambda: ContrastiveAligner(2).fit(VECTORS)),
    ("torch", "deep", lambda: Captioner().fit(CAPTIONED)),
    ("torch", "deep", lambda: CNNEncoder().transform([PIXELS])),
    ("torch", "deep", lambda: TransformerTextEncoder().transform(["a dog"])),
    ("gensim", "deep", lambda: Word2VecEncoder().fit(["a dog"])),
    ("faiss", "search", lambda: FaissIndex().fit(np.eye(4))),
    ("pymilvus", "milvus", lambda: MilvusIndex("gallery.db").fit(np.eye(4))),
    ("starlette", "serve", serve),
    ("skimage", "explain", lambda: cut_picture(PIXELS, "slic:4")),
    ("easy_vqa", "questions", load_easy_vqa),
]


class Hider:
    """Finds a package to be absent, before it is looked for."""

    def __init__(self, package):
        self.package = package

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module {name!r}", name=self.package)


@pytest.fixture
def hide(monkeypatch):
    """A package is as good as absent, whether it was imported before or not."""

    def hide(package):
        for name in list(sys.modules):
            # Torch can't be imported twice: its parts stay.
            inside = package != "torch" and name.startswith(f"{package}.")
            if inside or name == package:
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [Hider(package), *sys.meta_path])

    return hide


@pytest.mark.parametrize(("package", "extra", "use"), DOORS)
def test_what_needs_an_absent_package_names_its_extra(
    package, extra, use, hide, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    hide(package)
    with pytest.raises(ImportError, match=rf"{package}.*itm-sklearn\[{extra}\]"):
        use()


def test_the_core_works_without_any_extra(hide):
    for package in {package for package, _, _ in DOORS}:
        hide(package)
    encoder = DualEncoder(text=lambda texts: np.eye(4)[: len(texts)])
    pairs = encoder.fit_transform(ImageTextPairs(np.eye(4), list("abcd")))
    model = SimilarityMatcher(random_state=0).fit(pairs)
    assert CrossModalRetriever(model).fit(pairs).score(pairs) == 1.0
