"""What classifiers of pictures with texts promise: a class for each pair, by name."""

import numpy as np

from itm_sklearn.testing._compare import assert_raises
from itm_sklearn.testing._examples import fit, labels_for


def check_each_pair_gets_a_class(estimator, example):
    """One of `classes_`, which are those of training in order."""
    labels = labels_for(estimator, example.items)
    found = fit(estimator, example.items).predict(example.items)
    assert found.shape == (len(example.items),)
    assert estimator.classes_.tolist() == sorted(set(labels))
    assert set(found) <= set(estimator.classes_)


def check_probabilities_belong_to_the_classes(estimator, example):
    """Rows add up to 1, and the largest is the prediction."""
    fitted = fit(estimator, example.items)
    probabilities = fitted.predict_proba(example.items)
    assert probabilities.shape == (len(example.items), len(fitted.classes_))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    likeliest = fitted.classes_[probabilities.argmax(axis=1)]
    assert (likeliest == fitted.predict(example.items)).all()


def check_a_class_depends_on_its_pair_alone(estimator, example):
    """Asked alone, a pair gets the probabilities that it gets among others."""
    fitted = fit(estimator, example.items)
    together = fitted.predict_proba(example.items)
    alone = [fitted.predict_proba(example.items[[row]]) for row in range(len(together))]
    np.testing.assert_allclose(np.concatenate(alone), together, atol=1e-4)


def check_score_is_accuracy(estimator, example):
    """The share of pairs whose class is told, which weights may change."""
    labels = labels_for(estimator, example.items)
    fitted = fit(estimator, example.items)
    right = fitted.predict(example.items) == labels
    np.testing.assert_allclose(fitted.score(example.items, labels), right.mean())
    weights = np.arange(len(labels))
    np.testing.assert_allclose(
        fitted.score(example.items, labels, sample_weight=weights),
        np.average(right, weights=weights),
    )


def check_unequal_lengths_are_refused(estimator, example):
    """As many labels as pairs, or an error with both numbers."""
    labels = labels_for(estimator, example.items)[:-1]
    assert_raises(ValueError, estimator.fit, example.items, labels, match="answers")
