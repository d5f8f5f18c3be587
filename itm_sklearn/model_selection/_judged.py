"""What every query of some pairs is worth: the raw material of an evaluation.

`_evaluation.py` sums it up with intervals, `_comparison.py` compares two models.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from itm_sklearn.metrics._cosine_ranks import rank_cosines
from itm_sklearn.metrics._ranking import rank_relevant
from itm_sklearn.metrics._report import values_by_query
from itm_sklearn.model_selection._embedding import embed_pairs
from itm_sklearn.model_selection._galleries import draw_galleries
from itm_sklearn.model_selection._similarity import (
    check_similarity_shape,
    pair_similarity,
)

DIRECTIONS = ("text_to_image", "image_to_text")


class JudgedQueries(NamedTuple):
    """The queries of one direction, each with the image it comes from.

    `values` are those that metrics are means of, by name, and `ranks` those of the
    first relevant items; `tied` tells where a tie decided the rank.
    """

    values: dict
    ranks: np.ndarray
    tied: np.ndarray
    images: np.ndarray
    gallery_sizes: list


def judge(model, pairs, *, ks, directions, categories, gallery_size, seed):
    """`JudgedQueries` for each direction; similarity is worked out once."""
    pairs.require_both_views()
    relevance = relevance_of(pairs, categories)
    scores = _scores_of(model, pairs)
    parts = [
        _judge_gallery(scores, pairs, relevance, images, ks, directions)
        for images in _galleries(pairs, gallery_size, seed)
    ]
    return {way: _join([part[way] for part in parts]) for way in directions}


def relevance_of(pairs, categories):
    """Which texts and images belong together, by pair or by category."""
    if categories is None:
        return pairs.relevance()
    check_consistent_length(pairs, categories)
    numbers = np.unique(np.asarray(categories), return_inverse=True)[1]
    by_image = np.full(pairs.n_images, -1)
    by_image[pairs.image_index] = numbers
    mixed = np.flatnonzero(by_image[pairs.image_index] != numbers)
    if len(mixed):
        raise ValueError(
            f"Image {pairs.image_index[mixed[0]]} has pairs of two categories, row "
            f"{mixed[0]} for one. Give all pairs of an image the same category."
        )
    return sparse.csr_array(numbers[:, np.newaxis] == by_image)


def _galleries(pairs, gallery_size, seed):
    if gallery_size is None:
        return [np.arange(pairs.n_images)]
    return draw_galleries(pairs, gallery_size, seed)


class _Matrix(NamedTuple):
    """Similarities that are held; one matrix, or one for each direction."""

    similarity: np.ndarray

    def rank(self, rows, images, relevance, axes):
        similarity = self.similarity
        if rows is not None:
            similarity = similarity[..., rows[:, np.newaxis], images]
        ranks = rank_relevant(relevance, similarity, axes=axes)
        modes = {"first_only": True, "best_case": True}
        return ranks, rank_relevant(relevance, similarity, axes=axes, **modes)


class _Vectors(NamedTuple):
    """Vectors whose cosines are the similarities, which are never held."""

    texts: np.ndarray
    images: np.ndarray

    def rank(self, rows, images, relevance, axes):
        if rows is None:
            return rank_cosines(self.texts, self.images, relevance, axes=axes)
        return rank_cosines(self.texts[rows], self.images[images], relevance, axes=axes)


def _scores_of(model, pairs):
    if isinstance(model, np.ndarray):
        check_similarity_shape(model, pairs)
        return _Matrix(model)
    if compares_by_cosine(model):
        vectors = embed_pairs(model, pairs)
        if _are_alike(vectors.texts, vectors.images):
            return _Vectors(vectors.texts, vectors.images)
    return _Matrix(np.asarray(pair_similarity(model, pairs)))


def compares_by_cosine(estimator):
    """Whether `pair_similarity` is the cosine of what `embed_pairs` gives."""
    if hasattr(estimator, "best_estimator_"):
        return compares_by_cosine(estimator.best_estimator_)
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if hasattr(last, "similarity"):
        return getattr(last, "similarity_is_cosine", False)
    return hasattr(estimator, "transform")


def _are_alike(texts, images):
    shapes = [view.shape for view in (texts, images) if isinstance(view, np.ndarray)]
    return len(shapes) == 2 and len(shapes[0]) == 2 and shapes[0][1:] == shapes[1][1:]


def _judge_gallery(scores, pairs, relevance, images, ks, directions):
    in_order = (np.diff(pairs.image_index) >= 0).all()
    if len(images) == pairs.n_images and in_order:
        rows, query_images = None, pairs.image_index
    else:
        # Texts of one image next to each other are ranked the fastest.
        rows = np.argsort(pairs.image_index, kind="stable")
        rows = rows[np.isin(pairs.image_index[rows], images)]
        images = np.sort(images)
        query_images = pairs.image_index[rows]
        relevance = relevance[rows][:, images]
    axes = [DIRECTIONS.index(way) for way in directions]
    ranks, best_cases = scores.rank(rows, images, relevance, axes)
    return {
        way: JudgedQueries(
            values_by_query(worst, ks),
            worst.first,
            worst.first > best.first,
            query_images if way == "text_to_image" else images,
            [worst.n_items],
        )
        for way, worst, best in zip(directions, ranks, best_cases, strict=True)
    }


def _join(parts):
    """The queries of several galleries together."""
    values, ranks, tied, images, sizes = zip(*parts, strict=True)
    return JudgedQueries(
        {name: np.concatenate([each[name] for each in values]) for name in values[0]},
        *(np.concatenate(each) for each in (ranks, tied, images)),
        sum(sizes, []),
    )
