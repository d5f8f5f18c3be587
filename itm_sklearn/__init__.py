"""Image-text matching as scikit-learn estimators: pairs in, pairs out.

Rooms are imported when they are first touched, so that `import itm_sklearn`
costs no more than its own few lines.
"""

from importlib import import_module

__version__ = "0.1.0.dev0"

_ROOMS = (
    "alignment",
    "base",
    "baselines",
    "compose",
    "datasets",
    "fusion",
    "generation",
    "image",
    "inspection",
    "matching",
    "metrics",
    "model_selection",
    "pairs",
    "retrieval",
    "testing",
    "text",
)
_HOMES = {
    "ImageTextPairs": "pairs",
    "as_pairs": "pairs",
    "load": "persistence",
    "save": "persistence",
}

__all__ = ["__version__", *_HOMES, *_ROOMS]


def __getattr__(name):
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}. It has: {', '.join(__all__)}."
    )


def __dir__():
    return sorted(__all__)
