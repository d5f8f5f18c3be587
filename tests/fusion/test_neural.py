"""The neural fusion: what it learns to tell, and from what kind of target."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

torch = pytest.importorskip("torch")

from itm_sklearn.fusion import ConcatFusion, NeuralFusion  # noqa: E402
from itm_sklearn.model_selection import ImageKFold  # noqa: E402
from itm_sklearn.pairs import ImageTextPairs  # noqa: E402
from itm_sklearn.testing import parametrize_with_pair_checks  # noqa: E402


@pytest.fixture
def pairs():
    """Three hundred images with a text, in spaces of different widths and scales."""
    rng = np.random.default_rng(0)
    return ImageTextPairs(
        100 + 5 * rng.normal(size=(300, 4)), 0.01 * rng.normal(size=(300, 3))
    )


@pytest.fixture
def same_sign(pairs):
    return np.where((pairs.images[:, 0] > 100) == (pairs.texts[:, 0] > 0), "yes", "no")


@parametrize_with_pair_checks(
    [
        NeuralFusion(8, method=method, max_iter=3)
        for method in ("bilinear", "cross_attention")
    ]
)
def test_pair_checks(estimator, check):
    check()


@pytest.mark.parametrize("method", ["gated", "bilinear"])
def test_classes_that_lie_in_both_views_together_are_learned(method, pairs, same_sign):
    def score(fusion):
        model = make_pipeline(fusion, LogisticRegression())
        return cross_val_score(model, pairs, same_sign, cv=ImageKFold(3)).mean()

    assert score(NeuralFusion(method=method, random_state=0)) > 0.75
    assert score(ConcatFusion(norm=None)) < 0.65


def test_numbers_are_learned(pairs):
    y = (pairs.images[:, 0] - 100) * pairs.texts[:, 0]
    fusion = NeuralFusion(method="bilinear", dropout=0.1, max_iter=60, random_state=0)
    model = make_pipeline(fusion, Ridge(1e-3))
    assert cross_val_score(model, pairs, y, cv=ImageKFold(3)).mean() > 0.6


def test_without_a_target_pairs_are_told_from_mismatches():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(500, 4))
    pairs = ImageTextPairs(images, images[:, :3] + 0.1 * rng.normal(size=(500, 3)))
    fusion = NeuralFusion(method="bilinear", dropout=0.1, random_state=0)
    fusion.fit(pairs[:400])
    both = ImageTextPairs(
        images, np.vstack([pairs.texts] * 2), np.r_[:500, np.roll(np.arange(500), 1)]
    )
    y = np.repeat([1, 0], 500)
    unseen = np.r_[400:500, 900:1000]
    features = fusion.transform(both[unseen])
    half = np.arange(200) % 2 == 0
    classifier = LogisticRegression().fit(features[half], y[unseen][half])
    assert classifier.score(features[~half], y[unseen][~half]) > 0.7


@pytest.mark.parametrize("method", ["gated", "bilinear"])
def test_the_random_numbers_of_torch_are_left_alone(method, pairs, same_sign):
    before = torch.random.get_rng_state()
    NeuralFusion(method=method, max_iter=1).fit_transform(pairs, same_sign)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_early_stopping_ends_before_the_last_pass(pairs, same_sign):
    fusion = NeuralFusion(
        max_iter=200, early_stopping=True, n_iter_no_change=2, random_state=0
    )
    fusion.fit(pairs, same_sign)
    assert len(fusion.loss_curve_) <= fusion.n_iter_ + 2 < 200


def test_labels_of_another_length_are_refused(pairs):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        NeuralFusion().fit(pairs, [0, 1])
