"""What an import costs, and which packages it may bring along."""

import json
import subprocess
import sys

import pytest

import itm_sklearn

HEAVY = {
    "cv2",
    "faiss",
    "jinja2",
    "mahotas",
    "matplotlib",
    "pandas",
    "polars",
    "skops",
    "torch",
    "torchvision",
}


def modules_after(statement):
    program = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_package_loads_no_more_than_itself():
    """Its rooms, numpy and sklearn included, come when first touched."""
    loaded = modules_after("import itm_sklearn")
    assert not loaded & (HEAVY | {"numpy", "scipy", "sklearn"})


def test_no_room_loads_a_heavy_package():
    """Beside those that scikit-learn loads on its own where they are installed."""
    rooms = ", ".join(f"itm_sklearn.{room}" for room in sorted(itm_sklearn._ROOMS))
    loaded = modules_after(f"import itm_sklearn; ({rooms})")
    assert not (loaded - modules_after("import sklearn")) & HEAVY


@pytest.mark.parametrize("name", itm_sklearn.__all__)
def test_every_name_it_lists_is_there(name):
    assert getattr(itm_sklearn, name) is not None


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(AttributeError, match="no attribute 'retreival'.*retrieval"):
        itm_sklearn.retreival  # noqa: B018
