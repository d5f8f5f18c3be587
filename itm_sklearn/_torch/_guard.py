"""The one way to import torchvision, and the packages that import it in turn.

transformers, sentence_transformers and open_clip import torchvision where it is
installed, so all of them come in through `import_guarded`.
"""

from importlib.util import find_spec
from pathlib import Path

import torch

from itm_sklearn._optional import require

_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def import_guarded(module, *, caller, extra="deep"):
    """Import a package that may import torchvision.

    The wheel of torchvision on PyPI is built for CUDA. Beside a torch without CUDA
    its compiled half does not load, and its import dies because nobody has defined
    two operators of detectors. Their bare schemas are all that the import asks for;
    classifiers and transforms work then.

    Parameters
    ----------
    module : str
        Name of the module, as in an import statement.
    caller : str
        What needs it, in the words of the user.
    extra : str, default="deep"
        The extra of this package that brings it.

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
    >>> import_guarded("torchvision", caller="CNNEncoder").__name__
    'torchvision'
    """
    if _torchvision_lacks_its_operators():
        for name in _OPERATORS:
            # A second definition raises.
            if not hasattr(torch.ops.torchvision, name):
                torch.library.define(f"torchvision::{name}", _SCHEMA)
    return require(module, extra=extra, caller=caller)


def _torchvision_lacks_its_operators():
    spec = find_spec("torchvision")
    if spec is None or torch.version.cuda or torch.version.hip:
        return False
    # The metadata of the wheel leaves out what it was built for; this file has it.
    version = Path(spec.origin).with_name("version.py")
    return version.is_file() and "+cu" in version.read_text()
