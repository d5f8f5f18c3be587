"""Fine-tuning: what towers get, that they learn, and that the user's own do not."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from itm_sklearn.metrics import rsum
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import parametrize_with_pair_checks

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from itm_sklearn.alignment import TowerAligner  # noqa: E402

SMALL = {"n_components": 16, "learning_rate": 1e-2, "random_state": 0}


def _bars(n_images, seed):
    """A bar at one of twelve heights of a noisy picture; texts say at which.

    The contrast may be either way, so that no linear map sees the bar.
    """
    rng = np.random.default_rng(seed)
    heights = rng.integers(0, 12, n_images)
    images = 0.4 * rng.normal(size=(n_images, 1, 12, 12))
    images[np.arange(n_images), 0, heights] += rng.choice([-1, 1], (n_images, 1))
    return ImageTextPairs(images, np.eye(12)[heights]), heights


def _convolutions():
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 8, (3, 12), padding=(1, 0)),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(96, 32),
            nn.ReLU(),
        )


@pytest.fixture(scope="module")
def pairs():
    return _bars(400, seed=1)[0]


@pytest.fixture(scope="module")
def one_of_each():
    """An unseen picture for each height."""
    pairs, heights = _bars(400, seed=2)
    return pairs[np.unique(heights, return_index=True)[1]]


@pytest.fixture(scope="module")
def fine_tuned(pairs):
    return TowerAligner(_convolutions(), tower_share=1.0, **SMALL).fit(pairs)


def _rsum(aligner, pairs):
    projected = aligner.transform(pairs)
    return rsum(pairs.relevance(), projected.texts @ projected.images.T)


def _same_weights(one, other):
    return all(
        torch.equal(value, other.state_dict()[name])
        for name, value in one.state_dict().items()
    )


@parametrize_with_pair_checks([TowerAligner(nn.Linear(5, 7), **SMALL)])
def test_pair_checks(estimator, check):
    check()


def test_a_tower_that_learns_beats_the_same_tower_frozen(
    pairs, one_of_each, fine_tuned
):
    frozen = TowerAligner(_convolutions(), tower_share=0.0, **SMALL).fit(pairs)
    assert _rsum(fine_tuned, one_of_each) > _rsum(frozen, one_of_each) + 50


def test_a_frozen_tower_keeps_its_weights(pairs):
    tower = _convolutions()
    frozen = TowerAligner(tower, tower_share=0.0, max_iter=2, **SMALL).fit(pairs)
    assert _same_weights(frozen.image_network_.tower, tower)


def test_the_users_tower_is_copied_before_it_is_trained(pairs):
    tower = _convolutions()
    aligner = TowerAligner(tower, max_iter=2, **SMALL).fit(pairs)
    assert _same_weights(tower, _convolutions())
    assert not _same_weights(aligner.image_network_.tower, tower)


def test_numbers_of_tokens_stay_whole_numbers():
    rng = np.random.default_rng(0)
    words = rng.integers(0, 50, size=(200, 6))
    counts = np.stack([np.bincount(row, minlength=50) for row in words]).astype(float)
    pairs = ImageTextPairs(counts, words)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        tower = nn.EmbeddingBag(50, 32)
    aligner = TowerAligner(text_tower=tower, tower_share=1.0, **SMALL).fit(pairs)
    assert _rsum(aligner, pairs) > 500
    assert aligner.transform(pairs).texts.dtype == np.float32


def test_early_stopping_keeps_the_pass_that_did_best(pairs):
    aligner = TowerAligner(_convolutions(), early_stopping=True, max_iter=8, **SMALL)
    aligner.fit(pairs)
    assert aligner.n_iter_ == np.argmax(aligner.validation_scores_) + 1


def test_a_pickle_has_the_networks(fine_tuned, one_of_each):
    copied = pickle.loads(pickle.dumps(fine_tuned))
    np.testing.assert_array_equal(
        copied.transform_image(one_of_each.images),
        fine_tuned.transform_image(one_of_each.images),
    )


def test_a_clone_has_a_tower_of_its_own():
    aligner = TowerAligner(_convolutions())
    copied = clone(aligner).image_tower
    assert copied is not aligner.image_tower
    assert _same_weights(copied, aligner.image_tower)


def test_a_tower_that_gives_maps_is_refused_with_a_way_out(pairs):
    with pytest.raises(ValueError, match=r"into \(8, 12, 1\).*Flatten"):
        TowerAligner(_convolutions()[:1], **SMALL).fit(pairs)


def test_a_function_is_no_tower(pairs):
    with pytest.raises(ValueError, match="image_tower"):
        TowerAligner(np.sqrt).fit(pairs)
