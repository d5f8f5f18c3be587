"""Directories that hold one saved thing, exchanged as a whole or not at all.

The parts are files that are never written to again, named by their content, and a
manifest lists them with their checksums. The file system exchanges the manifest in
one step, and with it everything: a process that is killed before has changed
nothing, and one that is killed after leaves at most files that nobody lists.

`persistence.py` keeps a whole model in one file; this is for parts that are large
and, like the vectors of an index, read from where they lie.
"""

import hashlib
import json
import os
import re
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from itm_sklearn.persistence import open_atomic

__all__ = ["SavedDirectory", "refuse_strangers", "write_directory"]

_FORMAT = 1
_MANIFEST = "manifest.json"
# The manifest, a part, and what a killed process leaves of either.
_OURS = re.compile(r"manifest\.json|.+\.[0-9a-f]{16}\.\w+|\.(manifest\.json|part)\..+")


@contextmanager
def write_directory(path, kind):
    """Write a directory anew; what was there stays until all of it is on disk.

    One process writes at a time, and any number may read.

    Parameters
    ----------
    path : str or Path
        Made if it is not there. A directory that holds anything else than what
        this function wrote is refused.
    kind : str
        What is saved, such as the name of its class.

    Yields
    ------
    writer : DirectoryWriter
        Takes the parts and, in its dict `facts`, what fits into JSON.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as path:
    ...     with write_directory(path, "example") as writer:
    ...         writer.facts["n_words"] = 2
    ...         with writer.open("words.txt") as file:
    ...             _ = file.write(b"dog cat")
    ...     saved = SavedDirectory(path, kind="example")
    ...     saved.facts, saved["words.txt"].read_text()
    ({'n_words': 2}, 'dog cat')
    """
    writer = DirectoryWriter(path, kind)
    try:
        yield writer
        writer.commit()
    finally:
        writer.sweep()


class DirectoryWriter:
    """Collects the parts of a directory; `write_directory` makes and commits it."""

    def __init__(self, path, kind):
        self.path, self.kind = Path(path), kind
        self.facts, self._parts = {}, {}
        refuse_strangers(self.path)
        self.path.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def open(self, name):
        """A binary file for the part of that name, which has a suffix."""
        stem, suffix = os.path.splitext(name)
        descriptor, temporary = tempfile.mkstemp(dir=self.path, prefix=".part.")
        with open(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
            n_bytes = file.tell()
        target = f"{stem}.{checksum[:16]}{suffix}"
        os.replace(temporary, self.path / target)
        self._parts[name] = {"file": target, "sha256": checksum, "bytes": n_bytes}

    def commit(self):
        """Let the manifest list the parts of this writer and no others."""
        content = {
            "format": _FORMAT,
            "kind": self.kind,
            "facts": self.facts,
            "parts": self._parts,
        }
        _sync_directory(self.path)
        with open_atomic(self.path / _MANIFEST) as file:
            content["sha256"] = _checksum(content)
            file.write(json.dumps(content, indent=2).encode())
        _sync_directory(self.path)

    def sweep(self):
        """Delete the files that the manifest does not list."""
        manifest = self.path / _MANIFEST
        listed = {_MANIFEST}
        if manifest.exists():
            parts = json.loads(manifest.read_bytes())["parts"]
            listed |= {part["file"] for part in parts.values()}
        for file in self.path.iterdir():
            if file.name not in listed:
                # Where open files can't be deleted, the next writer does it.
                with suppress(PermissionError):
                    file.unlink()


class SavedDirectory:
    """What `write_directory` wrote, after a check of every byte.

    Parameters
    ----------
    path : str or Path
        The directory.
    kind : str or None
        What it must hold; None takes anything.

    Attributes
    ----------
    facts : dict
        As the writer left them.
    kind : str
        What is saved.

    Raises
    ------
    ValueError
        If it is damaged, was not written by `write_directory`, or holds something
        else.
    """

    def __init__(self, path, kind=None):
        self.path = Path(path)
        content = _read_manifest(self.path)
        self.kind, self.facts = content["kind"], content["facts"]
        self._parts = content["parts"]
        if kind not in (None, self.kind):
            raise ValueError(f"{path} holds a saved {self.kind}, not a {kind}.")
        for part in self._parts.values():
            self._check(part)

    def __contains__(self, name):
        return name in self._parts

    def __getitem__(self, name):
        """The path of the part of that name."""
        return self.path / self._parts[name]["file"]

    def _check(self, part):
        file = self.path / part["file"]
        if not file.is_file():
            raise _damage(self.path, f"{part['file']} is missing")
        with file.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        if checksum != part["sha256"]:
            n_bytes = file.stat().st_size
            raise _damage(
                self.path,
                f"the {n_bytes} bytes of {part['file']} are not the {part['bytes']} "
                "that were saved",
            )


def _read_manifest(path):
    manifest = path / _MANIFEST
    if not manifest.is_file():
        raise FileNotFoundError(
            f"{path} holds nothing that was saved: there is no {_MANIFEST} in it."
        )
    try:
        content = json.loads(manifest.read_bytes())
        checksum = content.pop("sha256")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise _damage(path, f"its {_MANIFEST} can't be read ({error!r})") from error
    if checksum != _checksum(content):
        raise _damage(path, f"its {_MANIFEST} is not the one that was saved")
    if content["format"] != _FORMAT:
        raise ValueError(
            f"{path} has format {content['format']!r}, and this version reads "
            f"{_FORMAT}. Load it with the version that saved it."
        )
    return content


def _checksum(content):
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _damage(path, what):
    return ValueError(f"{path} is damaged: {what}. Get it again, or fit and save anew.")


def refuse_strangers(path):
    """Refuse a directory with files that no writer made: the sweep would take them."""
    if not path.exists():
        return
    if not path.is_dir():
        raise NotADirectoryError(f"{path} is a file. Save into a directory of its own.")
    strangers = [name for name in os.listdir(path) if not _OURS.fullmatch(name)]
    if strangers:
        raise ValueError(
            f"{path} holds {strangers[0]!r}, which was not saved by this package. "
            "Save into a directory of its own."
        )


def _sync_directory(path):
    """Have the names of new files on disk, where directories can be opened."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
