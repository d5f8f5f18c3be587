"""Find every public estimator of the package."""

import inspect
from importlib import import_module
from pkgutil import iter_modules

from sklearn.base import BaseEstimator

import itm_sklearn

# Importing these runs or loads more than estimators.
_WITHOUT_ESTIMATORS = {"cli", "testing"}


def all_estimators():
    """List the public estimators of all rooms.

    Returns
    -------
    estimators : list of (str, type)
        Names and classes, by name.

    Examples
    --------
    >>> dict(all_estimators())["DualEncoder"]
    <class 'itm_sklearn.compose.DualEncoder'>
    """
    found = set()
    for module in iter_modules(itm_sklearn.__path__):
        if module.name.startswith("_") or module.name in _WITHOUT_ESTIMATORS:
            continue
        room = import_module(f"itm_sklearn.{module.name}")
        for name in room.__all__:
            value = getattr(room, name)
            if inspect.isclass(value) and issubclass(value, BaseEstimator):
                found.add((name, value))
    return sorted(found, key=lambda pair: pair[0])
