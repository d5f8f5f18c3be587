"""What every test and every doctest runs under."""

import os
from importlib.util import find_spec

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
