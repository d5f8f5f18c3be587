"""Both directions at once, with several captions an image."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from itm_sklearn.metrics import (
    average_precision,
    mean_normalized_rank,
    mean_rank,
    mean_reciprocal_rank,
    median_rank,
    ndcg,
    recall_at_k,
    retrieval_report,
    rsum,
)
from itm_sklearn.pairs import ImageTextPairs


@pytest.fixture
def pairs():
    """Four images with 1 to 3 captions; one caption belongs to two images."""
    return ImageTextPairs(
        images=["a", "b", "c", "d"],
        texts=["one", "two", "three", "same", "same", "four", "five"],
        image_index=[0, 0, 0, 1, 2, 2, 3],
    )


@pytest.fixture
def similarity(pairs):
    rng = np.random.default_rng(3)
    return rng.integers(0, 6, (len(pairs), pairs.n_images)).astype(np.float32)


@pytest.mark.parametrize("direction", ["text_to_image", "image_to_text"])
def test_the_report_says_what_each_function_says(pairs, similarity, direction):
    relevant = pairs.relevance()
    if direction == "image_to_text":
        relevant, similarity = relevant.T, similarity.T
    report = retrieval_report(
        similarity if direction == "text_to_image" else similarity.T, pairs, ks=(1, 2)
    )[direction]
    assert report == {
        "recall@1": recall_at_k(relevant, similarity, k=1),
        "recall@2": recall_at_k(relevant, similarity, k=2),
        "median_rank": median_rank(relevant, similarity),
        "mean_rank": mean_rank(relevant, similarity),
        "mean_reciprocal_rank": mean_reciprocal_rank(relevant, similarity),
        "average_precision": average_precision(relevant, similarity),
        "ndcg": ndcg(relevant, similarity),
        "mean_normalized_rank": mean_normalized_rank(relevant, similarity),
        "n_queries": similarity.shape[0],
        "gallery_size": similarity.shape[1],
    }


def test_rsum_is_the_sum_of_six_recalls_in_percent_points(pairs, similarity):
    relevant = pairs.relevance()
    expected = 100 * sum(
        recall_at_k(relevant, similarity, k=k)
        + recall_at_k(relevant.T, similarity.T, k=k)
        for k in (1, 5, 10)
    )
    assert rsum(relevant, similarity) == pytest.approx(expected)
    assert retrieval_report(similarity, pairs)["rsum"] == pytest.approx(expected)


def test_rsum_of_a_perfect_matrix_is_600_and_of_a_constant_one_0():
    relevant = np.repeat(np.eye(20), 2, axis=0)
    assert rsum(relevant, relevant) == 600.0
    assert rsum(relevant, np.ones((40, 20))) == 0.0


def test_a_shared_caption_counts_for_both_of_its_images(pairs):
    """Row 3 and row 4 hold the same text; finding either image is right."""
    similarity = pairs.relevance().toarray().astype(float)
    similarity[3] = [0, 0, 1, 0]
    similarity[4] = [0, 1, 0, 0]
    assert retrieval_report(similarity, pairs)["text_to_image"]["recall@1"] == 1.0


def test_pairs_tables_and_relevance_are_answered_alike(pairs, similarity):
    expected = retrieval_report(similarity, pairs)
    frame = pairs.to_frame()
    assert isinstance(frame, pd.DataFrame)
    for judged in (frame, pairs.relevance(), pairs.relevance().toarray()):
        assert retrieval_report(similarity, judged) == expected
    assert (
        retrieval_report(similarity, sparse.csr_matrix(pairs.relevance())) == expected
    )


def test_an_image_without_a_caption_is_an_error():
    with pytest.raises(ValueError, match="1 of 2 queries .* in column 1"):
        retrieval_report(np.eye(2), [[1, 0], [1, 0]])


@pytest.mark.parametrize(
    ("ks", "error", "message"),
    [
        ((), ValueError, "no recall at all"),
        ((1, 0), ValueError, "ks == 0"),
        (("1",), TypeError, "ks must be an instance of"),
    ],
)
def test_ks_that_are_no_numbers_of_results_are_refused(ks, error, message):
    with pytest.raises(error, match=message):
        rsum(np.eye(2), np.eye(2), ks=ks)
    with pytest.raises(error, match=message):
        retrieval_report(np.eye(2), np.eye(2), ks=ks)


def test_of_two_matrices_each_direction_takes_its_own():
    """The first ranks images, the second ranks texts."""
    relevance = np.eye(3)
    both = np.stack([np.eye(3), -np.eye(3)])
    report = retrieval_report(both, relevance, ks=(1,))
    assert report["text_to_image"]["recall@1"] == 1.0
    assert report["image_to_text"]["recall@1"] == 0.0
    assert rsum(relevance, both, ks=(1,)) == report["rsum"] == 100.0
