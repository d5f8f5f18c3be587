"""Displays draw the numbers that they are given."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from itm_sklearn.alignment import CCA
from itm_sklearn.inspection import EmbeddingDisplay, SimilarityDisplay, hubness
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import QueryBankNormalization

pytest.importorskip("matplotlib")

VECTORS = np.random.default_rng(0).normal(size=(6, 4))
PAIRS = ImageTextPairs(
    VECTORS, np.vstack([VECTORS, VECTORS[:2]]) + 0.1, [*range(6), 0, 1]
)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def test_the_matrix_is_the_similarity_with_true_pairs_marked():
    matcher = SimilarityMatcher(random_state=0).fit(PAIRS)
    display = SimilarityDisplay.from_estimator(matcher, PAIRS)
    np.testing.assert_allclose(display.image_.get_array(), matcher.similarity(PAIRS))
    marked = np.zeros((8, 6))
    columns, rows = display.marks_.get_offsets().astype(int).T
    marked[rows, columns] = 1
    np.testing.assert_array_equal(marked, PAIRS.relevance().toarray())


def test_pictures_take_the_place_of_their_labels():
    pictures = [np.full((6, 9, 3), shade, dtype=np.uint8) for shade in (0, 200)]
    pairs = ImageTextPairs(pictures, ["dark" * 20, "light"])
    display = SimilarityDisplay.from_predictions(pairs, np.eye(2))
    assert len(display.ax_.artists) == 2
    assert not any(label.get_visible() for label in display.ax_.get_xticklabels())
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels[1] == "light"
    assert len(labels[0]) == 40


def test_of_two_matrices_that_of_texts_asking_is_drawn():
    model = QueryBankNormalization().fit(PAIRS)
    display = SimilarityDisplay.from_estimator(model, PAIRS)
    np.testing.assert_array_equal(display.similarity, model.similarity(PAIRS)[0])


def test_a_similarity_of_other_pairs_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        SimilarityDisplay.from_predictions(PAIRS, np.eye(2))


def test_lines_run_from_each_text_to_its_image():
    display = EmbeddingDisplay.from_estimator(CCA(3).fit(PAIRS), PAIRS)
    ends = np.array(display.lines_.get_segments())
    np.testing.assert_array_equal(ends[:, 0], display.texts)
    np.testing.assert_array_equal(ends[:, 1], display.images[PAIRS.image_index])
    images, texts = display.points_
    np.testing.assert_array_equal(images.get_offsets(), display.images)
    np.testing.assert_array_equal(texts.get_offsets(), display.texts)


def test_any_projection_to_two_dimensions_will_do():
    projection = PCA(2, whiten=True)
    display = EmbeddingDisplay.from_predictions(PAIRS, projection=projection)
    points = np.vstack([display.texts, display.images])
    np.testing.assert_allclose(points.std(axis=0, ddof=1), 1)
    assert not hasattr(projection, "components_")
    with pytest.raises(ValueError, match="two components"):
        EmbeddingDisplay.from_predictions(PAIRS, projection=PCA(3))


def test_a_gallery_without_hubs_has_no_skewness():
    assert hubness(np.eye(5), k=1)["text_to_image"] == {
        "skewness": 0.0,
        "never_found": 0.0,
        "most_found": 0.2,
    }


def test_each_direction_has_its_own_hubs():
    """Every text finds the first image; every image finds another text."""
    similarity = np.eye(4) + [[2, 0, 0, 0]] * 4
    similarity[0, 0] += 1
    found = hubness(similarity, k=1)
    assert found["text_to_image"]["most_found"] == 1.0
    assert found["text_to_image"]["skewness"] > 1
    assert found["image_to_text"]["most_found"] == 0.25
