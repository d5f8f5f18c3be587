"""Pairs whose two views are related, and the smallest aligner that can learn it."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge

from itm_sklearn.pairs import ImageTextPairs


class RidgeAligner(BaseEstimator):
    """Predicts the image features from the text features."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y=None):
        self.ridge_ = Ridge(alpha=self.alpha).fit(X.texts, X.images[X.image_index])
        return self

    def transform(self, X):
        return X.map(text=self.ridge_.predict)


@pytest.fixture
def aligner():
    return RidgeAligner()


@pytest.fixture(scope="session")
def pairs():
    """60 images with 1, 2 or 3 captions each: 120 pairs of vectors."""
    rng = np.random.default_rng(0)
    image_index = np.repeat(np.arange(60), np.tile([1, 2, 3], 20))
    images = rng.normal(size=(60, 8))
    texts = images[image_index] @ rng.normal(size=(8, 6))
    texts += rng.normal(scale=0.8, size=texts.shape)
    return ImageTextPairs(images, texts, image_index)
