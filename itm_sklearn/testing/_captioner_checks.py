"""What captioners promise: a sentence for each image, whatever form the pairs have."""

import numpy as np

from itm_sklearn.testing._compare import assert_raises


def check_each_image_gets_a_caption(estimator, example):
    """Strings, as many as images, from pairs and from images alone."""
    captions = estimator.fit(example.items).predict(example.items)
    assert len(captions) == example.items.n_images
    assert all(isinstance(caption, str) for caption in captions)
    assert estimator.predict(example.items.images) == captions
    assert estimator.predict([]) == []


def check_captions_may_come_as_y(estimator, example):
    """Images and captions apart are learned from as pairs are."""
    pairs = example.items
    expected = estimator.fit(pairs).predict(pairs)
    assert estimator.fit(pairs.images, pairs.texts).predict(pairs) == expected


def check_images_without_captions_are_refused(estimator, example):
    """There is nothing to learn from."""
    assert_raises(ValueError, estimator.fit, example.items.images, match="captions")


def check_score_is_cider(estimator, example):
    """Between 0 and 10, and not to be weighted."""
    pairs = example.items
    assert 0 <= estimator.fit(pairs).score(pairs) <= 10
    weights = np.ones(len(pairs))
    assert_raises(ValueError, estimator.score, pairs, sample_weight=weights)
