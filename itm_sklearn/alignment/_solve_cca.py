"""From pairs or moments to canonical directions: the way that suits their shape."""

from dataclasses import dataclass, replace

import numpy as np

from itm_sklearn.alignment._covariance import Directions, canonical_directions
from itm_sklearn.alignment._moments import PairMoments
from itm_sklearn.alignment._principal_axes import principal_axes
from itm_sklearn.alignment._ridge import choose_penalties, fold_numbers
from itm_sklearn.alignment._sparse import (
    check_can_be_solved,
    is_wide_and_sparse,
    sparse_directions,
)
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["Problem", "Solution", "add_to_folds", "solve_moments", "solve_pairs"]

_N_FOLDS = 3
# Multiplications that take a millisecond.
_LITTLE_WORK = 3e7
# With eigenvalues above this, single precision moves correlations by 1e-7 at most.
_SINGLE_PRECISION_MARGIN = 2e-3


@dataclass(frozen=True)
class Problem:
    """What is asked for."""

    n_components: int
    # Of the images and of the texts.
    penalties: tuple
    # Whether the strengths of the penalties are to be found.
    choose: bool = False
    # Whether the last step may be good to some digits only.
    randomized: bool = False


@dataclass
class Solution:
    """Directions, and what they belong to."""

    directions: Directions
    # Of the images and of the texts.
    means: tuple
    ridge: tuple
    # Of the images, up to a common factor.
    deviations: np.ndarray


def solve_pairs(pairs, problem, solver):
    """Directions of pairs that are all at hand."""
    if solver == "sparse" or (
        solver == "auto"
        and (is_wide_and_sparse(pairs.images) or is_wide_and_sparse(pairs.texts))
    ):
        check_can_be_solved(pairs, problem)
        directions, means, deviations = sparse_directions(
            pairs, problem.n_components, problem.penalties
        )
        ridge = tuple(penalty.strength for penalty in problem.penalties)
        return Solution(directions.oriented(deviations), means, ridge, deviations)
    return _solve_by_moments(pairs, problem, solver)


def _solve_by_moments(pairs, problem, solver):
    narrow = [
        _narrowed(pairs, problem.penalties[view], view, solver) for view in range(2)
    ]
    views = [pairs.images, pairs.texts]
    penalties = list(problem.penalties)
    for view, axes in enumerate(narrow):
        if axes is not None:
            views[view], penalties[view] = axes.rows, axes.penalty
    parts = fold_numbers(pairs.images, _N_FOLDS) if problem.choose else None
    pairs = ImageTextPairs(*views, pairs.image_index)
    problem = replace(problem, penalties=tuple(penalties))
    for dtype in _precisions(len(pairs), views):
        folds = _no_moments(problem.choose, dtype)
        solution = _solve(_add_pairs(folds, pairs, parts), problem)
        if solution.directions.margin > _SINGLE_PRECISION_MARGIN:
            break
    return _turned_back(solution, *narrow)


def _precisions(n_pairs, views):
    """Precisions to try, where products of single precision save time at all."""
    work = n_pairs * sum(view.shape[1] for view in views) ** 2
    return (np.float64,) if work < _LITTLE_WORK else (np.float32, np.float64)


def solve_moments(folds, problem):
    """Directions of pairs of which only moments are left."""
    return _turned_back(_solve(folds, problem), None, None)


def add_to_folds(folds, pairs, *, choose):
    """Moments in one part, or in several that can be left out in turn.

    Moments that come ready go to the smallest part as they are.
    """
    if folds is None:
        folds = _no_moments(choose)
    if isinstance(pairs, PairMoments):
        smallest = int(np.argmin([fold.n_pairs for fold in folds]))
        folds[smallest] = folds[smallest] + pairs
        return folds
    parts = fold_numbers(pairs.images, len(folds)) if len(folds) > 1 else None
    return _add_pairs(folds, pairs, parts)


def _no_moments(choose, dtype=None):
    return [PairMoments(dtype) for _ in range(_N_FOLDS if choose else 1)]


def _add_pairs(folds, pairs, part_of_image):
    if part_of_image is None:
        folds[0]._add_checked(pairs.images, pairs.texts, pairs.image_index)
        return folds
    for number, fold in enumerate(folds):
        part = pairs[part_of_image[pairs.image_index] == number]
        if len(part):
            fold._add_checked(part.images, part.texts, part.image_index)
    return folds


def _solve(folds, problem):
    penalties = problem.penalties
    if problem.choose:
        penalties = choose_penalties(folds, problem.n_components, penalties)
    total = folds[0] if len(folds) == 1 else sum(folds, PairMoments())
    return Solution(
        canonical_directions(
            total, problem.n_components, penalties, randomized=problem.randomized
        ),
        (total.image_mean, total.text_mean),
        tuple(penalty.strength for penalty in penalties),
        np.sqrt(np.diag(total.image_scatter)),
    )


def _narrowed(pairs, penalty, view, solver):
    """The principal axes of a view that is to be turned to them, otherwise None."""
    rows = (pairs.images, pairs.texts)[view]
    wide = rows.shape[0] < rows.shape[1]
    if solver in ("covariance", "randomized") or (solver == "auto" and not wide):
        return None
    counts = np.ones(len(pairs))
    if view == 0:
        counts = np.bincount(pairs.image_index, minlength=pairs.n_images)
    return principal_axes(rows, counts, penalty, ("image", "text")[view])


def _turned_back(solution, image_axes, text_axes):
    """The solution in terms of the features, with signs that are settled there."""
    directions = solution.directions
    image_mean, text_mean = solution.means
    if image_axes is not None:
        directions.image_weights = image_axes.axes @ directions.image_weights
        image_mean = image_axes.mean
        solution.deviations = image_axes.deviations
    if text_axes is not None:
        directions.text_weights = text_axes.axes @ directions.text_weights
        text_mean = text_axes.mean
    solution.means = image_mean, text_mean
    solution.directions = directions.oriented(solution.deviations)
    return solution
