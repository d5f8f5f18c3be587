"""Full disks, folders that are read only, little memory, odd languages, many processes.

What can be limited only for a whole process is tried in one of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import BaseEstimator
from sklearn.model_selection import cross_validate

from itm_sklearn.alignment import CCA
from itm_sklearn.base import FrozenEncoderMixin
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring
from itm_sklearn.pairs import ImageTextPairs

resource = pytest.importorskip("resource", reason="limits of POSIX")

START = """
import os, resource, sys, warnings
from pathlib import Path
import numpy as np
from itm_sklearn import load, save
from itm_sklearn.compose import DualEncoder
from itm_sklearn.image import ColorHistogram
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import ExactIndex
from sklearn.preprocessing import StandardScaler

folder = Path(sys.argv[1])
IMAGES = list(np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8))
PAIRS = ImageTextPairs(images=IMAGES)

def encode():
    encoder = DualEncoder(image=ColorHistogram(), memory=folder / "cache")
    return encoder.fit_transform(PAIRS).images
"""


def run(code, folder, **environment):
    """What a process of its own prints; it has to end well."""
    command = [sys.executable, "-c", START + code, str(folder)]
    environment = {**os.environ, **environment, "SCIPY_ARRAY_API": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FILL_DISK = """
small = StandardScaler().fit(np.ones((2, 2)))
large = StandardScaler().fit(np.random.default_rng(0).normal(size=(2, 20_000)))
save(small, folder / "model.itm")
ExactIndex().fit(np.eye(3)).save(folder / "index")
before = sorted(map(str, folder.rglob("*")))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for write in (
    lambda: save(large, folder / "model.itm"),
    lambda: save(large, folder / "other.itm"),
    lambda: ExactIndex().fit(np.eye(500)).save(folder / "index"),
):
    try:
        write()
    except OSError as error:
        print(type(error).__name__, end=" ")
assert sorted(map(str, folder.rglob("*"))) == before
assert load(folder / "model.itm").n_features_in_ == 2
assert ExactIndex.load(folder / "index").n_vectors_ == 3
"""


def test_a_full_disk_leaves_what_was_saved_and_nothing_else(tmp_path):
    assert run(FILL_DISK, tmp_path) == "OSError OSError OSError"


FILL_CACHE = """
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    codes = encode()
assert (codes == ColorHistogram().fit_transform(IMAGES)).all()
print(sorted({str(warning.message)[:9] for warning in caught}))
"""


def test_a_cache_without_room_costs_a_warning_and_not_the_run(tmp_path):
    assert run(FILL_CACHE, tmp_path) == "['The cache']"


READ_ONLY = """
expected = encode()
for path in [folder / "cache", *(folder / "cache").iterdir()]:
    path.chmod(path.stat().st_mode & 0o555)
if os.getuid() == 0:
    os.setuid(65534)
seen = []
ColorHistogram._describe = lambda self, pixels: seen.append(0) or np.zeros(128)
assert (encode() == expected).all()
assert not seen
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    PAIRS = ImageTextPairs(images=[255 - image for image in IMAGES])
    assert not encode().any()
print(len(seen), sorted({str(warning.message)[:9] for warning in caught}))
"""


@pytest.fixture
def open_folder():
    """A folder that other users may look into, as those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield folder


def test_a_cache_that_is_read_only_is_read(open_folder):
    assert run(READ_ONLY, open_folder) == "9 ['The cache']"


def test_a_damaged_cache_costs_a_warning_and_not_the_run(tmp_path):
    (tmp_path / "features.sqlite").write_bytes(b"no database" * 1000)
    pairs = ImageTextPairs(images=[np.zeros((4, 4), np.uint8)])
    encoder = DualEncoder(image=ColorHistogram(), memory=tmp_path)
    with pytest.warns(
        UserWarning, match=r"features.sqlite can't be used \(file is not"
    ):
        codes = encoder.fit_transform(pairs).images
    np.testing.assert_array_equal(codes, ColorHistogram().transform(pairs.images))


def test_processes_share_a_cache(tmp_path):
    """All of them write at the same time, and all get the codes."""
    code = "print(encode().sum())"
    with parallel_config(backend="threading", n_jobs=2):
        sums = Parallel()(delayed(run)(code, tmp_path) for _ in range(2))
    assert len(set(sums)) == 1


class Narrow(FrozenEncoderMixin, BaseEstimator):
    """Has memory for so many items at a time."""

    def __init__(self, room):
        self.room = room

    def _encode(self, items):
        if len(items) > self.room:
            raise MemoryError
        return np.array([[len(item)] for item in items])

    def transform(self, X):
        return self._cached_encode(X)


def test_items_are_encoded_in_smaller_batches_if_memory_runs_out():
    texts = ["a" * number for number in range(10)]
    assert Narrow(3).transform(texts).ravel().tolist() == list(range(10))


def test_an_item_that_is_too_large_for_the_memory_is_an_error_that_says_so():
    with pytest.raises(MemoryError, match="Narrow has no memory for a single item"):
        Narrow(0).transform(["a", "b"])


SPEAK = """
import locale
from itm_sklearn.datasets import load_pairs
assert locale.getpreferredencoding(False) != "UTF-8"
from PIL import Image
Image.new("L", (1, 1)).save(folder / "dog.png")
(folder / "captions.csv").write_bytes("image,text\\ndog.png,\\u4e00\\u72d7\\n".encode())
pairs = load_pairs(folder / "captions.csv")
model = StandardScaler().fit(np.eye(2))
model.note_ = pairs.texts[0]
print(ascii(load(save(model, folder / "model.itm")).note_))
ExactIndex().fit(np.eye(1), metadata={"text": pairs.texts}).save(folder / "index")
index = ExactIndex.load(folder / "index")
_, ids = index.kneighbors([[1.0]], 1, where="text == '\\u4e00\\u72d7'")
assert ids.tolist() == [[0]]
"""


def test_texts_do_not_depend_on_the_language_of_the_system(tmp_path):
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert run(SPEAK, tmp_path, **ascii_only) == r"'\u4e00\u72d7'"


TURKISH = """
import locale
from itm_sklearn.datasets import load_pairs
locale.setlocale(locale.LC_ALL, "")
assert locale.str(0.5) == "0,5"
from PIL import Image
Image.new("L", (1, 1)).save(folder / "I.PNG")
(folder / "CAPTIONS.CSV").write_text("IMAGE,TEXT\\nI.PNG,An IDLE dog\\n")
pairs = load_pairs(folder / "CAPTIONS.CSV")
scaler = StandardScaler().fit([[0.0], [1.0]])
print(pairs.texts, load(save(scaler, folder / "MODEL.ITM")).mean_)
"""


def test_letters_do_not_depend_on_the_language_of_the_system(tmp_path):
    """In Turkish the small I has no dot, and half is 0,5."""
    if shutil.which("localedef") is None:
        pytest.skip("localedef is not installed")
    make = ["localedef", "-i", "tr_TR", "-f", "UTF-8", tmp_path / "tr_TR.UTF-8"]
    if subprocess.run(make, capture_output=True).returncode:
        pytest.skip("the sources of Turkish are not installed")
    told = run(TURKISH, tmp_path, LOCPATH=str(tmp_path), LC_ALL="tr_TR.UTF-8")
    assert told == "['An IDLE dog'] [0.5]"


@pytest.mark.parametrize("seconds", [-(10**9), 2**32], ids=["1938", "2106"])
def test_files_of_another_time_are_read(tmp_path, seconds):
    """A clock may be wrong, or a disk come from elsewhere."""
    pairs = ImageTextPairs(images=[np.zeros((4, 4), np.uint8)])
    encoder = DualEncoder(image=ColorHistogram(), memory=tmp_path)
    expected = encoder.fit_transform(pairs).images
    for path in tmp_path.iterdir():
        os.utime(path, (seconds, seconds))
    np.testing.assert_array_equal(encoder.fit_transform(pairs).images, expected)


@contextmanager
def backend_of(name):
    if name != "dask":
        with parallel_config(backend=name, n_jobs=2):
            yield
        return
    distributed = pytest.importorskip("distributed")
    options = {"processes": False, "dashboard_address": None, "n_workers": 2}
    with distributed.Client(**options), parallel_config(backend="dask"):
        yield


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", ["loky", "threading", "multiprocessing", "dask"])
def test_folds_score_alike_on_every_backend(name):
    pairs = make_scenes(24, image_size=32, random_state=0).pairs
    model = DualEncoder(image=ColorHistogram(4), text=count_colours)
    pairs = model.fit_transform(pairs)
    options = {"cv": ImageKFold(3), "scoring": retrieval_scoring()}
    expected = cross_validate(CCA(2), pairs, **options, error_score="raise")
    with backend_of(name):
        found = cross_validate(CCA(2), pairs, **options, error_score="raise")
    np.testing.assert_allclose(found["test_rsum"], expected["test_rsum"])


def count_colours(texts):
    return np.array([[t.count("red"), t.count("blue"), len(t)] for t in texts], float)
