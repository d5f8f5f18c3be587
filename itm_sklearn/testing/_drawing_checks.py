"""What models that draw promise: an image for each text, in any form of the pairs."""

import numpy as np
from sklearn.base import clone

from itm_sklearn.testing._compare import assert_raises


def check_each_text_gets_an_image(estimator, example):
    """Pixels of uint8, as many images as texts, from pairs and from texts alone."""
    pairs = example.items
    images = estimator.fit(pairs).predict(pairs)
    assert images.dtype == np.uint8
    assert len(images) == len(pairs)
    assert images.shape[3] == 3
    np.testing.assert_array_equal(estimator.predict(pairs.texts), images)
    assert len(estimator.predict([])) == 0


def check_an_image_depends_on_its_text_alone(estimator, example):
    """A text gets the same image in any company."""
    texts = example.items.texts
    images = estimator.fit(example.items).predict(texts)
    np.testing.assert_array_equal(estimator.predict(texts[3:]), images[3:])


def check_samples_differ_and_the_first_ones_stay(estimator, example):
    """A longer sample begins with the shorter one."""
    texts = example.items.texts[:2]
    samples = estimator.fit(example.items).sample(texts, 3)
    assert samples.shape[:2] == (2, 3)
    assert (samples[:, 0] != samples[:, 1]).any()
    np.testing.assert_array_equal(estimator.sample(texts, 2), samples[:, :2])


def check_texts_and_images_may_come_apart(estimator, example):
    """Texts as X and images as y are learned from as pairs are."""
    pairs = example.items
    expected = clone(estimator).fit(pairs).predict(pairs)
    apart = estimator.fit(pairs.texts, pairs.images).predict(pairs)
    np.testing.assert_array_equal(apart, expected)


def check_texts_without_images_are_refused(estimator, example):
    """There is nothing to learn from."""
    assert_raises(ValueError, estimator.fit, example.items.texts, match="image")


def check_the_score_is_the_mean_over_pairs(estimator, example):
    """A number for each pair, and their mean."""
    pairs = example.items
    scores = estimator.fit(pairs).score_pairs(pairs)
    assert scores.shape == (len(pairs),)
    assert np.isfinite(scores).all()
    assert np.isclose(estimator.score(pairs), scores.mean())
