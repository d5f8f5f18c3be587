"""Small pictures: for a page that holds them itself, or for one that is served."""

import base64
import io

from itm_sklearn._load_image import load_image

__all__ = ["thumbnail", "thumbnail_address"]


def thumbnail(image, size=160):
    """A small copy of an image, as the bytes of a JPEG.

    Parameters
    ----------
    image : path, bytes, PIL image or array
        Whatever the encoders take.
    size : int, default=160
        Its longer side in pixels, if the image has as many.

    Returns
    -------
    content : bytes
        A JPEG made anew: nothing of the original but its pixels is in it.

    Examples
    --------
    >>> import numpy as np
    >>> thumbnail(np.zeros((2, 2, 3), dtype=np.uint8))[6:10]
    b'JFIF'
    """
    from PIL import Image

    picture = Image.fromarray(load_image(image, mode="RGB"))
    picture.thumbnail((size, size))
    content = io.BytesIO()
    picture.save(content, format="JPEG", quality=85)
    return content.getvalue()


def thumbnail_address(image, size=160):
    """A small copy of an image, as an address that holds the picture itself.

    Examples
    --------
    >>> import numpy as np
    >>> thumbnail_address(np.zeros((2, 2, 3), dtype=np.uint8))[:22]
    'data:image/jpeg;base64'
    """
    content = base64.b64encode(thumbnail(image, size)).decode()
    return f"data:image/jpeg;base64,{content}"
