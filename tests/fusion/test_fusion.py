"""Fusions without a network: what comes out, what is learned, what is refused."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from itm_sklearn.fusion import (
    AverageFusion,
    ConcatFusion,
    ProductFusion,
    WeightedFusion,
)
from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.pairs import ImageTextPairs

IN_ONE_SPACE = [AverageFusion(), ProductFusion(), WeightedFusion((1, 2))]


@pytest.fixture
def pairs():
    """Two images of one and two texts, in one space."""
    return ImageTextPairs(
        np.array([[3.0, 4.0], [0.0, 2.0]]),
        np.array([[0.0, 5.0], [4.0, 3.0], [1.0, 0.0]]),
        [0, 1, 1],
    )


@pytest.fixture
def categories():
    """A hundred pairs whose class shows in the signs of both views together."""
    rng = np.random.default_rng(0)
    images, texts = rng.normal(size=(100, 4)), rng.normal(size=(200, 4))
    image_index = np.repeat(np.arange(100), 2)
    y = np.where(images[image_index, 0] + texts[:, 0] > 0, "music", "sport")
    return ImageTextPairs(images, texts, image_index), y


def test_the_average_of_unit_vectors_done_by_hand(pairs):
    expected = [[0.3, 0.9], [0.4, 0.8], [0.5, 0.5]]
    np.testing.assert_allclose(AverageFusion().fit_transform(pairs), expected)


def test_without_a_norm_vectors_count_by_their_length(pairs):
    expected = [[1.5, 4.5], [2.0, 2.5], [0.5, 1.0]]
    np.testing.assert_allclose(AverageFusion(norm=None).fit_transform(pairs), expected)


def test_weights_are_shares_however_they_are_scaled(pairs):
    fused = WeightedFusion((1, 3), norm=None).fit_transform(pairs)
    np.testing.assert_allclose(fused, [[0.75, 4.75], [3.0, 2.75], [0.75, 0.5]])
    assert WeightedFusion((1, 3)).fit(pairs).weights_.tolist() == [0.25, 0.75]


def test_the_products_of_unit_vectors_sum_to_their_cosine(pairs):
    fused = ProductFusion(difference=False).fit_transform(pairs)
    np.testing.assert_allclose(fused.sum(axis=1), [0.8, 0.6, 0.0])


def test_differences_follow_the_products(pairs):
    fused = ProductFusion(norm=None).fit_transform(pairs)
    np.testing.assert_allclose(fused[0], [0.0, 20.0, 3.0, 1.0])


def test_views_of_any_width_stand_side_by_side(pairs):
    wide = pairs.map(image=lambda images: np.hstack([images, images]))
    fused = ConcatFusion(norm=None).fit_transform(wide)
    np.testing.assert_allclose(fused[2], [0.0, 2.0, 0.0, 2.0, 1.0, 0.0])


def test_a_sparse_view_stays_sparse(pairs):
    words = pairs.map(text=sparse.csr_array)
    fused = ConcatFusion().fit_transform(words)
    assert sparse.issparse(fused)
    np.testing.assert_allclose(fused.toarray(), ConcatFusion().fit_transform(pairs))


@pytest.mark.parametrize("fusion", IN_ONE_SPACE, ids=repr)
def test_views_of_different_widths_are_refused_with_a_way_out(fusion, pairs):
    wide = pairs.map(image=lambda images: np.hstack([images, images]))
    with pytest.raises(ValueError, match="4 features and the texts 2.*CCA.*Concat"):
        fusion.fit(wide)


@pytest.mark.parametrize("fusion", [*IN_ONE_SPACE, ConcatFusion()], ids=repr)
def test_every_column_has_a_name_of_its_own(fusion, pairs):
    names = fusion.fit(pairs).get_feature_names_out()
    assert len(set(names)) == fusion.transform(pairs).shape[1]


def test_a_data_frame_comes_out_if_asked_for(pairs):
    frame = ConcatFusion().set_output(transform="pandas").fit_transform(pairs)
    assert list(frame.columns) == ["image0", "image1", "text0", "text1"]


def test_half_a_pair_can_not_be_fused(pairs):
    fusion = AverageFusion().fit(pairs)
    with pytest.raises(ValueError, match="no images"):
        fusion.transform(ImageTextPairs(texts=pairs.texts))


@pytest.mark.parametrize("view", ["image", "text"])
def test_a_view_of_another_width_than_in_fit_is_refused(view, pairs):
    fusion = ConcatFusion().fit(pairs)
    narrow = pairs.map(**{view: lambda vectors: vectors[:, :1]})
    with pytest.raises(ValueError, match="1 features"):
        fusion.transform(narrow)


def test_learned_weights_prefer_the_view_that_knows(categories):
    pairs, _ = categories
    fusion = WeightedFusion(n_weights=5, cv=3).fit(pairs, pairs.texts[:, 0] > 0)
    assert fusion.weights_[1] > 0.6
    np.testing.assert_allclose(fusion.weights_.sum(), 1.0)
    chosen = fusion.shares_ == fusion.weights_[0]
    assert fusion.scores_[chosen] == fusion.scores_.max()


def test_learned_weights_are_even_where_the_views_know_nothing(categories):
    pairs, _ = categories
    constant = Ridge(alpha=1e12)
    fusion = WeightedFusion(estimator=constant, scoring=lambda *given: 0.0)
    fusion.fit(pairs, np.arange(200.0))
    assert fusion.weights_.tolist() == [0.5, 0.5]


def test_weights_are_learned_on_folds_of_images(categories):
    """An image on both sides of a fold would be recognised, not understood."""
    pairs, y = categories
    seen = []

    class Splitter:
        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

        def split(self, X, y=None, groups=None):
            seen.append(groups)
            yield np.arange(100), np.arange(100, 200)

    WeightedFusion(cv=Splitter(), n_weights=2).fit(pairs, y)
    assert (seen[0] == pairs.image_index).all()


def test_weights_are_learned_on_the_folds_of_this_package(categories):
    pairs, y = categories
    fusion = WeightedFusion(cv=ImageKFold(3), n_weights=2).fit(pairs, y)
    folds = list(ImageKFold(3).split(pairs))
    given = WeightedFusion(cv=folds, n_weights=2).fit(pairs, y)
    np.testing.assert_array_equal(fusion.scores_, given.scores_)


def test_a_regressor_learns_weights_too(categories):
    pairs, _ = categories
    fusion = WeightedFusion(n_weights=5, cv=3).fit(
        pairs, pairs.texts @ [1.0, 2.0, 0.0, 0.5]
    )
    assert fusion.weights_[1] > 0.6


def test_learning_weights_without_labels_is_an_error(pairs):
    with pytest.raises(ValueError, match="y is None"):
        WeightedFusion().fit(pairs)


@pytest.mark.parametrize("weights", [(1,), (1, -1), (0, 0), (np.nan, 1)])
def test_weights_that_are_no_weights_are_refused(weights, pairs):
    with pytest.raises(ValueError, match=r"weights=\["):
        WeightedFusion(weights).fit(pairs)


def test_a_classifier_behind_a_fusion_sees_both_views(categories):
    pairs, y = categories
    model = make_pipeline(ConcatFusion(norm=None), LogisticRegression())
    assert cross_val_score(model, pairs, y).mean() > 0.9


def test_products_tell_matches_from_mismatches_where_sums_can_not():
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(400, 3))
    y = np.repeat([0, 1], 200)
    images = np.where(y[:, np.newaxis] == 1, texts, rng.normal(size=(400, 3)))
    pairs = ImageTextPairs(images, texts)
    scores = [
        cross_val_score(make_pipeline(fusion, LogisticRegression()), pairs, y).mean()
        for fusion in (ProductFusion(), AverageFusion())
    ]
    assert scores[0] > 0.9
    assert scores[1] < 0.6


def test_fusions_are_values_of_a_grid(categories):
    pairs, y = categories
    model = make_pipeline(AverageFusion(), LogisticRegression())
    grid = {"averagefusion": [AverageFusion(), WeightedFusion((1, 2)), ConcatFusion()]}
    search = GridSearchCV(model, grid, cv=3, error_score="raise").fit(pairs, y)
    assert search.best_score_ > 0.8
