"""Which rows are learned from together, and which are held out."""

import math

import numpy as np

__all__ = ["draw_batches", "hold_out"]


def draw_batches(groups, batch_size, generator, *, together=1):
    """Cut all rows into random batches in which groups meet as rarely as possible.

    With images as groups and one row of each `together`, a batch holds one caption
    of as many different images as it can; with all rows together, a batch holds
    few images with all their captions.

    Parameters
    ----------
    groups : ndarray of int of shape (n_rows,)
        The group of each row: its image.
    batch_size : int
        The most rows a batch may have. Batches are of nearly equal size.
    generator : numpy.random.Generator
        Draws the order.
    together : int or None, default=1
        How many rows of a group stay side by side; None means all of them.

    Returns
    -------
    batches : list of ndarray of int
        Row numbers; each row is in one batch.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> draw_batches(np.array([0, 0, 1, 1]), 2, generator)
    [array([2, 0]), array([3, 1])]
    """
    order = generator.permutation(len(groups))
    _, groups = np.unique(groups, return_inverse=True)
    place = generator.permutation(groups.max(initial=0) + 1)[groups[order]]
    rounds = np.zeros(len(order), dtype=int)
    if together is not None:
        rounds = _rank_within(place) // together
    order = order[np.lexsort((place, rounds))]
    return np.array_split(order, max(1, math.ceil(len(order) / batch_size)))


def _rank_within(groups):
    """How many earlier rows have the group of each row."""
    by_group = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[by_group], prepend=-1))
    lengths = np.diff(starts, append=len(groups))
    ranks = np.empty(len(groups), dtype=int)
    ranks[by_group] = np.arange(len(groups)) - np.repeat(starts, lengths)
    return ranks


def hold_out(groups, fraction, generator):
    """Rows to train on, and rows of other groups to judge by.

    Parameters
    ----------
    groups : ndarray of int of shape (n_rows,)
        The group of each row: its image.
    fraction : float
        Share of the groups to hold out, at least one group; 0 holds out none.
    generator : numpy.random.Generator
        Draws the groups.

    Returns
    -------
    kept, held_out : ndarray of int
        Row numbers, in ascending order.

    Raises
    ------
    ValueError
        If nothing is left to train on.

    Examples
    --------
    >>> hold_out(np.array([0, 0, 1, 1]), 0.5, np.random.default_rng(0))
    (array([2, 3]), array([0, 1]))
    """
    rows = np.arange(len(groups))
    if not fraction:
        return rows, rows[:0]
    names = np.unique(groups)
    n_out = max(1, round(fraction * len(names)))
    if n_out >= len(names):
        raise ValueError(
            f"Holding out {fraction:.0%} of {len(names)} images leaves none to train "
            "on. Switch early stopping off, or fit on more images."
        )
    out = np.isin(groups, generator.permutation(names)[:n_out])
    return rows[~out], rows[out]
