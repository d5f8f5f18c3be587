"""Kill -9 loses nothing: a few trials of the benchmark that makes many."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "faults" / "kill.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_a_process_killed_while_it_saves_adds_or_caches_loses_nothing():
    for module in ("faiss", "skops"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    done = subprocess.run(
        [sys.executable, PROGRAM, "--trials", "3"], capture_output=True, text=True
    )
    assert done.stdout.count("3 kills") == 5, done.stderr
    assert done.stdout.count(" 0 trials lost") == 5
