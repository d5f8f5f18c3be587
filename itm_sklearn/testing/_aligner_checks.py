"""What aligners promise: pairs in, pairs in one space out."""

import numpy as np
from sklearn.base import clone
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from itm_sklearn.metrics import recall_at_k
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing._compare import assert_raises, assert_same
from itm_sklearn.testing._examples import fit, labels_for


def check_rows_and_true_matches_are_kept(estimator, example):
    """Only the vectors change."""
    pairs = example.items
    aligned = fit(estimator, pairs).transform(pairs)
    assert isinstance(aligned, ImageTextPairs)
    assert (aligned.image_index == pairs.image_index).all()
    assert (aligned.relevance() != pairs.relevance()).nnz == 0


def check_both_views_come_out_in_one_space(estimator, example):
    """Images and texts get vectors of one width."""
    aligned = fit(estimator, example.items).transform(example.items)
    assert aligned.images.shape[1] == aligned.texts.shape[1]


def check_a_query_of_one_view_is_projected_alike(estimator, example):
    """A text without its image gets the vector it has beside it."""
    pairs = example.items
    aligned = fit(estimator, pairs).transform(pairs)
    texts = estimator.transform(ImageTextPairs(texts=pairs.texts))
    images = estimator.transform(ImageTextPairs(images=pairs.images))
    assert texts.images is None
    assert images.texts is None
    assert_same(texts.texts, aligned.texts)
    assert_same(images.images, aligned.images)


def check_arrays_are_as_good_as_pairs(estimator, example):
    """``fit(X, y)`` on a row for each pair learns what `fit` on pairs learns."""
    if not get_tags(estimator).input_tags.two_d_array:
        return
    pairs = example.items
    expected = fit(clone(estimator), pairs).transform(pairs)
    X, y = pairs.images[pairs.image_index], pairs.texts
    images, texts = estimator.fit(X, y).transform(X, y)
    assert_same(texts, expected.texts, 1e-4)
    assert_same(images, expected.images[pairs.image_index], 1e-4)


def check_matching_pairs_end_up_close(estimator, example):
    """On views that share three hidden directions, most images are found."""
    aligned = fit(estimator, example.items).transform(example.items)
    similarity = cosine_similarity(aligned.texts, aligned.images)
    assert recall_at_k(example.items.relevance(), similarity, k=5) > 0.5


def check_the_order_of_pairs_does_not_matter(estimator, example):
    """Similarities are those of the pairs in any order."""
    pairs = example.items
    order = np.random.default_rng(0).permutation(len(pairs))
    expected = _similarity(fit(clone(estimator), pairs), pairs)
    assert_same(_similarity(fit(estimator, pairs[order]), pairs), expected, 1e-4)


def check_rows_labelled_as_mismatches_are_left_out(estimator, example):
    """Labels of 0 keep a row from being learned from, unless they are categories."""
    if labels_for(estimator, example.items) is not None:
        return
    pairs = example.items
    expected = _similarity(fit(clone(estimator), pairs), pairs)
    wrong = np.roll(pairs.image_index, len(pairs) // 2)
    both = ImageTextPairs(
        pairs.images,
        np.vstack([pairs.texts, pairs.texts]),
        np.concatenate([pairs.image_index, wrong]),
    )
    labels = np.repeat([1, 0], len(pairs))
    assert_same(_similarity(estimator.fit(both, labels), pairs), expected, 1e-4)


def check_fitting_without_a_view_is_an_error(estimator, example):
    """The error names the missing view."""
    for view, other in (("images", "texts"), ("texts", "images")):
        half = ImageTextPairs(**{view: getattr(example.items, view)})
        assert_raises(ValueError, fit, clone(estimator), half, match=f"no {other}")


def check_a_view_of_another_width_is_an_error(estimator, example):
    """Both widths are in the message."""
    pairs = example.items
    fit(estimator, pairs)
    width = pairs.images.shape[1]
    for view in ("images", "texts"):
        narrow = ImageTextPairs(**{view: getattr(pairs, view)[:, 1:]})
        assert_raises(
            ValueError, estimator.transform, narrow, match=rf"\b{width - 1} features"
        )


def check_nan_in_either_view_is_an_error(estimator, example):
    """Neither view may hold a NaN, in `fit` or in `transform`."""
    pairs = example.items
    fitted = fit(clone(estimator), pairs)
    for view in ("images", "texts"):
        parts = {"images": pairs.images.copy(), "texts": pairs.texts.copy()}
        parts[view][0, 0] = np.nan
        broken = ImageTextPairs(**parts, image_index=pairs.image_index)
        assert_raises(ValueError, fit, clone(estimator), broken, match="NaN")
        assert_raises(ValueError, fitted.transform, broken, match="NaN")


def check_it_can_be_searched_in_a_grid(estimator, example):
    """An aligner is a value in the grid of a Pipeline, split by image."""
    model = make_pipeline(clone(estimator))
    grid = {model.steps[0][0]: [clone(estimator), clone(estimator)]}
    search = GridSearchCV(
        model,
        grid,
        scoring=retrieval_scoring(),
        refit="mean_recall",
        cv=ImageKFold(3),
        error_score="raise",
    )
    search.fit(example.items, labels_for(estimator, example.items))
    assert 0 < search.best_score_ <= 1


def _similarity(estimator, pairs):
    aligned = estimator.transform(pairs)
    return cosine_similarity(aligned.texts, aligned.images)
