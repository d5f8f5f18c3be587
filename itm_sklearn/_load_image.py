"""Open an image, whatever it comes as: the only place that decodes pixels.

Every encoder of images calls `load_image`, so a photo looks the same to SIFT
and to a network, whether it came as a file, as bytes or as an array. Pillow
decodes, because OpenCV reads broken files without an error.
"""

import os
import stat
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from itm_sklearn._batching import map_threads
from itm_sklearn._eight_bit import convert_array, convert_image

__all__ = ["image_content", "load_image", "unreadable_images"]

# 8,192 x 8,192: 192 MiB as RGB. Pillow itself only warns, and only later.
_MAX_PIXELS = 2**26
# Where a user raises it: worker processes get it, too.
_LIMIT = "ITM_MAX_PIXELS"

# Formats that are pixels; EPS and the like run a program to be drawn.
_FORMATS = ["JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "JPEG2000"]
_FORMATS += ["AVIF", "ICO", "PCX", "PSD", "SGI", "TGA"]
_FILE_KINDS = (str, os.PathLike)
# Longest side of a picture that is decoded only to see whether it can be.
_GLANCE = 64
_NO_FILE = "there is no such file"
_CURE = "Replace it or leave it out."
_BYTES_KINDS = (bytes, bytearray, memoryview)


def load_image(item, *, mode="RGB", min_size=None, max_size=None, max_pixels=None):
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
    max_pixels : int, default=None
        A file or image with more pixels is refused by its header, before
        anything is decoded. None is what the environment variable
        ``ITM_MAX_PIXELS`` says, or 67,108,864. A limit above Pillow's own raises
        that one for the whole process. Arrays are not limited: they are already
        decoded.

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
    item = _undecoded(item)
    # Strings of numpy have __array__ too, so files come first.
    if isinstance(item, _FILE_KINDS + _BYTES_KINDS + (Image.Image,)):
        pixels = _decode(item, mode, max_size, max_pixels or _read_limit())
    elif hasattr(item, "__array__"):
        pixels = convert_array(np.asarray(item), mode)
    else:
        raise TypeError(
            f"{item!r} of type {type(item).__name__} is no image. Give a path, bytes, "
            "an image of Pillow or an array."
        )
    return _resize(pixels, min_size, max_size)


def _undecoded(item):
    """What an undecoded cell of a Hugging Face column stands for."""
    if not isinstance(item, dict):
        return item
    content = item.get("bytes")
    return item.get("path") if content is None else content


def _read_limit():
    value = os.environ.get(_LIMIT, _MAX_PIXELS)
    try:
        return int(value)
    except ValueError:
        raise ValueError(
            f"The environment variable {_LIMIT}={value!r} is no number of pixels."
        ) from None


def _decode(item, mode, max_size, max_pixels):
    """Pixels of a file, of bytes or of an image of Pillow."""
    try:
        if isinstance(item, Image.Image):
            _check_size(item, max_pixels)
            return convert_image(item, mode)
        if isinstance(item, _FILE_KINDS):
            _check_kind(item)
        source = BytesIO(item) if isinstance(item, _BYTES_KINDS) else item
        _let_pillow_read(max_pixels)
        with Image.open(source, formats=_formats()) as image:
            _check_size(image, max_pixels)
            # Only files: a draft would change an image that the caller holds.
            if max_size is not None and max(image.size) > 2 * max_size:
                image.draft(None, _scaled(image.size, max_size))
            return convert_image(image, mode)
    # The image is not to blame.
    except MemoryError:
        raise
    # Decoders raise anything from OSError to struct.error and SyntaxError.
    except Exception as error:
        raise _unreadable(item, error) from error


def _check_kind(path):
    """Refuse what is no file: a pipe would be waited for, a device read for ever."""
    if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
        raise ValueError("it is no regular file")


def _let_pillow_read(max_pixels):
    """Raise Pillow's limit if it stands in the way of ours."""
    if Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, max_pixels)


def _check_size(image, max_pixels):
    """Refuse a bomb by its header; loading is what costs memory."""
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(
            f"{width} x {height} are {width * height:,} pixels, more than "
            f"max_pixels={max_pixels:,}, which the environment variable {_LIMIT} sets"
        )
    if width * height == 0:
        raise ValueError(f"its size is {width} x {height}")


@cache
def _formats():
    """Formats that this build of Pillow knows; it fails on the names of others."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _unreadable(item, error):
    return ValueError(
        f"The image {_name(item)} can't be read: {_reason(error, item)}. {_CURE}"
    )


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
    return repr(item)


def _reason(error, item):
    """Why it can't be read, in one clause."""
    if isinstance(error, FileNotFoundError):
        address = "://" in str(item)
        return "it is an address, so fetch it first" if address else _NO_FILE
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
    item = _undecoded(item)
    if isinstance(item, _BYTES_KINDS):
        return bytes(item)
    if isinstance(item, _FILE_KINDS):
        try:
            _check_kind(item)
            return Path(item).read_bytes()
        except (OSError, ValueError) as error:
            raise _unreadable(item, error) from error
    if isinstance(item, Image.Image):
        item = load_image(item)
    array = np.ascontiguousarray(item)
    return f"{array.dtype.str}{array.shape}".encode() + array.tobytes()


def unreadable_images(items):
    """Why images can't be read, by their numbers; each is decoded, and in threads.

    Examples
    --------
    >>> unreadable_images([b"", np.zeros((2, 2))])[0]
    "The image given as 0 bytes that begin with b'' can't be read: it is empty."
    """
    problems = map_threads(_problem, items, n_jobs=os.cpu_count())
    return {number: why for number, why in enumerate(problems) if why is not None}


def _problem(item):
    try:
        # JPEGs are decoded at an eighth of their size, but to the last byte.
        load_image(item, mode="L", max_size=_GLANCE)
    except (ValueError, TypeError) as error:
        return str(error).removesuffix(_CURE).rstrip()
    return None
