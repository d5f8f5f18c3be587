"""Kernel CCA: equal to CCA where the kernel is linear, and past it where not."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils.estimator_checks import parametrize_with_checks

from itm_sklearn.alignment import CCA, KernelCCA
from itm_sklearn.pairs import ImageTextPairs


def make_views(n_pairs=150, n_image_features=6, n_text_features=4, seed=0):
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(n_pairs, 3))
    return [
        topics @ rng.normal(size=(3, width)) + rng.normal(size=(n_pairs, width))
        for width in (n_image_features, n_text_features)
    ]


def bent_views(n_pairs, seed=0):
    """An angle, and a point on the circle at twice the angle."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-np.pi, np.pi, size=n_pairs)
    images = np.column_stack([np.cos(angles), np.sin(angles)])
    texts = np.column_stack([np.cos(2 * angles), np.sin(2 * angles)])
    return images + 0.1 * rng.normal(size=images.shape), texts


@parametrize_with_checks([KernelCCA(), KernelCCA(n_landmarks=8, random_state=0)])
def test_the_checks_of_scikit_learn_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("ridge", "shape"), [(0.0, (150, 6, 4)), (0.3, (150, 6, 4)), (0.3, (20, 30, 25))]
)
def test_a_linear_kernel_on_all_pairs_is_cca(ridge, shape):
    images, texts = make_views(*shape)
    linear = CCA(3, ridge=ridge, scale=False, power=0.5).fit(images, texts)
    share = ridge / images.shape[1], ridge / texts.shape[1]
    kernel = KernelCCA(3, kernel="linear", ridge=share, power=0.5).fit(images, texts)
    np.testing.assert_allclose(kernel.correlations_, linear.correlations_, atol=1e-8)
    others = make_views(*shape, seed=1)
    for ours, theirs in zip(
        kernel.transform(*others), linear.transform(*others), strict=True
    ):
        overlap = np.sign((ours * theirs).sum(axis=0))
        np.testing.assert_allclose(ours * overlap, theirs, atol=1e-6)


def test_correlations_are_those_of_the_definition():
    """Hardoon's equation on centred kernel matrices, with a ridge on the variances."""
    images, texts = make_views(60)
    n_pairs, ridge = 60, 0.01
    centring = np.eye(n_pairs) - 1 / n_pairs
    left, right = (
        centring @ rbf_kernel(view, gamma=0.1) @ centring for view in (images, texts)
    )
    left_added, right_added = ridge * np.trace(left), ridge * np.trace(right)
    maps = [
        np.linalg.solve(gram + added * np.eye(n_pairs), gram)
        for gram, added in ((left, left_added), (right, right_added))
    ]
    expected = np.sort(np.linalg.eigvals(maps[0] @ maps[1]).real)[::-1][:4]
    kernel = KernelCCA(4, gamma=0.1, ridge=ridge).fit(images, texts)
    np.testing.assert_allclose(kernel.correlations_, np.sqrt(expected), atol=1e-8)


@pytest.mark.parametrize("kernel", ["rbf", "poly", "cosine"])
def test_all_rows_as_landmarks_are_the_exact_solution(kernel):
    images, texts = make_views(60)
    order = np.random.default_rng(0).permutation(60)
    exact = KernelCCA(3, kernel=kernel, n_landmarks=None).fit(images, texts)
    shuffled = KernelCCA(3, kernel=kernel, n_landmarks=60)
    shuffled.fit(images[order], texts[order])
    np.testing.assert_allclose(shuffled.correlations_, exact.correlations_, atol=1e-8)
    ours, theirs = (aligner.transform_image(images) for aligner in (exact, shuffled))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_sample_of_landmarks_comes_close_to_all_of_them():
    images, texts = bent_views(600)
    exact = KernelCCA(2, n_landmarks=None).fit(images, texts)
    sampled = KernelCCA(2, n_landmarks=60, random_state=0).fit(images, texts)
    assert sampled.image_weights_.shape == (60, 2)
    np.testing.assert_allclose(sampled.correlations_, exact.correlations_, atol=0.02)


def test_what_is_bent_correlates_on_other_pairs_too():
    """A circle that is walked twice has no linear correlation with itself."""
    kernel = KernelCCA(2, ridge=1e-2).fit(*bent_views(300))
    left, right = kernel.transform(*bent_views(300, seed=1))
    found = np.diag(np.corrcoef(left.T, right.T)[:2, 2:])
    assert (found > 0.9).all()
    assert CCA(2).fit(*bent_views(300)).correlations_.max() < 0.3


def test_pairs_count_as_if_images_were_repeated():
    rng = np.random.default_rng(0)
    images, texts = make_views(80)
    image_index = rng.integers(30, size=80)
    pairs = ImageTextPairs(images[:30], texts, image_index)
    once = KernelCCA(3, gamma=0.1).fit(pairs)
    repeated = KernelCCA(3, gamma=0.1).fit(images[image_index], texts)
    np.testing.assert_allclose(once.correlations_, repeated.correlations_, atol=1e-6)
    assert once.image_landmarks_.shape == (30, 6)


def test_each_view_may_have_its_own_kernel_and_gamma():
    images, texts = make_views()
    named = KernelCCA(2, kernel=("rbf", "linear"), gamma=(0.2, 1.0)).fit(images, texts)
    written = KernelCCA(
        2, kernel=(lambda rows, others: rbf_kernel(rows, others, 0.2), "linear")
    ).fit(images, texts)
    np.testing.assert_allclose(named.correlations_, written.correlations_)
    assert named.gamma_ == (0.2, 1.0)


def test_sparse_views_give_what_dense_views_give():
    images, texts = make_views()
    texts *= texts > 0.5
    dense = KernelCCA(3).fit(images, texts)
    thin = KernelCCA(3).fit(images, sparse.csr_array(texts))
    np.testing.assert_allclose(thin.correlations_, dense.correlations_, atol=1e-8)
    np.testing.assert_allclose(
        thin.transform_text(sparse.csr_array(texts)),
        dense.transform_text(texts),
        atol=1e-6,
    )


def test_more_components_than_landmarks_are_an_error():
    with pytest.raises(ValueError, match="n_components=9 is more than the 8 landmarks"):
        KernelCCA(9, n_landmarks=8).fit(*make_views())


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kernel": ("rbf", "round")}, "holds 'round'"),
        ({"kernel": ("rbf",)}, "must be one value, or two"),
        ({"gamma": (1.0, 1.0, 1.0)}, "must be one value, or two"),
        ({"ridge": (0.1,)}, "must be one number of at least 0, or two"),
    ],
)
def test_parameters_of_some_views_only_are_errors(parameters, message):
    with pytest.raises(ValueError, match=message):
        KernelCCA(2, **parameters).fit(*make_views())


def test_an_exact_fit_of_noise_is_warned_of():
    with pytest.warns(UserWarning, match="come out as 1 even on noise"):
        KernelCCA(2, ridge=0.0).fit(*make_views(30))
