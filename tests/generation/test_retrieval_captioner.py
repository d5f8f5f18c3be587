"""Captions that are found are those of the best match, whatever finds it."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import RidgeAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.generation import RetrievalCaptioner
from itm_sklearn.image import ColorHistogram
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever

RED, BLUE = (200, 0, 0), (0, 0, 200)


@pytest.fixture
def pairs():
    images = np.array([np.full((8, 8, 3), colour, np.uint8) for colour in (RED, BLUE)])
    images = images.repeat(3, axis=0)
    captions = ["so red", "red", "very red", "so blue", "blue", "very blue"]
    return ImageTextPairs(images, captions)


def make_matcher():
    texts = CountVectorizer(dtype=float)
    return make_pipeline(DualEncoder(ColorHistogram(), texts), RidgeAligner())


@pytest.mark.parametrize("wrap", [lambda matcher: matcher, CrossModalRetriever])
def test_the_caption_has_the_colour_of_the_image(pairs, wrap):
    model = RetrievalCaptioner(wrap(make_matcher())).fit(pairs)
    captions = model.predict(pairs.images[[0, 5, 1]])
    assert [caption.split()[-1] for caption in captions] == ["red", "blue", "red"]
    assert set(captions) <= set(pairs.texts)


def test_a_fitted_matcher_is_used_as_it_is(pairs):
    matcher = make_matcher().fit(pairs)
    model = RetrievalCaptioner(matcher).fit(pairs.images[:2], ["one", ["two", "red"]])
    assert model.matcher_ is matcher
    assert model.texts_ == ["one", "two", "red"]
    assert model.predict(pairs.images[:1]) == ["red"]


def test_blocks_of_images_give_the_same_captions(pairs, monkeypatch):
    model = RetrievalCaptioner(make_matcher()).fit(pairs)
    expected = model.predict(pairs)
    monkeypatch.setattr("itm_sklearn.generation._retrieval_captioner._BLOCK", 1)
    assert model.predict(pairs) == expected


def test_it_is_judged_as_a_captioner_is(pairs):
    model = RetrievalCaptioner(make_matcher()).fit(pairs)
    assert 0 < model.score(pairs) <= 10
    assert model.predict([]) == []
