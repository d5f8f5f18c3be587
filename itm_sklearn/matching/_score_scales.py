"""Scores of different matchers on one scale: by their mismatches, or by rank."""

import numpy as np
from scipy.stats import rankdata

from itm_sklearn.model_selection import pair_similarity

__all__ = ["all_scores", "draw_gallery", "learn_scales", "reciprocal_ranks"]

# Images that a scale or a weight is learned from; more change little.
_GALLERY_SIZE = 300
# The constant of reciprocal rank fusion.
_RANK_OFFSET = 60


def draw_gallery(pairs, random_state):
    """Some random images with all their captions, or all if they are few."""
    images = np.unique(pairs.image_index)
    chosen = random_state.permutation(images)[:_GALLERY_SIZE]
    return pairs[np.isin(pairs.image_index, chosen)]


def all_scores(matchers, pairs):
    """The similarity of all texts and images, by each matcher."""
    return np.array([pair_similarity(matcher, pairs) for matcher in matchers])


def learn_scales(matchers, gallery):
    """Mean and deviation of the scores of mismatches, for each matcher."""
    mismatches = ~gallery.relevance().toarray()
    if not mismatches.any():
        raise ValueError(
            f"{gallery!r} hold no mismatches to tell the scale of scores by. Fit on "
            "pairs of two or more images."
        )
    scores = all_scores(matchers, gallery)[:, mismatches]
    scales = scores.std(axis=1)
    return scores.mean(axis=1), np.where(scales > 0, scales, 1.0)


def reciprocal_ranks(scores):
    """One over the rank among the images of a row and the texts of a column, summed."""
    # Ties count against the model.
    ranks = [rankdata(-scores, method="max", axis=axis) for axis in (0, 1)]
    return sum(1 / (_RANK_OFFSET + rank) for rank in ranks)
