"""Write the models of a release, which later releases must load or refuse in words.

    python tests/saved/make.py

The folder is named by the version. It is made once a release, and never again.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn import __version__, save
from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.matching import NeuralMatcher, SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever, ExactIndex


def main():
    """Fit small models on made-up data, and write them with what they answer."""
    folder = Path(__file__).parent / __version__
    folder.mkdir()
    pairs = make_scenes(20, image_size=32, random_state=0).pairs
    text = make_pipeline(TfidfVectorizer(), TruncatedSVD(6, random_state=0))
    model = make_pipeline(
        DualEncoder(image=ColorHistogram(4), text=text),
        CCA(3),
        SimilarityMatcher(random_state=0),
    ).fit(pairs)
    save(model, folder / "pipeline.itm")
    numbers = np.random.default_rng(0).standard_normal((40, 4))
    vectors = ImageTextPairs(numbers, numbers + 0.1)
    network = NeuralMatcher(2, max_iter=1, random_state=0).fit(vectors)
    save(network, folder / "network.itm")
    ExactIndex().fit(np.eye(4), metadata={"year": [1, 2, 3, 4]}).save(folder / "index")
    CrossModalRetriever(DualEncoder()).fit(vectors).save(folder / "retriever")
    answers = {
        "pipeline": model.decision_function(pairs).tolist(),
        "network": network.decision_function(vectors).tolist(),
    }
    (folder / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
