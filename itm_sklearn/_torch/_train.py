"""The one training loop.

It knows neither models nor losses: a loss is a function of row numbers, which the
caller closes over its module and data. `_recipe.py` holds the settings,
`_batches.py` draws the rows, and `_losses.py` has contrastive losses.
"""

import math
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from itm_sklearn._batching import progress
from itm_sklearn._torch._batches import draw_batches, hold_out
from itm_sklearn._torch._device import seeded
from itm_sklearn._torch._recipe import Recipe, TrainingRecord

__all__ = ["Recipe", "TrainingRecord", "train"]


def train(
    module,
    groups,
    batch_loss,
    recipe=None,
    *,
    held_out_loss=None,
    optimizer_states=None,
    seed=0,
    n_threads=None,
    verbose=0,
):
    """Train a module in place, batch by batch, and leave it with its best weights.

    Parameters
    ----------
    module : torch.nn.Module
        On the device it is to be trained on.
    groups : array-like of int of shape (n_rows,)
        The group of each row: its image. Batches are drawn and rows are held out by
        group.
    batch_loss : callable or list of (torch.nn.Module, callable)
        From an array of row numbers to a loss, a tensor with one number. A list
        has several steps for each batch, taken in turn, each with the part of the
        module that it moves: generator and discriminator, for example.
    recipe : Recipe, default=None
        How to train. None means ``Recipe()``.
    held_out_loss : callable, default=None
        From the held-out row numbers to a number, the lower the better. None takes
        the mean of the last `batch_loss` over them.
    optimizer_states : list of dict, default=None
        Of a `TrainingRecord`, to go on from it.
    seed : int, default=0
        Draws batches and whatever the module draws. The user's own random numbers
        are left alone.
    n_threads : int, default=None
        Threads of the processor. None takes as many as torch does; for small
        networks one is faster, and many times so on a busy machine.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Returns
    -------
    record : TrainingRecord
        Losses, the best pass and what is needed to go on.

    Raises
    ------
    ValueError
        If the loss is no longer a finite number.

    Examples
    --------
    Find the mean of three numbers:

    >>> from torch import nn
    >>> numbers, mean = torch.tensor([1.0, 2.0, 6.0]), nn.Linear(1, 1)
    >>> _ = nn.init.zeros_(mean.bias)
    >>> def batch_loss(rows):
    ...     return ((mean.bias - numbers[rows]) ** 2).mean()
    >>> recipe = Recipe(max_iter=200, learning_rate=0.1, weight_decay=0)
    >>> record = train(mean, [0, 1, 2], batch_loss, recipe)
    >>> round(mean.bias.item(), 2)
    3.0
    """
    recipe = Recipe() if recipe is None else recipe
    steps = [(module, batch_loss)] if callable(batch_loss) else list(batch_loss)
    groups = np.asarray(groups)
    generator = np.random.default_rng(seed)
    device = next(module.parameters()).device
    with seeded(seed, device), _threads(n_threads):
        kept, held_out = hold_out(groups, recipe.validation_fraction, generator)
        loop = _Loop(module, steps, groups, kept, recipe, generator, optimizer_states)
        judge = _Judge(module, held_out, held_out_loss or loop.mean_loss, recipe)
        for _ in progress(
            range(recipe.max_iter), desc=type(module).__name__, verbose=verbose
        ):
            loop.run_pass()
            if judge.says_stop(loop.record):
                break
        judge.restore_best(loop.record)
    return loop.finish()


@contextmanager
def _threads(n_threads):
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Loop:
    """Optimisers, schedules and the passes over the rows."""

    def __init__(self, module, steps, groups, rows, recipe, generator, states):
        self.module, self.steps, self.recipe = module, steps, recipe
        self.groups, self.rows, self.generator = groups, rows, generator
        self.record = TrainingRecord()
        n_batches = max(1, math.ceil(len(rows) / recipe.batch_size))
        self.schedule = _Schedule(recipe, n_batches * recipe.max_iter)
        self.optimizers = [_optimizer(part, recipe) for part, _ in steps]
        for optimizer, state in zip(self.optimizers, states or [], strict=False):
            optimizer.load_state_dict(state)
        self.n_done = 0

    def run_pass(self):
        """Take every row into a step once."""
        self.module.train()
        batches = self._draw(self.rows)
        losses = [self._run_batch(rows) for rows in batches]
        means = np.average(losses, axis=0, weights=[len(rows) for rows in batches])
        self.record.losses.append(
            means.tolist() if len(self.steps) > 1 else float(means[0])
        )

    def _draw(self, rows):
        recipe = self.recipe
        drawn = draw_batches(
            self.groups[rows],
            recipe.batch_size,
            self.generator,
            together=recipe.together,
        )
        return [rows[chosen] for chosen in drawn]

    def _run_batch(self, rows):
        learning_rate = self.schedule.learning_rate(self.n_done)
        self.n_done += 1
        return [
            self._step(part, loss_of, optimizer, rows, learning_rate)
            for (part, loss_of), optimizer in zip(
                self.steps, self.optimizers, strict=True
            )
        ]

    def _step(self, part, loss_of, optimizer, rows, learning_rate):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * group["share"]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(rows)
        value = loss.item()
        if not math.isfinite(value):
            raise ValueError(
                f"The loss became {value} in step {self.n_done}. Lower learning_rate="
                f"{self.recipe.learning_rate}, or look for huge values in the data."
            )
        loss.backward()
        if self.recipe.clip is not None:
            torch.nn.utils.clip_grad_norm_(part.parameters(), self.recipe.clip)
        optimizer.step()
        return value

    def mean_loss(self, rows):
        """Mean of the last step's loss over batches of the rows."""
        # Always the same batches, so that passes can be compared.
        batches = draw_batches(
            self.groups[rows],
            self.recipe.batch_size,
            np.random.default_rng(0),
            together=self.recipe.together,
        )
        losses = [self.steps[-1][1](rows[chosen]).item() for chosen in batches]
        return np.average(losses, weights=[len(chosen) for chosen in batches])

    def finish(self):
        """Leave the module ready for use."""
        self.module.eval()
        self.record.optimizer_states = [
            optimizer.state_dict() for optimizer in self.optimizers
        ]
        return self.record


@dataclass(frozen=True)
class _Schedule:
    """The step size of each step."""

    recipe: Recipe
    n_steps: int

    def learning_rate(self, step):
        recipe = self.recipe
        n_warmup = recipe.warmup * self.n_steps
        if step < n_warmup:
            return recipe.learning_rate * (step + 1) / (n_warmup + 1)
        if not recipe.decay:
            return recipe.learning_rate
        done = (step - n_warmup) / max(1.0, self.n_steps - n_warmup)
        return recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2


class _Judge:
    """Early stopping: remembers the weights that did best on held-out rows."""

    def __init__(self, module, rows, loss_of, recipe):
        self.module, self.rows, self.loss_of = module, rows, loss_of
        self.recipe = recipe
        self.best, self.best_state = math.inf, None

    def says_stop(self, record):
        record_iter = len(record.losses)
        if not len(self.rows):
            record.best_iter = record_iter
            return False
        self.module.eval()
        with torch.no_grad():
            loss = float(self.loss_of(self.rows))
        record.held_out_losses.append(loss)
        if loss < self.best - self.recipe.tolerance or self.best_state is None:
            self.best, record.best_iter = loss, record_iter
            self.best_state = deepcopy(self.module.state_dict())
        return record_iter - record.best_iter >= self.recipe.patience

    def restore_best(self, record):
        if self.best_state is not None and record.best_iter < len(record.losses):
            self.module.load_state_dict(self.best_state)


def _optimizer(module, recipe):
    groups = {}
    for name, weight in module.named_parameters():
        decay = recipe.weight_decay if weight.ndim > 1 else 0.0
        shares = [s for part, s in recipe.shares.items() if name.startswith(part)]
        groups.setdefault((decay, *(shares or [1.0])), []).append(weight)
    # One pass over the weights instead of a dozen.
    return torch.optim.AdamW(
        [
            {"params": weights, "weight_decay": decay, "share": share}
            for (decay, share), weights in groups.items()
        ],
        lr=recipe.learning_rate,
        betas=recipe.betas,
        fused=True,
    )
