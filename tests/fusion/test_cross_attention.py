"""The fusion of regions and words: what only parts tell, and what is padding."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

pytest.importorskip("torch")

from itm_sklearn.fusion import NeuralFusion
from itm_sklearn.pairs import ImageTextPairs

N_PAIRS = 1200
QUICK = {"method": "cross_attention", "max_iter": 2, "random_state": 0}


def _code(numbers):
    return np.eye(4)[numbers]


@pytest.fixture(scope="module")
def things():
    """Regions with a colour and a shape; texts that name one; is there such a thing?

    Where there is none, both its colour and its shape are there, on two things.
    """
    rng = np.random.default_rng(0)
    colours = rng.permuted(np.tile(np.arange(4), (N_PAIRS, 1)), axis=1)
    shapes = rng.permuted(np.tile(np.arange(4), (N_PAIRS, 1)), axis=1)
    images = np.concatenate([_code(colours), _code(shapes)], axis=2)
    y = rng.integers(0, 2, N_PAIRS)
    of_shape = np.where(y == 1, 0, 1)
    named = colours[:, 0], shapes[np.arange(N_PAIRS), of_shape]
    texts = np.zeros((N_PAIRS, 2, 8))
    texts[:, 0, :4], texts[:, 1, 4:] = _code(named[0]), _code(named[1])
    return ImageTextPairs(images, texts), y


@pytest.fixture(scope="module")
def fitted(things):
    pairs, y = things
    return NeuralFusion(8, **QUICK).fit(pairs, y)


def _accuracy(fusion, pairs, y):
    half = np.arange(N_PAIRS) < N_PAIRS // 2
    model = make_pipeline(fusion, LogisticRegression()).fit(pairs[half], y[half])
    return model.score(pairs[~half], y[~half])


def test_words_find_the_region_that_has_all_they_say(things):
    longer = {**QUICK, "max_iter": 30, "learning_rate": 1e-2}
    fusion = NeuralFusion(32, dropout=0.0, weight_decay=0.01, **longer)
    assert _accuracy(fusion, *things) > 0.85


def test_what_lies_in_one_region_is_lost_in_the_mean_of_all(things):
    pairs, y = things
    means = pairs.map(
        image=lambda images: images.mean(axis=1), text=lambda texts: texts.mean(axis=1)
    )
    assert _accuracy(NeuralFusion(method="bilinear", random_state=0), means, y) < 0.6


def test_rows_of_zeros_change_nothing(things, fitted):
    pairs, _ = things
    padded = pairs.map(
        image=lambda images: np.pad(images, ((0, 0), (0, 3), (0, 0))),
        text=lambda texts: np.pad(texts, ((0, 0), (0, 1), (0, 0))),
    )
    np.testing.assert_allclose(
        fitted.transform(padded), fitted.transform(pairs), atol=1e-5
    )


def test_the_order_of_regions_and_words_does_not_matter(things, fitted):
    pairs, _ = things
    turned = pairs.map(
        image=lambda images: images[:, ::-1], text=lambda texts: texts[:, ::-1]
    )
    np.testing.assert_allclose(
        fitted.transform(turned), fitted.transform(pairs), atol=1e-5
    )


def test_an_item_without_parts_gets_finite_numbers(things, fitted):
    nothing = things[0][:2].map(image=np.zeros_like, text=np.zeros_like)
    fused = fitted.transform(nothing)
    assert np.isfinite(fused).all()
    np.testing.assert_array_equal(fused[0], fused[1])


def test_a_map_is_as_good_as_its_regions(things, fitted):
    pairs, _ = things
    maps = pairs.map(image=lambda images: images.reshape(-1, 2, 2, 8))
    np.testing.assert_array_equal(fitted.transform(maps), fitted.transform(pairs))


def test_a_vector_is_a_single_part(things, fitted):
    pairs, _ = things
    first = pairs.map(text=lambda texts: texts[:, 0])
    alone = pairs.map(text=lambda texts: texts[:, :1])
    np.testing.assert_array_equal(fitted.transform(first), fitted.transform(alone))


def test_without_a_target_it_learns_who_belongs_together(things):
    """The texts name what their own image shows."""
    pairs, y = things
    fusion = NeuralFusion(8, **QUICK).fit(pairs[y == 1])
    assert fusion.loss_curve_[-1] < 0.75
    assert fusion.transform(pairs).shape == (N_PAIRS, 8)


def test_lists_of_numbers_are_no_regions(things):
    pairs, _ = things
    flat = pairs.map(image=lambda images: images[:, 0, 0])
    with pytest.raises(ValueError, match=r"shape \(1200,\). Give \(n_items, n_parts"):
        NeuralFusion(**QUICK).fit(flat)


def test_maps_are_refused_by_methods_for_vectors(things):
    with pytest.raises(ValueError, match=r"shape \(4, 8\) each"):
        NeuralFusion().fit(things[0])
