"""Open an image, whatever it comes as: the only place that decodes pixels.

Every encoder of this room calls `load_image`, so a photo looks the same to SIFT
and to a network, whether it came as a file, as bytes or as an array. Pillow
decodes, because OpenCV reads broken files without an error.
"""

import os
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# 8,192 x 8,192: 192 MiB as RGB. Pillow itself only warns, and only later.
MAX_PIXELS = 2**26

# Formats that are pixels; EPS and the like run a program to be drawn.
_FORMATS = ["JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "JPEG2000"]
_FORMATS += ["AVIF", "ICO", "PCX", "PSD", "SGI", "TGA"]
_FILE_KINDS = (str, os.PathLike)
_BYTES_KINDS = (bytes, bytearray, memoryview)
_WIDE_MODES = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")


def load_image(
    item, *, mode="RGB", min_size=None, max_size=None, max_pixels=MAX_PIXELS
):
    """Pixels of one image as 8-bit values, upright and without transparency.

    One rule for each kind of image:

    * EXIF orientation is applied; of an animation the first frame is taken.
    * Transparent pixels are laid on white.
    * Palette, CMYK, YCbCr and LAB are converted to RGB; gray is repeated.
    * 16-bit values are scaled, so that 65,535 becomes 255. Pillow's 32-bit mode
      ``"I"`` holds 16-bit values.
    * Floats between 0 and 1 are scaled by 255; if one is above 1, they must lie
      between 0 and 255 and are rounded.
    * Booleans become 0 and 255; other integers must lie between 0 and 255.

    Parameters
    ----------
    item : str, path-like, bytes, PIL.Image.Image, array-like or dict
        A file, the content of a file, an image of Pillow, an array of shape
        (height, width), (height, width, channels) with 1 (gray), 2 (gray, alpha),
        3 (RGB) or 4 (RGBA) channels, or what an undecoded Hugging Face column
        holds: a dict with the keys `bytes` and `path`.
    mode : {"RGB", "L"}, default="RGB"
        Colour or gray.
    min_size : int, default=None
        Longest side in pixels. A smaller image is enlarged; None leaves it.
    max_size : int, default=None
        Longest side in pixels. A larger image is shrunk (a JPEG partly while it
        is decoded, which is faster); None leaves it.
    max_pixels : int, default=67_108_864
        A file or image with more pixels is refused by its header, before
        anything is decoded. Arrays are not limited: they are already decoded.

    Returns
    -------
    pixels : ndarray of shape (height, width, 3) or (height, width), dtype uint8
        May share memory with `item`.

    Raises
    ------
    ValueError
        If the image can't be read; the message names it and says why.
    TypeError
        If `item` is none of the kinds above.

    Examples
    --------
    >>> import numpy as np
    >>> half_red = np.zeros((2, 2, 4))
    >>> half_red[..., 0] = 1.0
    >>> half_red[..., 3] = 0.5
    >>> load_image(half_red)[0, 0].tolist()
    [255, 127, 127]
    >>> load_image(np.full((4, 8), 65_535, dtype=np.uint16), max_size=4).shape
    (2, 4, 3)
    """
    if mode not in ("RGB", "L"):
        raise ValueError(f"mode={mode!r} is neither 'RGB' nor 'L'. Choose one of them.")
    if isinstance(item, dict):
        item = item.get("bytes") or item.get("path")
    # Strings of numpy have __array__ too, so files come first.
    if isinstance(item, _FILE_KINDS + _BYTES_KINDS + (Image.Image,)):
        pixels = _decode(item, mode, max_size, max_pixels)
    elif hasattr(item, "__array__"):
        pixels = _convert_array(item, mode)
    else:
        raise TypeError(
            f"{item!r} of type {type(item).__name__} is no image. Give a path, bytes, "
            "an image of Pillow or an array."
        )
    return _resize(pixels, min_size, max_size)


def _decode(item, mode, max_size, max_pixels):
    """Pixels of a file, of bytes or of an image of Pillow."""
    try:
        if isinstance(item, Image.Image):
            return _convert_image(item, mode, max_pixels)
        source = BytesIO(item) if isinstance(item, _BYTES_KINDS) else item
        with Image.open(source, formats=_formats()) as image:
            # Only files: a draft would change an image that the caller holds.
            if max_size is not None and max(image.size) > 2 * max_size:
                _check_size(image, max_pixels)
                image.draft(None, _scaled(image.size, max_size))
            return _convert_image(image, mode, max_pixels)
    # Decoders raise anything from OSError to struct.error and SyntaxError.
    except Exception as error:
        raise _unreadable(item, error) from error


@cache
def _formats():
    """Formats that this build of Pillow knows; it fails on the names of others."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _unreadable(item, error):
    return ValueError(
        f"The image {_name(item)} can't be read: {_reason(error, item)}. "
        "Replace it or leave it out."
    )


def _convert_image(image, mode, max_pixels):
    """8-bit pixels of an image of Pillow, upright and opaque."""
    _check_size(image, max_pixels)
    image = ImageOps.exif_transpose(image)
    if image.mode in _WIDE_MODES:
        top = 65_535 if image.mode == "I" else None
        image = Image.fromarray(_narrow(np.asarray(image), top))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    if image.mode == "LAB":
        image = _lab_to_rgb(image)
    # CMYK has no direct way to gray that agrees with the way through RGB.
    if image.mode not in ("RGB", "L", "1"):
        image = image.convert("RGB")
    return np.asarray(image.convert(mode))


def _lab_to_rgb(image):
    """Pillow converts LAB through colour profiles only."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")


def _check_size(image, max_pixels):
    """Refuse a bomb by its header; loading is what costs memory."""
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(
            f"{width} x {height} are {width * height:,} pixels, more than "
            f"max_pixels={max_pixels:,}"
        )
    if width * height == 0:
        raise ValueError(f"its size is {width} x {height}")


def _convert_array(item, mode):
    """8-bit pixels of an array that holds one image."""
    array = np.asarray(item)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or not array.size:
        raise ValueError(
            f"An array of shape {array.shape} is no image. Expected (height, width) "
            "or (height, width, channels) with 1 to 4 channels; move channels that "
            "come first to the end with np.moveaxis(array, 0, -1)."
        )
    try:
        array = _narrow(array)
    except ValueError as error:
        raise ValueError(
            f"The image {_name(item)} can't be read: {error}. Scale it to 0..255."
        ) from error
    if channels == 1:
        array = array.reshape(array.shape[:2])
    if mode == {1: "L", 3: "RGB"}.get(channels):
        return array
    return _convert_image(Image.fromarray(array), mode, max_pixels=np.inf)


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


def _resize(pixels, min_size, max_size):
    """Pixels with a longest side between the two sizes."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if max_size is not None and longest > max_size:
        return _resample(pixels, max_size, "INTER_AREA")
    if min_size is not None and longest < min_size:
        return _resample(pixels, min_size, "INTER_CUBIC")
    return pixels


def _resample(pixels, longest, interpolation):
    import cv2

    size = _scaled(pixels.shape[1::-1], longest)
    return cv2.resize(pixels, size, interpolation=getattr(cv2, interpolation))


def _scaled(size, longest):
    """(width, height) with the longest side as given, and both at least 1."""
    scale = longest / max(size)
    return tuple(max(1, round(side * scale)) for side in size)


def _name(item):
    """Words by which the user can recognise the image."""
    if isinstance(item, _FILE_KINDS):
        return repr(os.fspath(item))
    if isinstance(item, _BYTES_KINDS):
        start = bytes(item[:8])
        return f"given as {len(item)} bytes that begin with {start!r}"
    if isinstance(item, Image.Image):
        return repr(item)
    array = np.asarray(item)
    return f"given as an array of shape {array.shape} and dtype {array.dtype}"


def _reason(error, item):
    """Why it can't be read, in one clause."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a directory"
    if isinstance(error, UnidentifiedImageError):
        size = os.path.getsize(item) if isinstance(item, _FILE_KINDS) else len(item)
        return "its content is no known image format" if size else "it is empty"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it has too many pixels ({error})"
    return str(error).rstrip(".") or type(error).__name__


def image_content(item):
    r"""Bytes that tell one image from another: a file's content, or pixels.

    Examples
    --------
    >>> import numpy as np
    >>> image_content(np.zeros((2, 1), dtype=np.uint8))
    b'|u1(2, 1)\x00\x00'
    """
    if isinstance(item, dict):
        item = item.get("bytes") or item.get("path")
    if isinstance(item, _BYTES_KINDS):
        return bytes(item)
    if isinstance(item, _FILE_KINDS):
        try:
            return Path(item).read_bytes()
        except OSError as error:
            raise _unreadable(item, error) from error
    if isinstance(item, Image.Image):
        item = load_image(item)
    array = np.ascontiguousarray(item)
    return f"{array.dtype.str}{array.shape}".encode() + array.tobytes()
