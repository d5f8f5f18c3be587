"""What a captioner is given, in the form that its network takes."""

from tempfile import TemporaryFile

import numpy as np

from itm_sklearn._batching import batch_slices, take_rows
from itm_sklearn._load_image import load_image
from itm_sklearn._views import length
from itm_sklearn.image._encoders import check_images
from itm_sklearn.pairs import ImageTextPairs, as_pairs
from itm_sklearn.text._texts import check_texts

__all__ = [
    "captioned_pairs",
    "encode_stream",
    "image_view",
    "load_pictures",
    "paired_texts",
    "references_of",
    "text_view",
]

# Images that a frozen encoder gets at a time.
_CHUNK = 256
# Bytes of features beyond which they lie on disk.
_ENOUGH = 2**27


def captioned_pairs(X, y=None):
    """Pairs with captions: as given, or images with their captions as `y`.

    Examples
    --------
    >>> captioned_pairs(["a.jpg", "b.jpg"], [["a dog", "a pup"], "a cat"])
    ImageTextPairs(3 pairs; 2 images of str; 3 texts of str)
    """
    if _is_pairs(X):
        pairs = as_pairs(X)
    elif y is None:
        raise ValueError(
            "There are images, but y=None: pass captions as y, one string or list of "
            "strings an image, or pass ImageTextPairs. A model that was fitted, then "
            "cloned as a part of another one, as in a grid search, has forgotten what "
            "it learned: wrap it in sklearn.frozen.FrozenEstimator."
        )
    else:
        pairs = _join(check_images(X), y)
    pairs.require_both_views()
    if not len(pairs):
        raise ValueError(f"{pairs!r}: at least one caption is needed.")
    if not isinstance(pairs.texts, list):
        raise TypeError(f"{pairs!r} has texts that are no strings.")
    return pairs


def _is_pairs(X):
    is_table = hasattr(X, "columns") or hasattr(X, "column_names")
    return is_table or isinstance(X, ImageTextPairs)


def _join(images, captions):
    if isinstance(captions, str) or len(captions) != length(images):
        raise ValueError(
            f"{length(images)} images, but y={captions!r:.60}. Pass one string, or "
            "list of strings, for each image."
        )
    lists = [[text] if isinstance(text, str) else list(text) for text in captions]
    texts = [text for texts in lists for text in texts]
    rows = [row for row, texts in enumerate(lists) for _ in texts]
    return ImageTextPairs(images, texts, np.array(rows, dtype=np.intp))


def image_view(X):
    """The images of pairs, or the images themselves.

    Examples
    --------
    >>> image_view(ImageTextPairs(["a.jpg"], ["a dog"]))
    ['a.jpg']
    """
    if not _is_pairs(X):
        return check_images(X)
    pairs = as_pairs(X)
    if pairs.images is None:
        raise ValueError(f"{pairs!r} has no images to describe.")
    return pairs.images


def paired_texts(X, y=None):
    """Pairs: as given, or texts with the image of each as `y`.

    Examples
    --------
    >>> paired_texts(["a dog", "a cat"], ["a.jpg", "b.jpg"])
    ImageTextPairs(2 pairs; 2 images of str; 2 texts of str)
    """
    if _is_pairs(X):
        return captioned_pairs(X)
    texts = check_texts(X)
    if y is None:
        raise ValueError(
            "There are texts, but y=None: pass the image of each as y, or pass "
            "ImageTextPairs."
        )
    return captioned_pairs(ImageTextPairs(check_images(y), texts))


def text_view(X):
    """The texts of pairs, a row for each, or the texts themselves.

    Examples
    --------
    >>> text_view(ImageTextPairs(["a.jpg"], ["a dog"]))
    ['a dog']
    """
    if not _is_pairs(X):
        return check_texts(X)
    pairs = as_pairs(X)
    if pairs.texts is None:
        raise ValueError(f"{pairs!r} has no texts to draw.")
    return check_texts(pairs.texts)


def load_pictures(images, size):
    """All images as squares of `size` pixels, uint8.

    Examples
    --------
    >>> load_pictures([np.zeros((8, 6, 3), np.uint8)], 4).shape
    (1, 4, 4, 3)
    """
    from itm_sklearn._torch._pixels import PixelSpec

    spec = PixelSpec((size, size), None)
    pictures = np.empty((length(images), size, size, 3), np.uint8)
    for row in range(len(pictures)):
        pixels = load_image(images[row], max_size=spec.enough)
        same = pixels.shape[:2] == spec.size
        pictures[row] = pixels if same else spec.fit(pixels)
    return pictures


def encode_stream(encoder, images):
    """Features of all images in half precision, computed a chunk at a time.

    What would not fit into memory goes into a file that vanishes with the array.

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> encode_stream(FunctionTransformer(), np.zeros((5, 2, 3))).shape
    (5, 2, 3)
    """
    store = None
    for rows in batch_slices(length(images), _CHUNK):
        chunk = take_rows(images, np.arange(rows.start, rows.stop))
        features = _check_features(encoder.transform(chunk), encoder)
        if store is None:
            store = _make_store((length(images), *features.shape[1:]))
        highest = np.finfo(np.float16).max
        store[rows] = np.clip(features, -highest, highest)
    return store


def _check_features(features, encoder):
    if hasattr(features, "batches"):
        raise TypeError(
            f"encoder={encoder!r} gives ragged rows. Put a step behind it that makes "
            "vectors, such as BagOfVisualWords()."
        )
    features = features.toarray() if hasattr(features, "toarray") else features
    features = np.asarray(features)
    if features.ndim not in (2, 3, 4):
        raise ValueError(
            f"encoder={encoder!r} gives features of the shape {features.shape}. "
            "Vectors, tokens (n, n_regions, width) or maps (n, height, width, "
            "channels) are needed."
        )
    return features


def _make_store(shape):
    if 2 * np.prod(shape, dtype=float) <= _ENOUGH:
        return np.empty(shape, np.float16)
    return np.memmap(TemporaryFile(), np.float16, "w+", shape=shape)


def references_of(pairs):
    """The captions of each image, for metrics.

    Examples
    --------
    >>> references_of(ImageTextPairs(["a.jpg"], ["a dog", "a pup"], [0, 0]))
    [['a dog', 'a pup']]
    """
    references = [[] for _ in range(pairs.n_images)]
    for text, image in zip(pairs.texts, pairs.image_index, strict=True):
        references[image].append(text)
    return references
