"""What estimators that are trained batch by batch share: parameters and recipe.

Torch is imported only when they are fitted.
"""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from itm_sklearn._torch._recipe import Recipe

__all__ = ["TrainingMixin"]

_POSITIVE = Interval(Integral, 1, None, closed="left")


class TrainingMixin:
    """Mixin for estimators whose `fit` runs the training loop of `_train.py`.

    The subclass has the parameters below and passes ``self._recipe(n_pairs)`` on.

    Examples
    --------
    >>> class Trained(TrainingMixin):
    ...     max_iter, batch_size, learning_rate, weight_decay = 10, 128, 1e-3, 0.01
    ...     early_stopping, validation_fraction, n_iter_no_change = False, 0.1, 5
    >>> Trained()._recipe(500).batch_size
    50
    """

    _parameter_constraints: dict = {
        "max_iter": [_POSITIVE],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_POSITIVE],
        "device": [str, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    # Small data are cut into smaller batches, so that a pass has about ten, but not
    # smaller than this.
    _smallest_batch = 32

    def _recipe(self, n_pairs):
        return Recipe(
            max_iter=self.max_iter,
            batch_size=min(self.batch_size, max(self._smallest_batch, n_pairs // 10)),
            learning_rate=self._highest_step(),
            weight_decay=self.weight_decay,
            validation_fraction=self.early_stopping * self.validation_fraction,
            patience=self.n_iter_no_change,
        )

    def _highest_step(self):
        return self.learning_rate
