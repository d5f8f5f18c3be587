"""What estimators of vectors promise about numbers that are wrong.

An input is refused with a ValueError or a TypeError, or its damage changes nothing,
as in a baseline that does not look. Never is the answer another one without a word.
"""

import warnings
from contextlib import suppress

import numpy as np
from sklearn.base import clone

from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing._compare import assert_same, outputs
from itm_sklearn.testing._examples import labels_for

_KINDS = ("vectors", "vector pairs", "aligned pairs", "pairs of parts")


def check_nan_and_infinity_change_no_answer_silently(estimator, example):
    """One such number in either view, in `fit` or later."""
    for number in (np.nan, np.inf, -np.inf):
        _check_damage(estimator, example, lambda view, n=number: _with_first(view, n))


def check_huge_numbers_give_no_silent_nonsense(estimator, example):
    """Lengths of vectors must not overflow: a cosine of 0 would look like an answer."""
    for change in (_huge, _huge_single):
        for view in _views(example):
            huge = _changed(example.items, view, change)
            for fitted in (None, _fit(estimator, example.items, example.items)):
                # What overflows may warn of it first.
                with suppress(ValueError), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    _check_sense(fitted or _fit(estimator, huge, example.items), huge)


def check_complex_numbers_are_refused(estimator, example):
    """Their imaginary part would be lost."""
    _check_damage(estimator, example, lambda values: values + 1j)


def check_masked_arrays_are_refused(estimator, example):
    """Their mask would be lost."""
    if example.kind != "vectors":
        _check_damage(estimator, example, lambda values: np.ma.masked_less(values, 0))


def check_another_width_is_refused(estimator, example):
    """A view with a column less than in `fit`."""
    for view in _views(example):
        fitted = _fit(estimator, example.items, example.items)
        narrow = _changed(example.items, view, lambda values: values[..., 1:])
        _check_refused(fitted, narrow, example.items)


def check_numbers_of_any_kind_are_read(estimator, example):
    """Read-only, of the other byte order, not contiguous, in single precision."""
    fitted = _fit(estimator, example.items, example.items)
    expected = outputs(fitted, example.items)
    for change in (_read_only, _swapped, np.asfortranarray, np.float32):
        for view in _views(example):
            changed = _changed(example.items, view, change)
            _fit(estimator, changed, example.items)
            for name, values in outputs(fitted, changed).items():
                assert_same(values, expected[name], 1e-4)


def check_few_and_repeated_rows_give_numbers_or_an_error(estimator, example):
    """One pair, two pairs, one image alone, and every pair twice."""
    if example.kind not in _KINDS:
        return
    n_rows = len(example.items)
    for rows in ([0], [0, 1], [0] * 9, np.repeat(np.arange(n_rows), 2)):
        some = example.items[rows]
        with suppress(ValueError):
            fitted = estimator.fit(some, _labels(estimator, example.items, rows))
            for values in outputs(fitted, some).values():
                assert np.isfinite(values).all(), rows


def _check_damage(estimator, example, change):
    """In `fit` or in what follows, damage is refused or changes nothing."""
    if example.kind not in _KINDS:
        return
    fitted = _fit(estimator, example.items, example.items)
    for view in _views(example):
        with suppress(ValueError, TypeError):
            damaged = _changed(example.items, view, change)
            _check_refused(fitted, damaged, example.items)
            again = _fit(estimator, damaged, example.items)
            _check_refused(again, example.items, example.items, fitted)


def _check_refused(fitted, damaged, items, other=None):
    with suppress(ValueError, TypeError):
        expected = outputs(other or fitted, items)
        for name, values in outputs(fitted, damaged).items():
            assert_same(values, expected[name])


def _views(example):
    if example.kind not in _KINDS:
        return ()
    return ("vectors",) if example.kind == "vectors" else ("images", "texts")


def _changed(items, view, change):
    if view == "vectors":
        return change(items)
    parts = {"images": items.images, "texts": items.texts}
    parts[view] = change(parts[view])
    return ImageTextPairs(**parts, image_index=items.image_index)


def _fit(estimator, items, original):
    """Fitted on what may be damaged, with the labels of what is not."""
    return clone(estimator).fit(items, labels_for(estimator, original))


def _labels(estimator, items, rows):
    labels = labels_for(estimator, items)
    return None if labels is None else labels[rows]


def _with_first(values, number):
    values = values.copy()
    values.flat[0] = number
    return values


def _check_sense(fitted, items):
    for name, values in outputs(fitted, items).items():
        assert np.isfinite(values).all(), name
        assert np.ptp(values) > 0, name


def _huge(values):
    return values * 1e200


def _huge_single(values):
    return (values * 1e25).astype(np.float32)


def _read_only(values):
    values = values.copy()
    values.setflags(write=False)
    return values


def _swapped(values):
    return values.astype(values.dtype.newbyteorder())
