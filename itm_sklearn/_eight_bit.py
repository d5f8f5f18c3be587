"""Pixels of any kind as 8-bit values: the ranges, colour spaces and channels.

`_load_image.py` opens files and has the rules in its docstring.
"""

import numpy as np
from PIL import Image, ImageOps

__all__ = ["convert_array", "convert_image"]

# Its number among the tags of EXIF.
_ORIENTATION = 0x0112
_WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


def convert_image(image, mode):
    """8-bit pixels of an image of Pillow, upright and opaque."""
    # Pillow copies where there is nothing to do, and large pictures are dear.
    if image.getexif().get(_ORIENTATION, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in _WIDE_MODES:
        top = 65_535 if image.mode == "I" else None
        image = Image.fromarray(_narrow(np.asarray(image), top))
    elif image.has_transparency_data:
        image = _lay_on_white(image)
    if image.mode == "LAB":
        image = _lab_to_rgb(image)
    # CMYK has no direct way to gray that agrees with the way through RGB.
    if image.mode not in ("RGB", "L", "1"):
        image = image.convert("RGB")
    return np.asarray(image if image.mode == mode else image.convert(mode))


def _lay_on_white(image):
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    page.paste(image, mask=image.getchannel("A"))
    return page


def _lab_to_rgb(image):
    """Pillow converts LAB through colour profiles only."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")


def convert_array(array, mode):
    """8-bit pixels of an array that holds one image.

    Examples
    --------
    >>> convert_array(np.array([[0.0, 0.2, 1.0]]), "L")
    array([[  0,  51, 255]], dtype=uint8)
    """
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or not array.size:
        raise ValueError(
            f"An array of shape {array.shape} is no image. Expected (height, width) "
            "or (height, width, channels) with 1 to 4 channels; move channels that "
            "come first to the end with np.moveaxis(array, 0, -1)."
        )
    try:
        pixels = _narrow(array)
    except ValueError as error:
        raise ValueError(
            f"The image given as an array of shape {array.shape} and dtype "
            f"{array.dtype} can't be read: {error}. Scale it to 0..255."
        ) from error
    if channels == 1:
        pixels = pixels.reshape(pixels.shape[:2])
    if mode == {1: "L", 3: "RGB"}.get(channels):
        return pixels
    return convert_image(Image.fromarray(pixels), mode)


def _narrow(values, top=None):
    """8-bit values by the range rule of `load_image`; `top` becomes 255."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "biuf":
        raise TypeError(
            f"An array of dtype {values.dtype} is no image. Give numbers or booleans."
        )
    top = top or _top(values)
    low, high = values.min(), values.max()
    # Written so that NaN fails too.
    if not (low >= 0 and high <= top):
        raise ValueError(f"its values reach from {low} to {high}, beyond 0..{top}")
    return np.rint(values * np.float32(255 / top)).astype(np.uint8)


def _top(values):
    """Value that stands for white."""
    if values.dtype == np.uint16:
        return 65_535
    if values.dtype.kind == "b" or (values.dtype.kind == "f" and values.max() <= 1):
        return 1
    return 255
