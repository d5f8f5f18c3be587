"""The retriever: ranked lists in both directions, from any model and index."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import CrossModalRetriever
from itm_sklearn.retrieval._gallery import join_pairs

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


class GrowingIndex(NearestNeighbors):
    """Any index that has `add` and knows conditions will do."""

    def __init__(self):
        super().__init__(metric="cosine")

    def fit(self, X, y=None, *, metadata=None):
        self.rows_, self.metadata_ = np.asarray(X), metadata
        return super().fit(self.rows_)

    def add(self, X, *, metadata=None):
        if metadata is not None:
            metadata = {k: self.metadata_[k] + v for k, v in metadata.items()}
        return self.fit(np.vstack([self.rows_, X]), metadata=metadata)

    def kneighbors(self, X, n_neighbors=5, *, where=None):
        if where is None:
            return super().kneighbors(X, n_neighbors)
        rows = np.flatnonzero(np.array(self.metadata_["label"]) == where)
        part = NearestNeighbors(metric="cosine").fit(self.rows_[rows])
        distances, found = part.kneighbors(X, min(n_neighbors, len(rows)))
        return distances, rows[found]


def test_each_view_finds_its_like(gallery, model):
    retriever = CrossModalRetriever(model).fit(gallery)
    images = ImageTextPairs(images=np.eye(4)[[2]])
    assert retriever.retrieve_images(images, 1).indices.tolist() == [[2]]
    texts = ImageTextPairs(texts=["my dog"])
    assert retriever.retrieve_texts(texts, 2).items == [["a dog", "one dog"]]


def test_an_image_and_a_text_are_asked_together(gallery, model):
    retriever = CrossModalRetriever(model).fit(gallery)
    both = ImageTextPairs(images=np.eye(4)[[2]], texts=["a cow"])
    for weight, order in ((0.6, [3, 2]), (0.4, [2, 3])):
        found = retriever.retrieve_images(both, 2, text_weight=weight)
        assert found.indices.tolist() == [order]
    assert found.asked == "both"
    with pytest.raises(ValueError, match="text_weight=2"):
        retriever.retrieve_images(both, 2, text_weight=2)


def test_added_pairs_are_found_behind_the_others(gallery, model):
    retriever = CrossModalRetriever(model, index=GrowingIndex()).fit(gallery)
    n_texts = len(gallery)
    more = ImageTextPairs(np.eye(4)[:2] + 0.5, ["the cow in the sun", "a cat"])
    assert retriever.add(more) is retriever
    assert retriever.gallery_.n_images == gallery.n_images + 2
    found = retriever.retrieve_texts(np.eye(4)[[3]], n_texts + 2)
    assert found.items[0][found.indices[0].tolist().index(n_texts)] == more.texts[0]
    images = ImageTextPairs(images=more.images)
    indices = retriever.retrieve_images(images, 1).indices
    assert indices.tolist() == [[gallery.n_images], [gallery.n_images + 1]]


def test_pairs_of_other_views_can_not_be_added(gallery, model):
    retriever = CrossModalRetriever(model, index=GrowingIndex()).fit(gallery)
    with pytest.raises(ValueError, match="must have the same views"):
        retriever.add(ImageTextPairs(images=np.eye(4)))


def test_a_gallery_of_texts_alone_grows(gallery, model):
    """Where no pair has an image, added pairs get rows behind those of before."""
    model = model.fit(gallery)
    texts = ImageTextPairs(texts=["a dog", "a cat"])
    retriever = CrossModalRetriever(model, index=GrowingIndex())
    retriever.fit(texts, metadata={"label": ["wild", "tame"]})
    retriever.add(ImageTextPairs(texts=["a fox"]), metadata={"label": ["wild"]})
    found = retriever.retrieve_texts(np.eye(4)[[2]], 1)
    assert found.items == [["a fox"]]
    assert retriever.gallery_.image_index.tolist() == [0, 1, 2]


def test_a_gallery_of_sparse_vectors_grows(gallery):
    one = ImageTextPairs(sparse.eye_array(2, format="csr"), ["a", "b"])
    both = join_pairs(one, one)
    np.testing.assert_array_equal(both.images.toarray(), np.tile(np.eye(2), (2, 1)))


def test_images_without_a_pair_have_no_metadata(model):
    pairs = ImageTextPairs(np.eye(4), ["a dog"], [1])
    with pytest.raises(ValueError, match="3 images of .* are in no pair"):
        CrossModalRetriever(model, index=GrowingIndex()).fit(
            pairs, metadata={"label": ["wild"]}
        )


def test_a_target_is_images_or_texts(gallery, model):
    retriever = CrossModalRetriever(model).fit(gallery)
    query = ImageTextPairs(texts=["a dog"])
    with pytest.raises(ValueError, match="target='sounds' must be 'images' or"):
        retriever.kneighbors(query, 1, target="sounds")


def test_an_index_that_can_not_grow_says_so(gallery, model):
    index = NearestNeighbors(metric="cosine")
    retriever = CrossModalRetriever(model, index=index).fit(gallery)
    with pytest.raises(TypeError, match="NearestNeighbors takes nothing more"):
        retriever.add(gallery)


def test_conditions_and_metadata_go_to_the_index(model):
    pairs = ImageTextPairs(np.eye(4), ["a dog", "a cat", "a fox", "a cow"])
    labels = {"label": ["wild", "tame", "wild", "tame"]}
    retriever = CrossModalRetriever(model, index=GrowingIndex())
    retriever.fit(pairs, metadata=labels)
    found = retriever.retrieve_images(["a cat"], 4, where="wild")
    assert sorted(found.indices[0]) == [0, 2]
    retriever.add(pairs, metadata=labels)
    found = retriever.retrieve_images(["a cat"], 8, where="tame")
    assert sorted(found.indices[0]) == [1, 3, 5, 7]
    assert found.indices[0, :2].tolist() == [1, 5]


def test_a_saved_retriever_answers_as_before(gallery, tmp_path):
    """With its model, its gallery and both indexes, from one directory."""
    model = SimilarityMatcher(random_state=0)
    rng = np.random.default_rng(0)
    pairs = ImageTextPairs(rng.normal(size=(9, 4)), rng.normal(size=(9, 4)))
    retriever = CrossModalRetriever(model).fit(pairs)
    loaded = CrossModalRetriever.load(retriever.save(tmp_path / "gallery"))
    for ask in ("retrieve_images", "retrieve_texts"):
        found, expected = (getattr(r, ask)(pairs.texts, 3) for r in (loaded, retriever))
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(loaded.similarity(pairs), retriever.similarity(pairs))


def test_a_damaged_retriever_is_refused(tmp_path):
    pairs = ImageTextPairs(np.eye(3), np.eye(3))
    retriever = CrossModalRetriever(SimilarityMatcher()).fit(pairs)
    path = retriever.save(tmp_path / "gallery")
    for part in path.iterdir():
        content = part.read_bytes()
        part.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
        with pytest.raises(ValueError, match="is damaged"):
            CrossModalRetriever.load(path)
        part.write_bytes(content)
    CrossModalRetriever.load(path)


def test_a_model_without_an_aligner_is_told_to_have_one(gallery):
    """Images of four features and texts of three end up in two spaces."""
    model = DualEncoder(text=lambda texts: count_animals(texts)[:, :3])
    retriever = CrossModalRetriever(model).fit(gallery)
    with pytest.raises(ValueError, match=r"have 3 features and the images .* 4.*CCA"):
        retriever.retrieve_images(["a dog"], 1)
    words = DualEncoder(text=lambda texts: sparse.csr_array(count_animals(texts)))
    with pytest.raises(TypeError, match="The texts are sparse.*aligner such as CCA"):
        CrossModalRetriever(words).fit(gallery)
