"""Both directions of retrieval, each as rows of queries."""

import numpy as np

__all__ = ["DIRECTIONS", "scores_by_direction"]

DIRECTIONS = {
    "text_to_image": "Text → image",
    "image_to_text": "Image → text",
}


def scores_by_direction(similarity):
    """For each direction the scores with a row for each query.

    `similarity` is of shape (n_texts, n_images), or has such a matrix for each
    direction.

    Examples
    --------
    >>> scores_by_direction([[1, 2, 3], [4, 5, 6]])["image_to_text"].tolist()
    [[1, 4], [2, 5], [3, 6]]
    """
    similarity = np.asarray(similarity)
    by_text, by_image = np.broadcast_to(similarity, (2, *similarity.shape[-2:]))
    return {"text_to_image": by_text, "image_to_text": by_image.T}
