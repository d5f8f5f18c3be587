"""Fitted models in one file that runs no code when it is read.

The file is a zip of a manifest (versions, checksum) and the model in the format
of skops. Pickle would run whatever a stranger put into it, and would load most
flipped bits without a word.
"""

import hashlib
import io
import json
import os
import platform
import tempfile
import time
import zipfile
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

__all__ = ["load", "open_atomic", "save"]

_FORMAT = 1
_MANIFEST = "manifest.json"
_MODEL = "model.skops"
_VERSIONS_OF = ("itm-sklearn", "scikit-learn", "numpy", "scipy", "skops")


def save(model, path):
    """Write a fitted model into one file, whole or not at all.

    Parameters
    ----------
    model : estimator
        Any estimator of this package or of scikit-learn, pipelines included.
    path : str or Path
        Where to. An existing file is replaced only once the new one is on disk.

    Returns
    -------
    path : Path
        Where it was written.

    Raises
    ------
    OSError
        If the clock is outside of 1980 to 2107, which are the years of a zip.

    See Also
    --------
    load : Read it back.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.preprocessing import StandardScaler
    >>> scaler = StandardScaler().fit([[0.0], [2.0]])
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = save(scaler, f"{directory}/scaler.itm")
    ...     load(path).mean_
    array([1.])
    """
    from skops.io import dumps

    check_clock()
    content = dumps(model)
    with open_atomic(path) as file, zipfile.ZipFile(file, "w") as archive:
        manifest = json.dumps(_manifest(model, content), indent=2)
        archive.writestr(_MANIFEST, manifest)
        archive.writestr(_MODEL, content, compress_type=zipfile.ZIP_DEFLATED)
    return Path(path)


def load(path, *, trusted=()):
    """Read a model that `save` wrote.

    Types of this package, scikit-learn, numpy and scipy are known. A file that
    names other types is refused, since making objects of them may run code.

    Parameters
    ----------
    path : str or Path
        The file.
    trusted : list of str, default=()
        Full names of further types that you trust, as the error names them.

    Returns
    -------
    model : estimator
        As it was when saved.

    Raises
    ------
    ValueError
        If the file is damaged, is no saved model, holds a type not trusted, or is of
        versions that can't be read; the message has them beside the installed ones.

    See Also
    --------
    save : Write the file.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.decomposition import PCA
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     load(save(PCA(n_components=2), f"{directory}/pca.itm"))
    PCA(n_components=2)
    """
    from skops.io import get_untrusted_types, loads

    manifest, content = _read(Path(path))
    with _versions_told(path, manifest):
        types = get_untrusted_types(data=content)
    refused = sorted({name for name in types if not _is_own(name)} - set(trusted))
    if refused:
        raise ValueError(
            f"{path} holds types that are not known to be safe: {', '.join(refused)}. "
            f"If you trust whoever made the file, pass trusted={refused}."
        )
    with _versions_told(path, manifest):
        return loads(content, trusted=types)


@contextmanager
def _versions_told(path, manifest):
    """Say of a model that can't be rebuilt which versions it was made with."""
    try:
        yield
    # The file is not to blame.
    except MemoryError:
        raise
    # Whole files fail with anything, if a class has changed or a package is absent.
    except Exception as error:
        saved, installed = manifest.get("versions", {}), _versions()
        other = {
            name: found for name, found in saved.items() if installed.get(name) != found
        }
        raise ValueError(
            f"{path} can't be rebuilt here ({type(error).__name__}: {error}). It was "
            f"saved with {other or 'the same versions'}; installed are {installed}. "
            "Load it with those versions, or fit and save the model anew."
        ) from error


@contextmanager
def open_atomic(path):
    """A binary file that appears under `path` only when it is complete.

    Parameters
    ----------
    path : str or Path
        The name it gets at the end; its folder must exist.

    Yields
    ------
    file : binary file
        Open for writing and reading.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     with open_atomic(f"{directory}/page.html") as file:
    ...         _ = file.write(b"<p>whole</p>")
    ...     Path(f"{directory}/page.html").read_text()
    '<p>whole</p>'
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path}: there is no folder {path.parent}. Make it first."
        )
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def check_clock():
    """Refuse dates that no entry of a zip can have."""
    year = time.localtime().tm_year
    if not 1980 <= year <= 2107:
        raise OSError(
            f"The clock of this machine stands in {year}, and files of models hold "
            "dates from 1980 to 2107. Set the clock, then save the model again."
        )


def _mode(path):
    """The permissions of the file that is replaced, or those of any new file."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _versions():
    packages = {name: version(name) for name in _VERSIONS_OF}
    return {"python": platform.python_version(), **packages}


def _manifest(model, content):
    return {
        "format": _FORMAT,
        "model": type(model).__name__,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "versions": _versions(),
    }


def _read(path):
    """The manifest, and the bytes of the model if they are those that were saved."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file to load a model from.")
    if path.is_dir():
        raise IsADirectoryError(
            f"{path} is a folder, and save() writes files. If it is a gallery, read it "
            "with CrossModalRetriever.load."
        )
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = dict(json.loads(archive.read(_MANIFEST)))
            content = archive.read(_MODEL)
    # Damage surfaces in zipfile as nearly any exception.
    except Exception as error:
        raise ValueError(
            f"{path} is damaged or is no saved model ({error}). Get it again, or fit "
            "and save the model anew."
        ) from error
    if manifest.get("format") != _FORMAT:
        raise ValueError(
            f"{path} has format {manifest.get('format')!r}, and this version reads "
            f"{_FORMAT}. It was saved with {manifest.get('versions')}."
        )
    if hashlib.sha256(content).hexdigest() != manifest.get("sha256"):
        raise ValueError(
            f"{path} is damaged: its checksum is not {manifest.get('sha256')!r}. Get "
            "it again, or fit and save the model anew."
        )
    return manifest, content


def _is_own(name):
    """Whether a full name is that of a class written in this package."""
    module, _, attribute = name.rpartition(".")
    if not module.startswith("itm_sklearn."):
        return False
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return False
    # A module also holds what it imports, which is not its own.
    return isinstance(found, type) and found.__module__ == module
