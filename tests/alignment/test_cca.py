"""CCA against its definition, against scikit-learn, and on bad data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.cross_decomposition import CCA as PlainCCA
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import CCA
from itm_sklearn.pairs import ImageTextPairs

SOLVERS = ["covariance", "gram", "randomized"]


def make_views(n_pairs=200, n_image_features=6, n_text_features=4, seed=0):
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(n_pairs, 3))
    images = topics @ rng.normal(size=(3, n_image_features))
    texts = topics @ rng.normal(size=(3, n_text_features))
    images += rng.normal(size=images.shape)
    texts += rng.normal(size=texts.shape)
    return images, texts


def correlations_by_definition(images, texts, ridge):
    """Roots of the eigenvalues of the matrix in Hotelling's equation."""
    images = (images - images.mean(axis=0)) / images.std(axis=0)
    texts = (texts - texts.mean(axis=0)) / texts.std(axis=0)
    n_pairs = len(images)
    image_covariance = images.T @ images / n_pairs + ridge[0] * np.eye(images.shape[1])
    text_covariance = texts.T @ texts / n_pairs + ridge[1] * np.eye(texts.shape[1])
    cross = images.T @ texts / n_pairs
    matrix = np.linalg.solve(text_covariance, cross.T) @ np.linalg.solve(
        image_covariance, cross
    )
    return np.sqrt(np.sort(np.linalg.eigvals(matrix).real)[::-1])


@parametrize_with_checks([CCA(), CCA(ridge=0.0, solver="gram")])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("ridge", [(0.0, 0.0), (0.1, 2.0)])
def test_correlations_are_those_of_the_definition(solver, ridge):
    images, texts = make_views()
    cca = CCA(ridge=ridge, solver=solver).fit(images, texts)
    expected = correlations_by_definition(images, texts, ridge)
    np.testing.assert_allclose(cca.correlations_, expected, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_scores_of_scikit_learn_are_ours_up_to_length(solver):
    images, texts = make_views()
    ours = CCA(2, ridge=0.0, solver=solver).fit(images, texts).transform(images, texts)
    plain = PlainCCA(2, max_iter=5000, tol=1e-12).fit(images, texts)
    for mine, theirs in zip(ours, plain.transform(images, texts), strict=True):
        overlap = np.corrcoef(mine.T, theirs.T)[:2, 2:]
        np.testing.assert_allclose(np.abs(np.diag(overlap)), 1, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_canonical_variables_are_uncorrelated_and_of_unit_variance(solver):
    images, texts = make_views()
    cca = CCA(ridge=0.0, power=0.0, solver=solver).fit(images, texts)
    left, right = cca.transform(images, texts)
    np.testing.assert_allclose(left.T @ left / 200, np.eye(4), atol=1e-5)
    expected = np.diag(cca.correlations_)
    np.testing.assert_allclose(left.T @ right / 200, expected, atol=1e-5)


@pytest.mark.parametrize("scale", [True, False])
def test_all_solvers_give_the_same_weights(scale):
    images, texts = make_views()
    images[:, 0] *= 10
    first, *others = (
        CCA(3, ridge=(0.2, 0.5), scale=scale, solver=solver).fit(images, texts)
        for solver in SOLVERS
    )
    for other in others:
        for name in ("image_weights_", "text_weights_", "correlations_"):
            np.testing.assert_allclose(
                getattr(first, name), getattr(other, name), atol=1e-5
            )


@pytest.mark.parametrize("widths", [(150, 90), (90, 150)])
def test_the_randomized_solver_finds_the_correlations_that_stand_out(widths):
    images, texts = make_views(2000, *widths)
    exact = CCA(3, ridge=0.1, solver="covariance").fit(images, texts)
    found = CCA(3, ridge=0.1, solver="randomized").fit(images, texts)
    np.testing.assert_allclose(found.correlations_, exact.correlations_, atol=1e-12)
    np.testing.assert_allclose(found.image_weights_, exact.image_weights_, atol=1e-8)
    np.testing.assert_allclose(found.text_weights_, exact.text_weights_, atol=1e-8)


def test_the_randomized_solver_comes_near_where_correlations_hardly_fall():
    rng = np.random.default_rng(0)
    images, texts = rng.normal(size=(600, 200)), rng.normal(size=(600, 150))
    exact = CCA(8, solver="covariance").fit(images, texts).correlations_
    found = CCA(8, solver="randomized").fit(images, texts).correlations_
    assert (found <= exact + 1e-12).all()
    np.testing.assert_allclose(found, exact, atol=0.02)


def test_single_precision_is_left_where_it_would_be_felt(monkeypatch):
    """Nearly collinear columns need products in double precision."""
    monkeypatch.setattr("itm_sklearn.alignment._solve_cca._LITTLE_WORK", 0)
    images, texts = make_views(2000)
    images[:, 1] = images[:, 0] + 1e-3 * images[:, 1]
    cca = CCA(ridge=0.0).fit(images, texts)
    expected = correlations_by_definition(images, texts, (0.0, 0.0))
    np.testing.assert_allclose(cca.correlations_, expected, atol=1e-8)


def test_single_precision_moves_correlations_by_less_than_a_millionth(monkeypatch):
    images, texts = make_views(2000)
    double = CCA().fit(images, texts)
    monkeypatch.setattr("itm_sklearn.alignment._solve_cca._LITTLE_WORK", 0)
    single = CCA().fit(images, texts)
    difference = np.abs(single.correlations_ - double.correlations_).max()
    assert 0 < difference < 1e-6


@pytest.mark.parametrize("solver", SOLVERS)
def test_pairs_count_as_if_images_were_repeated(solver):
    rng = np.random.default_rng(0)
    images, texts = make_views(40)
    image_index = rng.integers(40, size=150)
    texts = texts[image_index] + rng.normal(size=(150, 4))
    pairs = ImageTextPairs(images, texts, image_index)
    cca = CCA(solver=solver)
    once = clone(cca).fit(pairs)
    repeated = clone(cca).fit(images[image_index], texts)
    np.testing.assert_allclose(once.image_weights_, repeated.image_weights_, atol=1e-5)
    np.testing.assert_allclose(once.text_weights_, repeated.text_weights_, atol=1e-5)
    assert once.transform(pairs).images.shape == (40, 4)


def test_directions_are_scaled_by_a_power_of_their_correlations():
    images, texts = make_views()
    cca = CCA(ridge=0.0, power=2.0).fit(images, texts)
    plain = cca.set_params(power=0.0).transform_image(images)
    scaled = cca.set_params(power=2.0).transform_image(images)
    np.testing.assert_allclose(scaled, plain * cca.correlations_**2)


@given(seed=st.integers(0, 10**6))
@settings(deadline=None, max_examples=15)
def test_without_a_ridge_invertible_maps_of_a_view_change_nothing(seed):
    images, texts = make_views()
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    mixing = basis * rng.uniform(0.1, 10, size=6)
    before = CCA(ridge=0.0).fit(images, texts)
    after = CCA(ridge=0.0).fit(images @ mixing + rng.normal(size=6), texts)
    np.testing.assert_allclose(before.correlations_, after.correlations_, atol=1e-6)


@given(seed=st.integers(0, 10**6), solver=st.sampled_from(SOLVERS))
@settings(deadline=None, max_examples=15)
def test_the_order_of_rows_and_columns_changes_nothing(seed, solver):
    images, texts = make_views()
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(200), rng.permutation(6)
    before = CCA(solver=solver).fit(images, texts)
    after = CCA(solver=solver).fit(images[rows][:, columns], texts[rows])
    np.testing.assert_allclose(
        after.image_weights_, before.image_weights_[columns], atol=1e-5
    )
    np.testing.assert_allclose(after.text_weights_, before.text_weights_, atol=1e-5)


def test_the_order_of_columns_changes_nothing_with_more_features_than_pairs():
    images, texts = make_views(30, n_image_features=50)
    columns = np.random.default_rng(0).permutation(50)
    before = CCA().fit(images, texts)
    after = CCA().fit(images[:, columns], texts)
    np.testing.assert_allclose(after.image_weights_, before.image_weights_[columns])


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("dtype", "offset"), [("f8", 1e8), ("f4", 1e4)])
def test_large_offsets_change_nothing(solver, dtype, offset):
    images, texts = make_views()
    near = CCA(solver=solver).fit(images, texts)
    far = CCA(solver=solver).fit((images + offset).astype(dtype), texts)
    np.testing.assert_allclose(far.correlations_, near.correlations_, atol=1e-3)
    projected = far.transform_image((images + offset).astype(dtype))
    np.testing.assert_allclose(projected, near.transform_image(images), atol=1e-2)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_unit_of_a_column_changes_nothing(solver):
    images, texts = make_views()
    before = CCA(solver=solver).fit(images, texts)
    images[:, 2] *= 1e10
    after = CCA(solver=solver).fit(images, texts)
    np.testing.assert_allclose(after.correlations_, before.correlations_, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_constant_column_gets_no_weight_and_changes_nothing(solver):
    images, texts = make_views()
    before = CCA(solver=solver).fit(images, texts)
    with_constant = np.column_stack([np.full(200, 0.1), images])
    after = CCA(solver=solver).fit(with_constant, texts)
    assert (after.image_weights_[0] == 0).all()
    np.testing.assert_allclose(
        after.image_weights_[1:], before.image_weights_, atol=1e-5
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_repeated_column_loses_no_component(solver):
    images, texts = make_views()
    before = CCA(ridge=0.0, solver=solver).fit(images, texts)
    after = CCA(ridge=0.0, solver=solver).fit(np.hstack([images, images]), texts)
    np.testing.assert_allclose(after.correlations_, before.correlations_, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("view", ["image", "text"])
def test_a_constant_view_is_an_error_that_names_it(solver, view):
    views = dict(zip(("image", "text"), make_views(), strict=True))
    views[view] = np.full((200, 4), 0.1)
    with pytest.raises(ValueError, match=f"The {view} view is constant"):
        CCA(solver=solver).fit(views["image"], views["text"])


@pytest.mark.parametrize("solver", SOLVERS)
def test_components_that_the_data_do_not_hold_are_zero_and_warned_of(solver):
    images, texts = make_views()
    images = images[:, :2] @ np.ones((2, 6))
    with pytest.warns(UserWarning, match="more than the 1 directions"):
        cca = CCA(3, solver=solver).fit(images, texts)
    left, right = cca.transform(images, texts)
    assert left.shape == right.shape == (200, 3)
    assert (left[:, 1:] == 0).all()
    assert (cca.correlations_[1:] == 0).all()


def test_more_components_than_features_are_an_error():
    with pytest.raises(ValueError, match="n_components=5 is more than the 4 features"):
        CCA(5).fit(*make_views())


def test_a_single_pair_is_an_error():
    images, texts = make_views(1)
    with pytest.raises(ValueError, match="1 sample"):
        CCA().fit(images, texts)


def test_a_fit_that_is_exact_on_noise_is_warned_of():
    images, texts = make_views(8)
    with pytest.warns(UserWarning, match=r"1 even on noise. Set ridge=0.3"):
        CCA(ridge=0.0).fit(images, texts)


def test_a_ridge_on_both_views_calls_for_no_warning():
    CCA(ridge=0.1).fit(*make_views(8))


@pytest.mark.parametrize("ridge", [(0.1,), (0.1, -1.0), (0.1, "much")])
def test_a_ridge_that_is_no_pair_of_numbers_is_an_error(ridge):
    with pytest.raises(ValueError, match="must be one number of at least 0, or two"):
        CCA(ridge=ridge).fit(*make_views())


def test_sparse_views_give_what_dense_views_give():
    images, texts = make_views()
    texts *= texts > 0.5
    dense = CCA().fit(images, texts)
    thin = CCA().fit(images, sparse.csr_array(texts))
    np.testing.assert_allclose(thin.text_weights_, dense.text_weights_, atol=1e-6)
    np.testing.assert_allclose(
        thin.transform_text(sparse.csr_array(texts)), dense.transform_text(texts)
    )


def test_projections_keep_single_precision():
    images, texts = (view.astype(np.float32) for view in make_views())
    left, right = CCA().fit(images, texts).transform(images, texts)
    assert left.dtype == right.dtype == np.float32


def test_feature_names_are_numbered_after_the_class():
    cca = CCA(2).fit(*make_views())
    assert list(cca.get_feature_names_out()) == ["cca0", "cca1"]
