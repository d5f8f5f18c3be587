"""The space of categories: what its axes say, and what it refuses."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    cross_val_predict,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from itm_sklearn.alignment import CCA, SemanticAligner
from itm_sklearn.fusion import WeightedFusion
from itm_sklearn.metrics import average_precision
from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import parametrize_with_pair_checks

POSTERIOR = {"coordinates": "posterior"}


@pytest.fixture
def documents():
    """Views that share nothing but one of three categories."""
    rng = np.random.default_rng(0)
    y = np.repeat(["art", "music", "sport"], 60)
    centres = {"image": rng.normal(size=(3, 4)), "text": rng.normal(size=(3, 6))}
    images, texts = (
        np.repeat(centre, 60, axis=0) + 0.7 * rng.normal(size=(180, centre.shape[1]))
        for centre in centres.values()
    )
    return ImageTextPairs(images, texts), y


def _mean_average_precision(aligner, pairs, y):
    aligned = aligner.transform(pairs)
    similarity = cosine_similarity(aligned.images, aligned.texts)
    return average_precision(y[:, np.newaxis] == y, similarity)


@parametrize_with_pair_checks(
    [SemanticAligner(), SemanticAligner(coordinates="log"), SemanticAligner(cv=2)]
)
def test_the_checks_of_pairs_pass(estimator, check):
    check()


def test_each_axis_is_the_probability_of_a_category(documents):
    pairs, y = documents
    aligner = SemanticAligner(**POSTERIOR).fit(pairs, y)
    assert aligner.categories_.tolist() == ["art", "music", "sport"]
    classifier = LogisticRegression(max_iter=1000).fit(pairs.images, y)
    np.testing.assert_allclose(
        aligner.transform_image(pairs.images), classifier.predict_proba(pairs.images)
    )


def test_centred_coordinates_are_zero_in_the_mean_of_each_view(documents):
    aligned = SemanticAligner().fit_transform(*documents)
    np.testing.assert_allclose(aligned.images.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(aligned.texts.mean(axis=0), 0, atol=1e-12)


def test_logarithms_are_told_apart_where_probabilities_are_not(documents):
    pairs, y = documents
    aligned = SemanticAligner(coordinates="log").fit_transform(pairs, y)
    posterior = SemanticAligner(**POSTERIOR).fit_transform(pairs, y)
    expected = np.log(posterior.texts[:, 0] / posterior.texts[:, 2])
    np.testing.assert_allclose(aligned.texts[:, 0] - aligned.texts[:, 2], expected)


def test_a_classifier_that_is_certain_has_finite_logarithms(documents):
    nearest = KNeighborsClassifier(1)
    aligner = SemanticAligner(nearest, nearest, coordinates="log")
    assert np.isfinite(aligner.fit_transform(*documents).images).all()


def test_centring_ranks_documents_better_than_bare_probabilities(documents):
    """Unbalanced categories make all vectors of probabilities point one way."""
    pairs, y = documents
    rows = np.r_[:60, 60:70, 120:130]
    fit_on = pairs[rows], y[rows]
    centred, bare = SemanticAligner().fit(*fit_on), SemanticAligner(**POSTERIOR)
    assert _mean_average_precision(centred, pairs, y) > _mean_average_precision(
        bare.fit(*fit_on), pairs, y
    )


def test_categories_retrieve_where_pairs_share_nothing_else(documents):
    pairs, y = documents
    semantic = _mean_average_precision(SemanticAligner().fit(pairs, y), pairs, y)
    assert semantic > 0.85 > _mean_average_precision(CCA().fit(pairs), pairs, y)


def test_behind_a_cca_it_is_semantic_correlation_matching(documents):
    pairs, y = documents
    both = make_pipeline(CCA(2), SemanticAligner()).fit(pairs, y)
    correlated = CCA(2).fit_transform(pairs)
    expected = SemanticAligner().fit_transform(correlated, y)
    np.testing.assert_allclose(both.transform(pairs).texts, expected.texts)


def test_cross_fitted_pairs_are_told_by_classifiers_that_have_not_seen_them(documents):
    pairs, y = documents
    nearest = KNeighborsClassifier(1)
    told = {}
    for cv in (None, StratifiedGroupKFold(3)):
        aligner = SemanticAligner(nearest, nearest, cv=cv, **POSTERIOR)
        told[cv] = aligner.fit_transform(pairs, y)
    seen, unseen = told.values()
    folds = StratifiedGroupKFold(3).split(pairs.texts, y, pairs.image_index)
    unseen_texts = cross_val_predict(
        nearest, pairs.texts, y, cv=folds, method="predict_proba"
    )
    np.testing.assert_array_equal(unseen.texts, unseen_texts)
    rights = [
        (told.images.argmax(axis=1) == np.unique(y, return_inverse=True)[1])
        for told in (seen, unseen)
    ]
    assert rights[0].all()
    assert not rights[1].all()


def test_cross_fitting_keeps_all_texts_of_an_image_in_one_fold(documents):
    pairs, y = documents
    rows = np.repeat(np.arange(180), 2)
    nearest = KNeighborsClassifier(1)
    doubled = pairs[rows], y[rows]
    aligner = SemanticAligner(nearest, nearest, cv=3, **POSTERIOR)
    images = aligner.fit_transform(*doubled).images
    # A copy of the image in another fold would tell its category for certain.
    assert len(images) == 180
    assert (images.argmax(axis=1) != np.unique(y, return_inverse=True)[1]).any()


def test_folds_may_be_those_of_this_package(documents):
    folds = list(ImageKFold(3).split(documents[0]))
    told, expected = (
        SemanticAligner(cv=cv).fit_transform(*documents).images
        for cv in (ImageKFold(3), folds)
    )
    np.testing.assert_array_equal(told, expected)


def test_folds_may_be_given_as_rows(documents):
    halves = np.arange(180).reshape(2, 90, order="F")
    folds = [tuple(halves), tuple(halves[::-1])]
    aligner = SemanticAligner(cv=folds, **POSTERIOR)
    assert aligner.fit_transform(*documents).texts.shape == (180, 3)


def test_what_follows_a_cross_fitted_aligner_transforms_as_without_it(documents):
    pairs, y = documents
    plain, crossed = SemanticAligner().fit(pairs, y), SemanticAligner(cv=3)
    crossed.fit_transform(pairs, y)
    np.testing.assert_array_equal(
        crossed.transform(pairs).texts, plain.transform(pairs).texts
    )


def test_weights_are_learned_from_pairs_that_no_classifier_has_seen():
    """Images of noise: their classifier knows the training pairs by heart."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    texts = y[:, np.newaxis] + rng.normal(size=(200, 2))
    pairs = ImageTextPairs(rng.normal(size=(200, 5)), texts)
    shares = {}
    for cv in (None, 5):
        aligner = SemanticAligner(DecisionTreeClassifier(random_state=0), cv=cv)
        fusion = WeightedFusion(norm=None)
        make_pipeline(aligner, fusion).fit(pairs, y)
        shares[cv] = fusion.weights_[0]
    assert shares[None] > 0.4
    assert shares[5] < 0.2


def test_zero_and_one_are_categories_and_not_matches(documents):
    pairs, y = documents
    aligner = SemanticAligner().fit(pairs, (y == "art").astype(int))
    assert aligner.categories_.tolist() == [0, 1]


def test_a_sparse_view_gives_what_the_dense_one_gives(documents):
    pairs, y = documents
    words = pairs.map(text=sparse.csr_array)
    np.testing.assert_allclose(
        SemanticAligner().fit_transform(words, y).texts,
        SemanticAligner().fit_transform(pairs, y).texts,
        atol=1e-4,
    )


def test_the_classifier_of_each_view_is_a_value_of_a_grid(documents):
    pairs, y = documents
    model = SemanticAligner(LogisticRegression(), LogisticRegression())
    grid = {"image__C": [0.1, 1.0], "text": [LogisticRegression(C=0.1)]}
    search = GridSearchCV(
        model, grid, scoring=_mean_average_precision, cv=3, error_score="raise"
    )
    assert search.fit(pairs, y).best_score_ > 0.8


def test_without_categories_there_is_an_error_that_says_what_to_do(documents):
    with pytest.raises(ValueError, match="y is None. Pass the category of each pair"):
        SemanticAligner().fit(documents[0])


@pytest.mark.parametrize("cv", [None, 3])
def test_a_column_of_categories_is_as_good_as_a_row(documents, cv):
    pairs, y = documents
    told, expected = (
        SemanticAligner(cv=cv).fit_transform(pairs, categories).texts
        for categories in (y[:, np.newaxis], y)
    )
    np.testing.assert_array_equal(told, expected)


def test_plain_arrays_are_refused_with_a_way_out(documents):
    pairs, y = documents
    with pytest.raises(TypeError, match=r"Pass ImageTextPairs\(images, texts\)"):
        SemanticAligner().fit(pairs.images, y)


def test_numbers_are_no_categories(documents):
    pairs, _ = documents
    with pytest.raises(ValueError, match="Unknown label type"):
        SemanticAligner().fit(pairs, np.linspace(0, 1, 180))
