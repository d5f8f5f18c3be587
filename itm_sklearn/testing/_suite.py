"""Which checks an estimator has to pass, and how pytest gets to run them."""

from functools import partial

from sklearn.base import clone

from itm_sklearn._optional import require
from itm_sklearn.testing import (
    _aligner_checks,
    _answerer_checks,
    _captioner_checks,
    _drawing_checks,
    _encoder_checks,
    _general_checks,
    _input_checks,
    _matcher_checks,
)
from itm_sklearn.testing._examples import example_for


def pair_checks(estimator):
    """The checks that apply to an estimator.

    Parameters
    ----------
    estimator : estimator
        An instance; it is never fitted itself.

    Returns
    -------
    checks : list of callable
        Each takes no arguments and raises an AssertionError if it fails.

    Examples
    --------
    >>> from itm_sklearn.compose import DualEncoder
    >>> checks = pair_checks(DualEncoder())
    >>> for check in checks:
    ...     check()
    """
    example = example_for(estimator)
    modules = [_general_checks, _input_checks]
    if example.kind == "captioned images":
        modules.append(_captioner_checks)
    elif example.kind == "drawn texts":
        modules.append(_drawing_checks)
    elif example.kind == "questions":
        modules.append(_answerer_checks)
    elif hasattr(estimator, "transform_text"):
        modules.append(_aligner_checks)
    elif hasattr(estimator, "similarity"):
        modules.append(_matcher_checks)
    elif example.kind in ("images", "texts", "descriptors"):
        modules.append(_encoder_checks)
    checks = [check for module in modules for check in _applicable(module, estimator)]
    return [partial(_run, check, estimator, example) for check in checks]


def _run(check, estimator, example):
    check(_seeded(clone(estimator)), example)


def _seeded(estimator):
    """Every random_state there is, set: None would draw from the user's numbers."""
    names = [name for name in estimator.get_params() if name.endswith("random_state")]
    return estimator.set_params(**dict.fromkeys(names, 0))


def _applicable(module, estimator):
    """Public functions of a module; one named after a method needs that method."""
    for name, check in vars(module).items():
        needed = getattr(check, "needs", ())
        if name.startswith("check_") and all(
            hasattr(estimator, need) for need in needed
        ):
            yield check


def parametrize_with_pair_checks(estimators):
    """A pytest decorator that runs every check on every estimator.

    Parameters
    ----------
    estimators : list of estimators
        Instances; the decorated test gets one and a check at a time.

    Returns
    -------
    decorator : pytest.MarkDecorator
        For a test with the arguments ``estimator`` and ``check``.

    Examples
    --------
    >>> from itm_sklearn.compose import DualEncoder
    >>> @parametrize_with_pair_checks([DualEncoder()])
    ... def test_my_estimators(estimator, check):
    ...     check()
    """
    pytest = require("pytest", extra="test", caller="parametrize_with_pair_checks")
    cases = [
        pytest.param(estimator, check, id=f"{estimator}-{check.args[0].__name__}")
        for estimator in estimators
        for check in pair_checks(estimator)
    ]
    return pytest.mark.parametrize(("estimator", "check"), cases)
