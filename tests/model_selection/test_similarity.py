"""One similarity for every kind of estimator."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.model_selection import (
    ImageKFold,
    embed_pairs,
    pair_similarity,
    retrieval_scoring,
)
from itm_sklearn.model_selection._judged import compares_by_cosine
from itm_sklearn.pairs import ImageTextPairs


class DotProduct(BaseEstimator):
    """A matcher that compares without normalizing."""

    def fit(self, X, y=None):
        self.is_fitted_ = True
        return self

    def similarity(self, X):
        return X.texts @ X.images.T


def test_the_cosine_of_transformed_pairs_by_hand():
    pairs = ImageTextPairs(np.eye(2), np.array([[3.0, 4.0], [0.0, 0.0]]))
    expected = [[0.6, 0.8], [0, 0]]
    assert np.allclose(pair_similarity(FunctionTransformer(), pairs), expected)


def test_its_own_similarity_comes_before_the_cosine(pairs, aligner):
    matcher = DotProduct().fit(pairs)
    found = pair_similarity(matcher, pairs.map(image=lambda x: x[:, :6]))
    assert np.array_equal(found, pairs.texts @ pairs.images[:, :6].T)


def test_the_last_step_of_a_pipeline_compares_what_the_others_made(pairs, aligner):
    pipeline = make_pipeline(aligner, DotProduct()).fit(pairs)
    projected = pipeline[0].transform(pairs)
    expected = projected.texts @ projected.images.T
    assert np.array_equal(pair_similarity(pipeline, pairs), expected)


def test_a_pipeline_of_one_step_compares_the_pairs_themselves(pairs):
    square = pairs.map(image=lambda images: images[:, :6])
    pipeline = make_pipeline(DotProduct()).fit(square)
    assert np.array_equal(
        pair_similarity(pipeline, square), square.texts @ square.images.T
    )


def test_a_search_answers_like_its_best_estimator(pairs, aligner):
    search = GridSearchCV(
        make_pipeline(aligner, DotProduct()),
        {"ridgealigner__alpha": [0.1, 10]},
        scoring=retrieval_scoring(),
        refit="rsum",
        cv=ImageKFold(2),
    ).fit(pairs)
    expected = pair_similarity(search.best_estimator_, pairs)
    assert np.array_equal(pair_similarity(search, pairs), expected)


def test_float32_embeddings_give_float32_similarity(pairs):
    half = pairs.map(
        image=lambda images: images[:, :6].astype(np.float32),
        text=lambda texts: texts.astype(np.float32),
    )
    assert pair_similarity(FunctionTransformer(), half).dtype == np.float32


def test_views_of_different_length_ask_for_an_aligner(pairs):
    with pytest.raises(ValueError, match=r"images of float64 × 8.*add an aligner"):
        pair_similarity(FunctionTransformer(), pairs)


def test_strings_ask_for_an_aligner():
    pairs = ImageTextPairs(["a.jpg"], ["a dog"])
    with pytest.raises(ValueError, match="vectors of one length"):
        pair_similarity(FunctionTransformer(), pairs)


def test_an_estimator_that_cannot_compare_is_named(pairs):
    with pytest.raises(TypeError, match="BaseEstimator has neither"):
        pair_similarity(BaseEstimator(), pairs)


def test_a_fusion_is_not_a_similarity(pairs):
    fusion = FunctionTransformer(lambda pairs: np.zeros((len(pairs), 2)))
    with pytest.raises(TypeError, match="turned pairs into ndarray"):
        pair_similarity(fusion, pairs)


def test_a_missing_view_is_named():
    with pytest.raises(ValueError, match="has no images"):
        pair_similarity(FunctionTransformer(), ImageTextPairs(texts=["a dog"]))


def test_a_transposed_similarity_is_refused(pairs):
    matcher = DotProduct()
    matcher.similarity = lambda pairs: np.zeros((pairs.n_images, len(pairs)))
    with pytest.raises(ValueError, match=r"shape \(60, 120\).*need \(120, 60\)"):
        pair_similarity(matcher, pairs)


def test_a_search_embeds_and_compares_like_its_best_estimator(pairs, aligner):
    """So that the judges of a search need no matrix either."""
    search = GridSearchCV(
        aligner, {"alpha": [1.0]}, scoring=retrieval_scoring(), cv=ImageKFold(2)
    )
    search.set_params(refit="rsum").fit(pairs)
    expected = search.best_estimator_.transform(pairs)
    np.testing.assert_array_equal(embed_pairs(search, pairs).texts, expected.texts)
    assert compares_by_cosine(search)
    assert not compares_by_cosine(DotProduct())


def test_a_fusion_leaves_no_views_to_embed(pairs):
    fusion = FunctionTransformer(lambda pairs: pairs.texts)
    with pytest.raises(TypeError, match="turned pairs into ndarray.*aligner"):
        embed_pairs(fusion, pairs)


def test_what_makes_no_vectors_is_not_embedded(pairs):
    with pytest.raises(TypeError, match="BaseEstimator has neither transform nor"):
        embed_pairs(BaseEstimator(), pairs)
