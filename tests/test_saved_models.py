"""Models saved by earlier releases load and answer as they did, or say why not."""

import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import InconsistentVersionWarning

from itm_sklearn import load, save
from itm_sklearn.datasets import make_scenes
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, ExactIndex

SAVED = Path(__file__).parent / "saved"
RELEASES = [path for path in SAVED.iterdir() if path.is_dir()]


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def release(request):
    """The folder of a release; scikit-learn warns of parts that are older."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        yield request.param


def answers(release, name):
    return json.loads((release / "answers.json").read_text())[name]


def vectors():
    numbers = np.random.default_rng(0).standard_normal((40, 4))
    return ImageTextPairs(numbers, numbers + 0.1)


def test_there_is_a_saved_release():
    assert RELEASES


def test_an_old_pipeline_scores_as_it_did(release):
    pairs = make_scenes(20, image_size=32, random_state=0).pairs
    scores = load(release / "pipeline.itm").decision_function(pairs)
    np.testing.assert_allclose(scores, answers(release, "pipeline"), atol=1e-5)


def test_an_old_network_scores_as_it_did(release):
    pytest.importorskip("torch")
    scores = load(release / "network.itm").decision_function(vectors())
    np.testing.assert_allclose(scores, answers(release, "network"), atol=1e-5)


def test_an_old_index_finds_what_it_found(release):
    index = ExactIndex.load(release / "index")
    _, ids = index.kneighbors(np.eye(4), 1)
    assert ids.ravel().tolist() == [0, 1, 2, 3]
    _, ids = index.kneighbors(np.eye(4)[:1], 1, where="year > 3")
    assert ids.ravel().tolist() == [3]


def test_an_old_retriever_finds_what_it_found(release):
    retriever = CrossModalRetriever.load(release / "retriever")
    query = ImageTextPairs(images=vectors().images)
    _, found = retriever.kneighbors(query, 1)
    assert (found.ravel() == np.arange(40)).mean() > 0.5


def rewritten(path, target, **changes):
    """The saved model with changes to its manifest; None takes an entry away."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        manifest = {**json.loads(old.read("manifest.json")), **changes}
        new.writestr("manifest.json", json.dumps(manifest))
        new.writestr("model.skops", changes.get("content", old.read("model.skops")))
    return target


def test_a_model_of_a_later_format_is_refused_with_its_versions(release, tmp_path):
    path = rewritten(release / "pipeline.itm", tmp_path / "later.itm", format=2)
    with pytest.raises(ValueError, match=r"has format 2.*reads 1.*'itm-sklearn'"):
        load(path)


def test_a_model_whose_class_is_gone_is_refused_with_both_versions(
    release, tmp_path, monkeypatch
):
    monkeypatch.delattr("itm_sklearn.alignment._cca.CCA")
    with pytest.raises(ValueError, match="CCA"):
        load(release / "pipeline.itm")


def test_a_model_that_cannot_be_rebuilt_names_what_differs(
    release, tmp_path, monkeypatch
):
    def fail(*_, **__):
        raise AttributeError("no attribute 'ridge'")

    versions = {"itm-sklearn": "0.0.1", "numpy": "1.0"}
    path = rewritten(release / "pipeline.itm", tmp_path / "m.itm", versions=versions)
    monkeypatch.setattr("skops.io.loads", fail)
    with pytest.raises(ValueError, match=r"no attribute 'ridge'.*'numpy': '1.0'.*inst"):
        load(path)


@pytest.mark.filterwarnings("ignore:device='cuda' is not here")
def test_a_network_fitted_on_a_gpu_loads_without_one(release, tmp_path):
    """Weights are saved as arrays, whatever device they were on."""
    pytest.importorskip("torch")
    network = load(release / "network.itm")
    expected = network.decision_function(vectors())
    loaded = load(save(network.set_params(device="cuda"), tmp_path / "gpu.itm"))
    np.testing.assert_allclose(loaded.decision_function(vectors()), expected, atol=1e-5)
