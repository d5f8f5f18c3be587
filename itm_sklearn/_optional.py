"""Optional packages: the import, or an error that says what to install."""

from importlib import import_module


def require(module, *, extra, caller):
    """Import an optional package, or say which extra brings it.

    Parameters
    ----------
    module : str
        Name of the module, as in an import statement.
    extra : str
        The extra of this package that installs it.
    caller : str
        What needs it, in the words of the user.

    Returns
    -------
    module : module
        The imported module.

    Raises
    ------
    ImportError
        If the package is absent, with the command that installs it.

    Examples
    --------
    >>> require("json", extra="deep", caller="Example").dumps([1])
    '[1]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A package that is present but broken must show its own error.
        if error.name != module.split(".")[0]:
            raise
        raise ImportError(
            f"{caller} needs {error.name}. Install it with "
            f"`pip install itm-sklearn[{extra}]`."
        ) from error
