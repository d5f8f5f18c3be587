"""What two outputs of an estimator have to share to be called the same."""

import re

import numpy as np
from scipy import sparse

from itm_sklearn.pairs import ImageTextPairs


def as_dense(output):
    """An array to compare, from whatever a transformer returns.

    Examples
    --------
    >>> as_dense([[1, 2]])
    array([[1, 2]])
    """
    if isinstance(output, ImageTextPairs):
        views = [view for view in (output.images, output.texts) if view is not None]
        return np.concatenate([as_dense(view).ravel() for view in views])
    if sparse.issparse(output):
        return output.toarray()
    if hasattr(output, "batches"):
        rows = [batch.descriptors.ravel() for batch in output.batches()]
        return np.concatenate(rows).astype(float)
    return np.asarray(output)


def assert_same(output, expected, tolerance=1e-6):
    """Raise an AssertionError unless both hold the same numbers."""
    output, expected = as_dense(output), as_dense(expected)
    if expected.dtype.kind in "OU":
        np.testing.assert_array_equal(output, expected)
        return
    scale = max(1.0, np.abs(expected.astype(float)).max(initial=0))
    np.testing.assert_allclose(output, expected, rtol=0, atol=tolerance * scale)


def outputs(estimator, items):
    """All that a fitted estimator says about its items, as arrays by method."""
    names = ["transform", "similarity", "decision_function", "predict_proba"]
    if not isinstance(items, ImageTextPairs):
        names.append("kneighbors")
    names = [name for name in names if hasattr(estimator, name)]
    # Labels follow from scores; sentences are all that some estimators give.
    return {
        name: as_dense(getattr(estimator, name)(items)) for name in names or ["predict"]
    }


def assert_raises(kinds, function, *arguments, match="", **keywords):
    """Raise an AssertionError unless the call fails with a message that matches."""
    try:
        function(*arguments, **keywords)
    except kinds as error:
        assert str(error), "The error has no message."
        assert re.search(match, str(error)), f"{match!r} is not in {str(error)!r}."
        return
    raise AssertionError(f"{function} raised none of {kinds}.")
