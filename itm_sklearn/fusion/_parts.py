"""Views whose items have parts: regions of an image, words of a text."""

import numpy as np

from itm_sklearn._views import check_numbers

__all__ = ["check_parts"]


def check_parts(view, name):
    """A view as an array of numbers (n_items, n_parts, width).

    Examples
    --------
    >>> check_parts(np.ones((2, 7, 7, 1280)), "images").shape
    (2, 49, 1280)
    >>> check_parts(np.ones((2, 384)), "texts").shape
    (2, 1, 384)
    """
    view = check_numbers(view, name)
    if not 2 <= view.ndim <= 4:
        raise ValueError(
            f"The {name} have the shape {view.shape}. Give (n_items, n_parts, width), "
            'as CNNEncoder(layer="grid") and TransformerTextEncoder(pooling="tokens") '
            "do, or vectors."
        )
    n_parts = int(np.prod(view.shape[1:-1]))
    return view.reshape(len(view), n_parts, view.shape[-1])
