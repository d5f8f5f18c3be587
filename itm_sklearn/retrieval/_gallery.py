"""A gallery that grows: pairs behind pairs, and the metadata of both views."""

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_consistent_length

from itm_sklearn._batching import take_rows
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["join_pairs", "split_metadata"]


def join_pairs(first, second):
    """The pairs of both; the images of the second get numbers behind the first.

    Examples
    --------
    >>> one = ImageTextPairs(["dog.jpg"], ["a dog"])
    >>> join_pairs(one, ImageTextPairs(["cat.jpg"], ["a cat"])).image_index
    array([0, 1])
    """
    for view in ("images", "texts"):
        if (getattr(first, view) is None) != (getattr(second, view) is None):
            raise ValueError(
                f"{second!r} and the gallery {first!r} must have the same views."
            )
    shift = first.n_images
    if first.images is None:
        shift = first.image_index.max(initial=-1) + 1
    return ImageTextPairs(
        _join(first.images, second.images),
        _join(first.texts, second.texts),
        np.concatenate([first.image_index, second.image_index + shift]),
    )


def _join(first, second):
    if first is None:
        return None
    if isinstance(first, list):
        return first + list(second)
    if sparse.issparse(first):
        return sparse.vstack([first, second], format=first.format)
    return np.concatenate([first, second])


def split_metadata(metadata, pairs):
    """Metadata of the images and of the texts, as keywords for their indexes.

    Examples
    --------
    >>> pairs = ImageTextPairs(["dog.jpg"], ["a dog", "a puppy"], [0, 0])
    >>> split_metadata({"year": [2019, 2020]}, pairs)
    ({'metadata': {'year': [2019]}}, {'metadata': {'year': [2019, 2020]}})
    """
    if metadata is None:
        return {}, {}
    columns = {name: list(metadata[name]) for name in metadata}
    check_consistent_length(pairs, *columns.values())
    of_texts = {"metadata": columns}
    if pairs.images is None:
        return {}, of_texts
    images, first_pairs = np.unique(pairs.image_index, return_index=True)
    if len(images) < pairs.n_images:
        raise ValueError(
            f"{pairs.n_images - len(images)} images of {pairs!r} are in no pair, so "
            "they have no metadata. Leave them out."
        )
    first = {name: take_rows(column, first_pairs) for name, column in columns.items()}
    return {"metadata": first}, of_texts
