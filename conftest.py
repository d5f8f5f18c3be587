"""What every test and every doctest runs under."""

import os
import re
from importlib.util import find_spec

import pytest
from hypothesis import settings

# Before scipy is imported: without it scikit-learn's array API checks skip silently.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# No window, no download.
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# A deadline would fail tests on a busy machine, not on a wrong answer.
settings.register_profile("itm", deadline=None)
settings.load_profile("itm")

# The modules there import torch at their top; without it there is nothing to test.
collect_ignore_glob = [] if find_spec("torch") else ["itm_sklearn/_torch/*"]
# What an ImportError says about the package that is absent, here and in scikit-learn.
_ABSENT = re.compile(r"(?:needs|No module named|container to) '?(\w+)")


def _absent_package(error):
    """The package that is not installed, if that is what the error is about."""
    # A doctest wraps what its example raised.
    error = getattr(error, "exc_info", (None, error))[1]
    found = _ABSENT.search(str(error)) if isinstance(error, ImportError) else None
    return found[1] if found and find_spec(found[1]) is None else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Skip where a fixture needs an absent package."""
    return (yield from _skip_where_absent())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip where a test needs an absent package."""
    return (yield from _skip_where_absent())


def _skip_where_absent():
    """Skip a test that comes upon a package that is not installed."""
    try:
        return (yield)
    except Exception as error:
        package = _absent_package(error)
        if package is None:
            raise
        pytest.skip(f"{package} is not installed")
