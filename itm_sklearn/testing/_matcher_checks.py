"""What matchers and retrievers promise: scores that mean what they say."""

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing._compare import assert_raises, assert_same
from itm_sklearn.testing._encoder_checks import needs


def check_similarity_has_a_row_a_text_and_a_column_an_image(estimator, example):
    """Its shape is that of the relevance, once or for each direction."""
    similarity = estimator.fit(example.items).similarity(example.items)
    shape = example.items.relevance().shape
    assert similarity.shape in (shape, (2, *shape))
    assert np.isfinite(similarity).all()


def check_score_is_a_share(estimator, example):
    """The mean recall lies between 0 and 1."""
    assert 0 <= estimator.fit(example.items).score(example.items) <= 1


def check_pairs_are_split_by_image(estimator, example):
    """`cross_val_score` needs nothing but the pairs."""
    scores = cross_val_score(
        estimator, example.items, cv=ImageKFold(3), error_score="raise"
    )
    assert np.isfinite(scores).all()


def check_a_missing_view_has_no_similarity(estimator, example):
    """Scoring half a pair is a ValueError."""
    estimator.fit(example.items)
    assert_raises(
        ValueError,
        estimator.similarity,
        ImageTextPairs(texts=example.items.texts),
        match="no images",
    )


@needs("decision_function")
def check_a_pair_scores_its_entry_in_the_similarity(estimator, example):
    """`decision_function` and `similarity` are one scale."""
    pairs = example.items
    estimator.fit(pairs)
    own = estimator.similarity(pairs)[np.arange(len(pairs)), pairs.image_index]
    assert_same(estimator.decision_function(pairs), own)


@needs("predict_proba")
def check_probabilities_are_probabilities(estimator, example):
    """Two columns between 0 and 1 that sum to 1, rising with the score."""
    estimator.fit(example.items)
    probabilities = estimator.predict_proba(example.items)
    assert probabilities.shape == (len(example.items), 2)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert_same(probabilities.sum(axis=1), np.ones(len(example.items)))
    order = np.argsort(estimator.decision_function(example.items))
    assert (np.diff(probabilities[order, 1]) >= -1e-12).all()


@needs("predict")
def check_predictions_are_classes(estimator, example):
    """0 for a mismatch, 1 for a match."""
    predicted = estimator.fit(example.items).predict(example.items)
    assert estimator.classes_.tolist() == [0, 1]
    assert set(predicted) <= {0, 1}


@needs("predict")
def check_labels_of_mismatches_are_learned_from(estimator, example):
    """With labels, stock scorers judge the matcher far above chance."""
    pairs, labels = _with_mismatches(example.items)
    scores = cross_val_score(
        clone(estimator), pairs, labels, scoring="roc_auc", error_score="raise", cv=3
    )
    assert np.isfinite(scores).all()


@needs("retrieve_images")
def check_ranked_lists_run_from_best_to_worst(estimator, example):
    """Scores fall, in both directions."""
    pairs = example.items
    estimator.fit(pairs)
    found = estimator.retrieve_images(pairs.texts, n_neighbors=4)
    assert found.indices.shape == (len(pairs), 4)
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert found.indices.max() < pairs.n_images
    found = estimator.retrieve_texts(pairs.images, n_neighbors=4)
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert found.indices.max() < len(pairs)


@needs("kneighbors")
def check_a_query_of_both_views_is_refused(estimator, example):
    """It would be unclear what is asked for."""
    estimator.fit(example.items)
    assert_raises(ValueError, estimator.kneighbors, example.items, match="both views")


@needs("kneighbors")
def check_more_neighbors_than_there_are_is_an_error(estimator, example):
    """The message says how many there are."""
    estimator.fit(example.items)
    query = ImageTextPairs(texts=example.items.texts[:1])
    assert_raises(
        ValueError,
        estimator.kneighbors,
        query,
        n_neighbors=1000,
        match=str(example.items.n_images),
    )


def _with_mismatches(pairs):
    wrong = (pairs.image_index + 7) % pairs.n_images
    both = ImageTextPairs(
        pairs.images,
        np.vstack([pairs.texts, pairs.texts]),
        np.concatenate([pairs.image_index, wrong]),
    )
    return both, np.repeat([1, 0], len(pairs))
