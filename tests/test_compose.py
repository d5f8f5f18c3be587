"""One encoder a view: what is fitted on what, and what a query may lack."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from itm_sklearn.compose import DualEncoder
from itm_sklearn.pairs import ImageTextPairs


class Recorder(TransformerMixin, BaseEstimator):
    """Passes features through and remembers what it was fitted on."""

    def fit(self, X, y=None):
        self.seen_ = list(X)
        self.labels_ = y
        return self

    def transform(self, X):
        return X


@pytest.fixture
def pairs():
    return ImageTextPairs(
        images=np.array([[0.0], [4.0]]),
        texts=["a dog", "a dog runs", "the dog", "a cat"],
        image_index=[0, 0, 0, 1],
    )


def test_a_frozen_encoder_stays_as_it_was_fitted(pairs):
    scaler = StandardScaler().fit([[0.0], [2.0]])
    encoded = DualEncoder(image=FrozenEstimator(scaler)).fit_transform(pairs)
    np.testing.assert_allclose(encoded.images, [[-1.0], [3.0]])


def test_the_image_encoder_sees_each_image_once(pairs):
    encoder = DualEncoder(image=Recorder()).fit(pairs)
    assert len(encoder.image_encoder_.seen_) == 2


def test_a_fitted_image_step_weighs_images_alike(pairs):
    encoder = DualEncoder(image=StandardScaler()).fit(pairs)
    assert encoder.image_encoder_.mean_ == [2.0]


def test_labels_are_kept_from_the_encoders(pairs):
    encoder = DualEncoder(text=Recorder()).fit(pairs, [1, 1, 1, 0])
    assert encoder.text_encoder_.labels_ is None


def test_fit_transform_gives_what_fit_and_transform_give(pairs):
    encoder = DualEncoder(StandardScaler(), TfidfVectorizer())
    together = clone(encoder).fit_transform(pairs)
    apart = encoder.fit(pairs).transform(pairs)
    np.testing.assert_allclose(together.images, apart.images)
    np.testing.assert_allclose(together.texts.toarray(), apart.texts.toarray())


def test_a_query_may_lack_a_view(pairs):
    encoder = DualEncoder(StandardScaler(), TfidfVectorizer()).fit(pairs)
    assert encoder.transform(ImageTextPairs(texts=["a dog"])).images is None
    assert encoder.transform(ImageTextPairs(images=[[1.0]])).texts is None


def test_a_function_is_an_encoder(pairs):
    encoded = DualEncoder(text=lambda texts: [[len(text)] for text in texts])
    assert encoded.fit_transform(pairs).texts == [[5], [10], [7], [5]]


def test_a_data_frame_is_encoded():
    frame = pd.DataFrame({"image": ["a.jpg", "b.jpg"], "text": ["a dog", "a cat"]})
    assert DualEncoder(text=TfidfVectorizer()).fit_transform(frame).texts.shape == (
        2,
        2,
    )


def test_parameters_of_both_encoders_have_their_own_names():
    encoder = DualEncoder(text=make_pipeline(TfidfVectorizer(), TruncatedSVD(2)))
    encoder.set_params(text__tfidfvectorizer__min_df=3)
    assert encoder.text[0].min_df == 3


def test_fitting_leaves_the_given_encoders_unfitted(pairs):
    encoder = DualEncoder(image=StandardScaler()).fit(pairs)
    assert not hasattr(encoder.image, "mean_")


def test_feature_names_tell_the_view(pairs):
    encoder = DualEncoder(StandardScaler(), TfidfVectorizer()).fit(pairs)
    assert encoder.get_feature_names_out().tolist() == [
        "image__x0",
        "text__cat",
        "text__dog",
        "text__runs",
        "text__the",
    ]


def test_an_encoder_without_its_view_is_an_error():
    with pytest.raises(ValueError, match="no images to fit image=StandardScaler"):
        DualEncoder(image=StandardScaler()).fit(ImageTextPairs(texts=["a dog"]))


def test_what_is_no_encoder_is_an_error(pairs):
    with pytest.raises(TypeError, match="'tfidf' is no encoder"):
        DualEncoder(text="tfidf").fit(pairs)
