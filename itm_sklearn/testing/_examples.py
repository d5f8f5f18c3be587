"""Small inputs for the checks: what an estimator takes is read from its tags."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import get_tags

from itm_sklearn.base import PairTransformerMixin
from itm_sklearn.fusion import PairFusionMixin
from itm_sklearn.generation import CaptionScoreMixin, JointVAE, TextToImage
from itm_sklearn.pairs import ImageTextPairs

TEXTS = [
    "a small red circle on the left",
    "two blue squares",
    "a large green star above a ring",
    "the red circle is small",
    "three yellow triangles in the picture",
    "a white ring below a blue square",
]


@dataclass(frozen=True)
class Example:
    """What the checks hand to an estimator.

    `items` is a list for encoders, an array for indexes and ImageTextPairs for the
    others; `kind` is "images", "texts", "descriptors", "vectors", "raw pairs",
    "captioned images", "drawn texts", "questions", "vector pairs", "pairs of parts" or,
    where both views are in one space, "aligned pairs".
    """

    kind: str
    items: Any


def example_for(estimator):
    """A small input of the kind that the estimator takes.

    Examples
    --------
    >>> from itm_sklearn.compose import DualEncoder
    >>> example_for(DualEncoder()).kind
    'raw pairs'
    """
    tags = get_tags(estimator)
    if isinstance(estimator, PairTransformerMixin | PairFusionMixin):
        return Example("vector pairs", vector_pairs())
    if isinstance(estimator, CaptionScoreMixin | TextToImage):
        writes = isinstance(estimator, CaptionScoreMixin)
        kind = "captioned images" if writes else "drawn texts"
        return Example(kind, ImageTextPairs(images(), list(TEXTS)))
    if hasattr(estimator, "similarity") or tags.estimator_type == "classifier":
        return _judged_pairs(estimator, tags)
    if tags.input_tags.two_d_array:
        return Example("vectors", vector_pairs().images)
    if tags.input_tags.three_d_array:
        return Example("images", images())
    if tags.input_tags.string:
        return Example("texts", list(TEXTS))
    if hasattr(estimator, "memory") or isinstance(estimator, JointVAE):
        return Example("raw pairs", ImageTextPairs(images(), list(TEXTS)))
    return Example("descriptors", descriptors())


def _judged_pairs(estimator, tags):
    if not hasattr(estimator, "similarity"):
        return Example("questions", ImageTextPairs(images(), list(TEXTS)))
    if tags.input_tags.three_d_array:
        return Example("pairs of parts", pairs_of_parts())
    return Example("aligned pairs", aligned_pairs())


def fit(estimator, items):
    """The estimator fitted on the items, and on labels if it needs them.

    Examples
    --------
    >>> from itm_sklearn.alignment import SemanticAligner
    >>> len(fit(SemanticAligner(), vector_pairs()).categories_)
    6
    """
    return estimator.fit(items, labels_for(estimator, items))


def labels_for(estimator, items):
    """A category for each pair if the estimator needs it: one of eight, by content.

    Aligners that take arrays have the texts for a target, and need no other.

    Examples
    --------
    >>> from itm_sklearn.alignment import CCA, SemanticAligner
    >>> labels_for(SemanticAligner(), vector_pairs())[:3]
    array(['kind 6', 'kind 3', 'kind 3'], dtype='<U6')
    >>> labels_for(CCA(), vector_pairs())
    """
    tags = get_tags(estimator)
    if tags.input_tags.two_d_array or not tags.target_tags.required:
        return None
    if not isinstance(items, ImageTextPairs) or items.images is None:
        return None
    if isinstance(items.images, list):
        return np.array([f"kind {image % 2}" for image in items.image_index])
    signs = items.images[:, :3] > 0
    kinds = signs @ [4, 2, 1]
    return np.array([f"kind {kind}" for kind in kinds[items.image_index]])


def images():
    """Six pictures of 48 by 48 pixels, rough enough for keypoints."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, size=(6, 8, 8, 3), dtype=np.uint8)
    return list(blocks.repeat(6, axis=1).repeat(6, axis=2))


def descriptors():
    """Local descriptors of six images, one of them without keypoints."""
    rng = np.random.default_rng(0)
    counts = (30, 12, 0, 20, 25, 9)
    return [rng.normal(size=(count, 8)).astype(np.float32) for count in counts]


def vector_pairs(n_images=30):
    """Correlated vectors of both views, with one to three texts an image."""
    rng = np.random.default_rng(0)
    image_index = np.repeat(np.arange(n_images), np.arange(n_images) % 3 + 1)
    hidden = rng.normal(size=(n_images, 3))
    image_vectors = hidden @ rng.normal(size=(3, 5)) + 0.1 * rng.normal(
        size=(n_images, 5)
    )
    noise = 0.1 * rng.normal(size=(len(image_index), 5))
    text_vectors = hidden[image_index] @ rng.normal(size=(3, 5)) + noise
    return ImageTextPairs(image_vectors, text_vectors, image_index)


def aligned_pairs():
    """Pairs in one space: a text is its image with some noise."""
    pairs = vector_pairs()
    noise = np.random.default_rng(0).normal(size=pairs.texts.shape)
    texts = pairs.images[pairs.image_index] + 0.3 * noise
    return ImageTextPairs(pairs.images, texts, pairs.image_index)


def pairs_of_parts():
    """Pairs of four regions and three words; some texts have two, then zeros."""
    pairs = vector_pairs()
    rng = np.random.default_rng(0)
    texts = pairs.texts[:, np.newaxis] + 0.1 * rng.normal(size=(len(pairs), 3, 5))
    texts[::2, 2] = 0
    images = pairs.images[:, np.newaxis] + 0.1 * rng.normal(size=(pairs.n_images, 4, 5))
    return ImageTextPairs(images, texts, pairs.image_index)
