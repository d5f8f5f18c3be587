"""What every estimator of the package promises."""

import copy
import pickle

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing._compare import assert_raises, assert_same, outputs
from itm_sklearn.testing._examples import fit


def check_init_stores_its_arguments_untouched(estimator, example):
    """`__init__` sets its parameters and nothing else."""
    assert set(vars(estimator)) == set(estimator.get_params(deep=False))


def check_clone_has_the_same_parameters(estimator, example):
    """A clone is unfitted and prints alike."""
    assert repr(clone(estimator)) == repr(estimator)


def check_parameters_can_be_set_by_name(estimator, example):
    """`set_params` takes back what `get_params` gave."""
    parameters = estimator.get_params(deep=False)
    assert estimator.set_params(**parameters) is estimator
    assert estimator.get_params(deep=False) == parameters


def check_an_unknown_parameter_is_refused(estimator, example):
    """A misspelled parameter is a ValueError that names it."""
    assert_raises(ValueError, estimator.set_params, no_such_parameter=1)


def check_fit_returns_the_estimator(estimator, example):
    """`fit` returns self."""
    assert fit(estimator, example.items) is estimator


def check_fit_leaves_the_parameters_alone(estimator, example):
    """What the user passed is still there, unfitted, after `fit`."""
    before = {
        name: joblib.hash(value)
        for name, value in estimator.get_params(deep=False).items()
    }
    fit(estimator, example.items)
    for name, value in estimator.get_params(deep=False).items():
        assert joblib.hash(value) == before[name], name


def check_what_fit_learns_ends_in_an_underscore(estimator, example):
    """Fitted attributes can be told from parameters."""
    names = set(vars(estimator))
    fit(estimator, example.items)
    learned = set(vars(estimator)) - names
    wrong = [name for name in learned if not name.endswith("_") and name[0] != "_"]
    assert not wrong, wrong


def check_the_input_is_left_alone(estimator, example):
    """Neither `fit` nor what follows writes into the user's data."""
    items = copy.deepcopy(example.items)
    fit(estimator, items)
    outputs(estimator, items)
    assert joblib.hash(_parts(items)) == joblib.hash(_parts(example.items))


def check_the_same_random_state_gives_the_same_model(estimator, example):
    """Two fits with one seed give one result."""
    first = outputs(fit(clone(estimator), example.items), example.items)
    second = outputs(fit(clone(estimator), example.items), example.items)
    for name, values in first.items():
        assert_same(values, second[name])


def check_a_second_fit_forgets_the_first(estimator, example):
    """Fitting again is fitting anew."""
    once = outputs(fit(clone(estimator), example.items), example.items)
    fit(estimator, _first_rows(example.items, 0.7))
    twice = outputs(fit(estimator, example.items), example.items)
    for name, values in once.items():
        assert_same(values, twice[name])


def check_the_global_seed_is_left_alone(estimator, example):
    """The user's own random numbers do not change."""
    state = np.random.get_state()[1].copy()
    fit(estimator, example.items)
    outputs(estimator, example.items)
    assert (np.random.get_state()[1] == state).all()


def check_a_fitted_model_survives_pickling(estimator, example):
    """Workers of joblib and files of users get the same model."""
    fit(estimator, example.items)
    copied = pickle.loads(pickle.dumps(estimator))
    for name, values in outputs(estimator, example.items).items():
        assert_same(outputs(copied, example.items)[name], values)


def check_an_unfitted_estimator_says_so(estimator, example):
    """Using what was not fitted is a NotFittedError."""
    if get_tags(estimator).requires_fit:
        assert_raises(NotFittedError, outputs, estimator, example.items)


def check_nothing_to_fit_on_is_an_error(estimator, example):
    """Zero rows are a ValueError wherever something is learned."""
    if get_tags(estimator).requires_fit and not hasattr(estimator, "memory"):
        assert_raises(ValueError, fit, estimator, _first_rows(example.items, 0))


def check_a_single_string_is_no_collection(estimator, example):
    """A string in the place of a list of items is refused."""
    method = "fit" if get_tags(estimator).requires_fit else "transform"
    assert_raises((TypeError, ValueError), getattr(estimator, method), "a.jpg")


def _first_rows(items, share):
    return items[: int(share * len(items))]


def _parts(items):
    return vars(items) if isinstance(items, ImageTextPairs) else items
