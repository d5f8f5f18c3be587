"""Kill -9 loses nothing: a few trials of the benchmark that makes many."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "faults" / "kill.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_a_process_killed_while_it_saves_adds_or_caches_loses_nothing():
    pytest.importorskip("faiss", reason="faiss is not installed")
    # Retrievers are written as indexes are, but what reads them is slow to import.
    command = [sys.executable, PROGRAM, "--trials", "3"]
    command += ["--leave-out", "save CrossModalRetriever"]
    # With it scikit-learn imports torch, which no case needs.
    environment = {k: v for k, v in os.environ.items() if k != "SCIPY_ARRAY_API"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout.count("3 kills") == 4, done.stderr
    assert done.stdout.count(" 0 trials lost") == 4
