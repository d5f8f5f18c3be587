"""The ridge that is chosen inside fit."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import CCA
from itm_sklearn.alignment._ridge import fold_numbers
from itm_sklearn.pairs import ImageTextPairs


def make_views(n_pairs, n_features=40, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(n_pairs, 3))
    return [
        topics @ rng.normal(size=(3, n_features))
        + noise * rng.normal(size=(n_pairs, n_features))
        for _ in range(2)
    ]


def held_out_correlations(cca, images, texts):
    left, right = cca.transform(images, texts)
    return np.diag(np.corrcoef(left.T, right.T)[: left.shape[1], left.shape[1] :])


@parametrize_with_checks([CCA(ridge="auto")])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


def test_few_noisy_pairs_get_a_larger_ridge_than_many_clear_ones():
    few = CCA(3, ridge="auto").fit(*make_views(60, noise=4.0))
    many = CCA(3, ridge="auto").fit(*make_views(5000, noise=0.2))
    assert few.ridge_[0] > many.ridge_[0]


@pytest.mark.parametrize(("n_features", "noise"), [(40, 3.0), (300, 10.0)])
def test_the_chosen_ridge_does_better_on_other_pairs_than_hardly_any(n_features, noise):
    images, texts = make_views(500, n_features, noise)
    chosen, plain = (
        CCA(3, ridge=ridge).fit(images[:150], texts[:150]) for ridge in ("auto", 1e-3)
    )
    other = images[150:], texts[150:]
    gain = held_out_correlations(chosen, *other) - held_out_correlations(plain, *other)
    assert gain.sum() > 0.1


def test_narrowed_views_are_judged_as_wide_ones():
    """The axes of 30 rows stand for 50 columns; the ridge must not notice."""
    images, texts = make_views(30, 50, noise=1.0)
    cca = CCA(3, ridge="auto", scale=False)
    wide = clone(cca).set_params(solver="covariance").fit(images, texts)
    narrowed = clone(cca).set_params(solver="gram").fit(images, texts)
    assert wide.ridge_ == narrowed.ridge_
    np.testing.assert_allclose(wide.correlations_, narrowed.correlations_, atol=1e-6)


def test_the_order_of_rows_does_not_move_the_choice():
    images, texts = make_views(60, noise=3.0)
    order = np.random.default_rng(1).permutation(60)
    first = CCA(3, ridge="auto").fit(images, texts)
    second = CCA(3, ridge="auto").fit(images[order], texts[order])
    assert first.ridge_ == second.ridge_


def test_equal_images_are_left_out_together():
    images = np.random.default_rng(0).normal(size=(50, 3))
    folds = fold_numbers(np.repeat(images, 3, axis=0), 3).reshape(50, 3)
    assert (folds == folds[:, :1]).all()
    assert set(folds[:, 0]) == {0, 1, 2}


def test_equal_sparse_images_are_left_out_together():
    images = sparse.random_array((50, 30), density=0.2, random_state=0, format="csr")
    folds = fold_numbers(sparse.vstack([images, images]).tocsr(), 3)
    np.testing.assert_array_equal(folds[:50], folds[50:])


def test_repeated_images_do_not_leak_into_the_choice():
    """Pairs and repeated rows agree, as repeated rows stay in one fold."""
    images, texts = make_views(60, 10, noise=3.0)
    image_index = np.repeat(np.arange(30), 2)
    pairs = ImageTextPairs(images[:30], texts, image_index)
    once = CCA(3, ridge="auto").fit(pairs)
    repeated = CCA(3, ridge="auto").fit(images[:30][image_index], texts)
    assert once.ridge_ == repeated.ridge_


@pytest.mark.parametrize("solver", ["covariance", "gram"])
def test_a_constant_text_view_is_an_error_that_names_it(solver):
    images = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(ValueError, match="The text view is constant"):
        CCA(ridge="auto", solver=solver).fit(images, np.full((60, 2), 0.1))
