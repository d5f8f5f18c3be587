"""Deep CCA: what it finds, and how it relates to CCA."""

import numpy as np
import pytest

pytest.importorskip("torch")

from itm_sklearn.alignment import CCA, DeepCCA

SMALL = {"hidden_layer_sizes": (64,), "random_state": 0}


@pytest.fixture(scope="module")
def bent():
    """Views that agree in size but not in sign, for training and for judging."""
    rng = np.random.default_rng(0)
    texts = rng.normal(size=(600, 3))
    images = np.abs(texts) + 0.1 * rng.normal(size=(600, 3))
    return (images[:400], texts[:400]), (images[400:], texts[400:])


def _correlations(aligner, views):
    projected = aligner.transform(*views)
    return [np.corrcoef(*(view[:, k] for view in projected))[0, 1] for k in range(3)]


def test_unseen_pairs_correlate_where_linear_maps_find_nothing(bent):
    train, unseen = bent
    deep = DeepCCA(3, max_iter=40, learning_rate=5e-3, **SMALL).fit(*train)
    assert min(_correlations(deep, unseen)) > 0.6
    assert max(_correlations(CCA(ridge=0).fit(*train), unseen)) < 0.4


def test_the_projections_are_in_the_order_of_their_correlations(bent):
    deep = DeepCCA(3, max_iter=5, **SMALL).fit(*bent[0])
    assert (np.diff(deep.correlations_) <= 0).all()
    assert deep.correlations_.shape == (3,)


def test_power_scales_the_projections_by_the_correlations(bent):
    train, unseen = bent
    plain = DeepCCA(3, max_iter=2, power=0, **SMALL).fit(*train)
    scaled = DeepCCA(3, max_iter=2, power=2, **SMALL).fit(*train)
    np.testing.assert_allclose(
        scaled.transform(unseen[0]),
        plain.transform(unseen[0]) * plain.correlations_**2,
    )


def test_early_stopping_ends_before_the_last_pass(bent):
    deep = DeepCCA(
        3, max_iter=200, early_stopping=True, n_iter_no_change=2, **SMALL
    ).fit(*bent[0])
    assert len(deep.loss_curve_) <= deep.n_iter_ + 2 < 200
