"""Small pictures inside a page: nothing beside it has to be fetched."""

import base64
import io

from itm_sklearn.image._io import load_image

__all__ = ["thumbnail"]


def thumbnail(image, size=160):
    """A small copy of an image, as an address that holds the picture itself.

    Parameters
    ----------
    image : path, bytes, PIL image or array
        Whatever the encoders take.
    size : int, default=160
        Its longer side in pixels, if the image has as many.

    Returns
    -------
    address : str
        A JPEG as a data URL, for the ``src`` of an ``<img>``.

    Examples
    --------
    >>> import numpy as np
    >>> thumbnail(np.zeros((2, 2, 3), dtype=np.uint8))[:22]
    'data:image/jpeg;base64'
    """
    picture = io.BytesIO()
    _shrunk(image, size).save(picture, format="JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(picture.getvalue()).decode()


def _shrunk(image, size):
    from PIL import Image

    picture = Image.fromarray(load_image(image, mode="RGB"))
    picture.thumbnail((size, size))
    return picture
