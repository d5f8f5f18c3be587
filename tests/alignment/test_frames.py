"""Data frames out of aligners, where these are asked for."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from itm_sklearn.alignment import CCA, ProcrustesAligner, SemanticAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.fusion import AverageFusion
from itm_sklearn.pairs import ImageTextPairs


@pytest.fixture(scope="module")
def pairs():
    images, texts = np.random.default_rng(0).normal(size=(2, 40, 3))
    return ImageTextPairs(images, texts)


@pytest.mark.parametrize("aligner", [CCA(2), ProcrustesAligner(2)])
def test_arrays_become_frames_and_pairs_stay_pairs(pairs, aligner):
    aligner.set_output(transform="pandas").fit(pairs)
    frame = aligner.transform(pairs.images)
    assert isinstance(frame, pd.DataFrame)
    aligned = aligner.transform(pairs)
    assert isinstance(aligned, ImageTextPairs)
    np.testing.assert_array_equal(aligned.images, frame)
    assert isinstance(aligner.fit_transform(pairs), ImageTextPairs)


def test_a_model_of_pairs_is_fitted_where_all_output_is_frames(pairs):
    y = np.arange(40) % 2
    model = make_pipeline(
        DualEncoder(StandardScaler()),
        CCA(2),
        SemanticAligner(cv=2),
        AverageFusion(),
        LogisticRegression(),
    )
    expected = model.fit(pairs, y).predict_proba(pairs)
    with config_context(transform_output="pandas"):
        told = model.fit(pairs, y).predict_proba(pairs)
    np.testing.assert_array_equal(told, expected)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_a_pipeline_of_pairs_can_be_asked_for_frames(pairs, output):
    model = make_pipeline(DualEncoder(), CCA(2), AverageFusion())
    model.set_output(transform=output)
    assert list(model.fit_transform(pairs).columns) == ["average0", "average1"]
