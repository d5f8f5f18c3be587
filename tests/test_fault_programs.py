"""The programs in `benchmarks/faults` find nothing in a few of their many trials."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks" / "faults"


def run(name, *options):
    """What a program prints; it ends with 1 if it has a finding."""
    for package in ("torch", "faiss", "starlette"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    command = [sys.executable, FOLDER / name, *options]
    environment = {**os.environ, "SCIPY_ARRAY_API": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="cases are timed by a signal")
def test_random_inputs_are_read_or_refused():
    assert run("fuzz.py", "--cases", "500").count(" cases, ") == 10


@pytest.mark.slow
def test_no_flipped_bit_passes_unseen():
    told = run("bit_flips.py", "--flips", "60", "--cuts", "20")
    assert "WRONG" not in told
    assert "Forbidden while loading: nothing" in told
