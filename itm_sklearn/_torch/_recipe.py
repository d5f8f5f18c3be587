"""What goes into the training loop of `_train.py` and what comes out, as data."""

from dataclasses import dataclass, field

__all__ = ["Recipe", "TrainingRecord"]


@dataclass(frozen=True)
class Recipe:
    """How to train: what the loop needs to know beside module, rows and loss.

    Parameters
    ----------
    max_iter : int
        Passes over the rows.
    batch_size : int
        The most rows in a step.
    learning_rate : float
        Highest step size of AdamW [1]_.
    weight_decay : float
        Decay of matrices; biases and single numbers do not decay.
    betas : tuple of float
        Memory of the two moments of AdamW.
    warmup : float
        Share of all steps in which the step size rises from zero, linearly.
    decay : bool
        Whether it falls to zero afterwards, as a half cosine [2]_.
    shares : dict
        Parts of the module that take smaller steps: beginnings of parameter names,
        with the share of the step size.
    clip : float or None
        Longest gradient; longer ones are scaled down.
    together : int or None
        Rows of one group that stay side by side in a batch; None means all.
    validation_fraction : float
        Share of the groups that is held out; with 0 there is no early stopping.
    patience : int
        Passes without improvement on held-out rows after which it stops.
    tolerance : float
        What counts as an improvement.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization",
       ICLR 2019, algorithm 2.
    .. [2] I. Loshchilov and F. Hutter, "SGDR: Stochastic gradient descent with warm
       restarts", ICLR 2017, equation 5.

    Examples
    --------
    >>> Recipe(max_iter=3).learning_rate
    0.001
    """

    max_iter: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    betas: tuple = (0.9, 0.999)
    warmup: float = 0.05
    decay: bool = True
    shares: dict = field(default_factory=dict)
    clip: float | None = None
    together: int | None = 1
    validation_fraction: float = 0.0
    patience: int = 5
    tolerance: float = 0.0


@dataclass
class TrainingRecord:
    """What happened in training: a row for each pass.

    Parameters
    ----------
    losses : list of float or of list of float
        Mean training loss of each pass; a list for each step, if there are several.
    held_out_losses : list of float
        Loss on held-out rows after each pass.
    best_iter : int
        The pass, from 1 on, whose weights the module has.
    optimizer_states : list of dict
        To go on from, a state for each step.

    Examples
    --------
    >>> TrainingRecord().losses
    []
    """

    losses: list = field(default_factory=list)
    held_out_losses: list = field(default_factory=list)
    best_iter: int = 0
    optimizer_states: list = field(default_factory=list)
