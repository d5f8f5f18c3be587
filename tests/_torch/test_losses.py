"""Contrastive losses against naive double loops."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._losses import (  # noqa: E402
    canonical_correlation,
    infonce,
    sigmoid,
    triplet,
)


def _infonce(similarity, matches, scale):
    losses = []
    for text, image in zip(*np.nonzero(matches), strict=True):
        own = math.exp(scale * similarity[text, image])
        rows = [similarity[text, i] for i in range(4) if not matches[text, i]]
        columns = [similarity[t, image] for t in range(6) if not matches[t, image]]
        for others in (rows, columns):
            rivals = sum(math.exp(scale * other) for other in others)
            losses.append(-math.log(own / (own + rivals)))
    return sum(losses) / len(losses)


def _sigmoid(similarity, matches, scale, bias):
    total = 0.0
    for text in range(6):
        for image in range(4):
            sign = 1 if matches[text, image] else -1
            logit = scale * similarity[text, image] + bias
            total -= math.log(1 / (1 + math.exp(-sign * logit)))
    return total / 6


def _triplet(similarity, matches, margin):
    losses = []
    for text, image in zip(*np.nonzero(matches), strict=True):
        own = similarity[text, image]
        rows = [similarity[text, i] for i in range(4) if not matches[text, i]]
        columns = [similarity[t, image] for t in range(6) if not matches[t, image]]
        losses.append(
            sum(max(0.0, margin + max(others) - own) for others in (rows, columns))
        )
    return sum(losses) / len(losses)


@pytest.fixture
def batch():
    """Four images and six texts: two images share a text, one has three."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, 5, generator=generator, dtype=torch.float64)
    texts = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    matches = torch.zeros(6, 4, dtype=torch.bool)
    matches[[0, 0, 1, 2, 3, 4, 5], [0, 1, 1, 2, 2, 2, 3]] = True
    unit = torch.nn.functional.normalize
    return unit(images), unit(texts), matches


@pytest.mark.parametrize(
    ("loss", "naive", "numbers"),
    [
        (infonce, _infonce, (3.0,)),
        (sigmoid, _sigmoid, (3.0, -1.5)),
        (triplet, _triplet, (0.2,)),
    ],
)
def test_a_loss_equals_its_double_loop(loss, naive, numbers, batch):
    images, texts, matches = batch
    similarity = (texts @ images.T).numpy()
    expected = naive(similarity, matches.numpy(), *numbers)
    assert loss(images, texts, matches, *numbers).item() == pytest.approx(expected)


@pytest.mark.parametrize(("loss", "numbers"), [(infonce, (3.0,)), (triplet, (0.2,))])
def test_other_captions_of_an_image_are_not_pushed_away(loss, numbers, batch):
    images, texts, _ = batch
    together = torch.ones(6, 4, dtype=torch.bool)
    texts.requires_grad_()
    value = loss(images, texts, together, *numbers)
    value.backward()
    assert value.item() == 0
    assert not texts.grad.any()


def test_sharper_scales_leave_the_loss_finite(batch):
    images, texts, matches = batch
    assert torch.isfinite(infonce(images.float(), texts.float(), matches, 1e4))
    assert torch.isfinite(sigmoid(images.float(), texts.float(), matches, 1e4, 0.0))


def test_the_canonical_loss_is_the_sum_of_the_correlations():
    from sklearn.cross_decomposition import CCA

    rng = np.random.default_rng(0)
    images = rng.normal(size=(200, 3))
    texts = images[:, :2] + rng.normal(size=(200, 2))
    projected = CCA(2, max_iter=10_000, tol=1e-12).fit_transform(images, texts)
    expected = -sum(
        np.corrcoef(*(view[:, k] for view in projected))[0, 1] for k in (0, 1)
    )
    found = canonical_correlation(torch.tensor(images), torch.tensor(texts), 0.0)
    assert found.item() == pytest.approx(expected, abs=1e-5)


def test_the_canonical_loss_does_not_depend_on_scales():
    generator = torch.Generator().manual_seed(0)
    images, texts = torch.randn(2, 50, 4, generator=generator)
    one = canonical_correlation(images, texts, 0.1)
    other = canonical_correlation(images * 1e3 + 5, texts * 1e-3, 0.1)
    assert other.item() == pytest.approx(one.item(), abs=1e-3)
