"""`itm`, the command line: every command is a few lines over the Python API.

`_options.py` has what commands share, `_data.py` reads captions and lists, and
each command lives in a file of its own.
"""

from itm_sklearn.cli._app import app, main

__all__ = ["app", "main"]
