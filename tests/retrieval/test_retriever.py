"""The retriever: ranked lists in both directions, from any model and index."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever

ANIMALS = ["dog", "cat", "fox", "cow"]


@pytest.fixture
def gallery():
    """Four images whose vectors say which animal is in them, two texts each."""
    texts = [f"{article} {animal}" for animal in ANIMALS for article in ("a", "one")]
    return ImageTextPairs(np.eye(4), texts, np.repeat(np.arange(4), 2))


def count_animals(texts):
    return np.array([[text.count(animal) for animal in ANIMALS] for text in texts])


@pytest.fixture
def model():
    return DualEncoder(text=count_animals)


def test_the_image_that_a_text_names_comes_first(gallery, model):
    result = CrossModalRetriever(model).fit(gallery).retrieve_images(["the fox"], 2)
    assert result.indices[0, 0] == 2
    assert result.items[0][0].tolist() == [0, 0, 1, 0]
    assert result.scores[0] == pytest.approx([1, 0])


def test_the_texts_that_name_an_image_come_first(gallery, model):
    result = CrossModalRetriever(model).fit(gallery).retrieve_texts(np.eye(4)[:1], 2)
    assert result.items == [["a dog", "one dog"]]
    assert result.indices.tolist() == [[0, 1]]


def test_a_fitted_model_is_used_as_it_is(gallery, model):
    retriever = CrossModalRetriever(model.fit(gallery)).fit(gallery[:2])
    assert retriever.model_ is model


def test_an_unfitted_model_is_fitted_on_the_gallery_as_a_copy(gallery, model):
    retriever = CrossModalRetriever(model).fit(gallery)
    assert retriever.model_ is not model
    assert not hasattr(model, "text_encoder_")


def test_a_matcher_at_the_end_does_not_get_in_the_way(gallery, model):
    alone = CrossModalRetriever(model).fit(gallery)
    pipeline = make_pipeline(model, SimilarityMatcher(random_state=0))
    matched = CrossModalRetriever(pipeline).fit(gallery)
    texts = ["the cow", "a fox and a dog"]
    np.testing.assert_array_equal(
        matched.retrieve_images(texts, 4).indices,
        alone.retrieve_images(texts, 4).indices,
    )


def test_similarity_ranks_pairs_that_are_not_in_the_gallery(gallery, model):
    retriever = CrossModalRetriever(model).fit(gallery)
    others = ImageTextPairs(np.eye(4)[2:], ["fox", "cow"])
    np.testing.assert_allclose(retriever.similarity(others), np.eye(2))
    assert retriever.score(others) == 1.0


def test_a_gallery_of_images_alone_is_searched_by_a_fitted_model(gallery, model):
    images = ImageTextPairs(images=np.eye(4))
    retriever = CrossModalRetriever(model.fit(gallery)).fit(images)
    assert retriever.retrieve_images(["a cat"], 1).indices.tolist() == [[1]]
    with pytest.raises(ValueError, match="has no texts to find"):
        retriever.retrieve_texts(np.eye(4))


def test_scikit_learns_neighbours_can_be_the_index(gallery, model):
    index = NearestNeighbors(metric="cosine")
    retriever = CrossModalRetriever(model, index=index).fit(gallery)
    assert retriever.retrieve_images(["a cat"], 1).indices.tolist() == [[1]]


def test_a_grid_reaches_into_the_model(gallery):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(30, 6))
    pairs = ImageTextPairs(images, images @ rng.normal(size=(6, 5)))
    retriever = CrossModalRetriever(make_pipeline(CCA(), SimilarityMatcher()))
    search = GridSearchCV(
        retriever,
        {"model__cca__n_components": [1, 4]},
        scoring=retrieval_scoring(),
        refit="rsum",
        cv=ImageKFold(3),
        error_score="raise",
    ).fit(pairs)
    assert search.best_params_ == {"model__cca__n_components": 4}


def test_a_result_becomes_a_table(gallery, model):
    result = CrossModalRetriever(model).fit(gallery).retrieve_texts(np.eye(4), 2)
    frame = result.to_frame()
    assert frame["item"].tolist()[:2] == ["a dog", "one dog"]
    assert frame["rank"].tolist() == [1, 2] * 4
    assert len(result) == 4


def test_a_query_of_both_views_is_refused(gallery, model):
    with pytest.raises(ValueError, match="has both views"):
        CrossModalRetriever(model).fit(gallery).kneighbors(gallery)
