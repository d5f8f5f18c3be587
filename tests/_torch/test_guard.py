"""torchvision comes in beside a torch that it was not built for."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

pytest.importorskip("torch")


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_torchvision_and_a_second_call_go_through_the_guard():
    # An import here would fail, and that it does is what the guard is for.
    if find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    done = run(
        "from itm_sklearn._torch._guard import import_guarded as get\n"
        "get('torchvision', caller='x'), get('torchvision', caller='x')\n"
        "print(get('torchvision', caller='x').models.resnet18.__name__)"
    )
    assert (done.returncode, done.stdout) == (0, "resnet18\n"), done.stderr


def test_without_torchvision_nothing_is_defined():
    done = run(
        "import sys; sys.modules['torchvision'] = None\n"
        "from importlib import util; find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'torchvision' else find(name)\n"
        "from itm_sklearn._torch import _guard; _guard.find_spec = util.find_spec\n"
        "import torch; _guard.import_guarded('json', caller='x')\n"
        "print(hasattr(torch.ops.torchvision, 'nms'))"
    )
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_an_absent_package_is_named_with_the_command_that_installs_it():
    from itm_sklearn._torch._guard import import_guarded

    with pytest.raises(ImportError, match=r"Taster needs no_such.*itm-sklearn\[deep\]"):
        import_guarded("no_such", caller="Taster")
