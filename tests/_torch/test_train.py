"""The training loop: batches by image, early stopping, seeds, several steps."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from itm_sklearn._torch._batches import draw_batches, hold_out  # noqa: E402
from itm_sklearn._torch._train import Recipe, train  # noqa: E402

IMAGES = np.repeat(np.arange(20), 5)


@pytest.fixture
def line():
    """Forty points near a line, and a module to find it."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 1, generator=generator)
    y = 3 * x + 1 + 0.01 * torch.randn(40, 1, generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torch.nn.Linear(1, 1)

    def batch_loss(rows):
        return ((module(x[rows]) - y[rows]) ** 2).mean()

    return module, batch_loss


@pytest.mark.parametrize("together", [1, 2, None])
def test_every_row_is_in_one_batch(together):
    batches = draw_batches(IMAGES, 16, np.random.default_rng(0), together=together)
    assert sorted(np.concatenate(batches)) == list(range(100))
    assert max(map(len, batches)) <= 16


def test_a_batch_holds_as_many_images_as_it_can():
    for batch in draw_batches(IMAGES, 20, np.random.default_rng(0)):
        assert len(np.unique(IMAGES[batch])) == 20


def test_all_captions_of_an_image_can_stay_together():
    batches = draw_batches(IMAGES, 20, np.random.default_rng(0), together=None)
    for batch in batches:
        assert len(np.unique(IMAGES[batch])) == 4


def test_the_captions_of_an_image_are_held_out_together():
    kept, out = hold_out(IMAGES, 0.25, np.random.default_rng(0))
    assert len(np.unique(IMAGES[out])) == 5
    assert not set(IMAGES[kept]) & set(IMAGES[out])
    assert len(kept) + len(out) == 100


def test_holding_out_everything_is_an_error():
    with pytest.raises(ValueError, match="leaves none to train on"):
        hold_out(np.zeros(3, dtype=int), 0.5, np.random.default_rng(0))


def test_a_line_is_found(line):
    module, batch_loss = line
    train(module, np.arange(40), batch_loss, Recipe(100, 8, 0.1, weight_decay=0))
    assert module.weight.item() == pytest.approx(3, abs=0.02)
    assert module.bias.item() == pytest.approx(1, abs=0.02)


def test_the_same_seed_gives_the_same_weights_and_another_does_not(line):
    module, batch_loss = line
    start = {name: value.clone() for name, value in module.state_dict().items()}
    found = []
    for seed in (0, 0, 1):
        module.load_state_dict(start)
        train(module, np.arange(40), batch_loss, Recipe(1, 8), seed=seed)
        found.append(module.weight.item())
    assert found[0] == found[1] != found[2]


def test_the_users_random_numbers_are_left_alone(line):
    module, batch_loss = line
    before = torch.random.get_rng_state()
    train(module, np.arange(40), batch_loss, Recipe(1))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_training_stops_early_with_the_best_weights(line):
    """The held-out loss is scripted: best in the third pass, then patience of two."""
    module, batch_loss = line
    losses = iter([3.0, 2.0, 1.0, 5.0, 5.0, 0.0])
    seen = []

    def held_out_loss(rows):
        seen.append(module.weight.item())
        return next(losses)

    recipe = Recipe(6, 8, 0.1, validation_fraction=0.1, patience=2)
    record = train(
        module, np.arange(40), batch_loss, recipe, held_out_loss=held_out_loss
    )
    assert record.held_out_losses == [3.0, 2.0, 1.0, 5.0, 5.0]
    assert record.best_iter == 3
    assert module.weight.item() == seen[2]


def test_held_out_rows_are_never_trained_on(line):
    module, batch_loss = line
    trained, held_out = set(), set()

    def spying_loss(rows):
        (trained if torch.is_grad_enabled() else held_out).update(rows.tolist())
        return batch_loss(rows)

    record = train(
        module, np.arange(40), spying_loss, Recipe(3, validation_fraction=0.25)
    )
    assert len(held_out) == 10
    assert len(trained) == 30
    assert not trained & held_out
    assert len(record.held_out_losses) == 3


def test_two_halves_are_as_good_as_a_whole_if_the_optimizer_goes_on(line):
    module, batch_loss = line
    start = {name: value.clone() for name, value in module.state_dict().items()}
    recipe = {"batch_size": 40, "warmup": 0.0, "decay": False}
    train(module, np.arange(40), batch_loss, Recipe(4, **recipe))
    whole = module.weight.item()
    module.load_state_dict(start)
    record = train(module, np.arange(40), batch_loss, Recipe(2, **recipe))
    train(
        module,
        np.arange(40),
        batch_loss,
        Recipe(2, **recipe),
        optimizer_states=record.optimizer_states,
    )
    assert module.weight.item() == pytest.approx(whole, rel=1e-6)


def test_each_of_several_steps_moves_its_own_part(line):
    """As a generator and a discriminator do."""
    both = torch.nn.ModuleList([torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)])
    torch.nn.init.ones_(both[0].weight)
    before = both[1].weight.item()
    steps = [
        (both[0], lambda rows: (both[0].weight - 2).square().sum() + 0 * both[1].bias),
        (both[1], lambda rows: 0 * both[1].weight.sum() + both[0].weight.sum()),
    ]
    record = train(both, np.arange(4), steps, Recipe(200, 4, 0.05, weight_decay=0))
    assert both[0].weight.item() == pytest.approx(2, abs=0.05)
    assert both[1].weight.item() == before
    assert np.shape(record.losses) == (200, 2)


def test_a_loss_that_explodes_is_an_error(line):
    module, _ = line
    with pytest.raises(ValueError, match="became nan in step 1"):
        train(module, np.arange(4), lambda rows: module.weight.sum() * torch.nan)


def test_the_step_size_rises_and_then_falls(line):
    module, batch_loss = line
    seen = []
    step = torch.optim.AdamW.step

    def spy(self, *arguments):
        seen.append(self.param_groups[0]["lr"])
        return step(self, *arguments)

    recipe = Recipe(10, 40, 1.0, warmup=0.3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", spy)
        train(module, np.arange(40), batch_loss, recipe)
    assert seen[:3] == [0.25, 0.5, 0.75]
    assert seen[3] == 1.0
    assert (np.diff(seen[3:]) < 0).all()


def test_the_module_is_ready_for_use_afterwards(line):
    module, batch_loss = line
    train(module, np.arange(40), batch_loss, Recipe(1))
    assert not module.training


def test_a_part_takes_its_share_of_each_step(line):
    module, batch_loss = line
    before = module.weight.item(), module.bias.item()
    train(module, np.arange(40), batch_loss, Recipe(5, shares={"weight": 0.0}))
    assert module.weight.item() == before[0]
    assert module.bias.item() != before[1]
