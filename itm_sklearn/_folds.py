"""Folds inside the `fit` of an estimator, which keep the texts of an image together.

`model_selection` has the splitters for users.
"""

from numbers import Integral

from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, check_cv

__all__ = ["image_folds"]


def image_folds(cv, pairs, y, *, stratified):
    """Training and test rows of each fold: of so many, or of a splitter.

    A splitter gets the images as groups.

    Examples
    --------
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> texts = ["a dog", "one dog", "a cat"]
    >>> pairs = ImageTextPairs(texts=texts, image_index=[0, 0, 1])
    >>> [test.tolist() for _, test in image_folds(2, pairs, None, stratified=False)]
    [[0, 1], [2]]
    """
    if isinstance(cv, Integral):
        cv = StratifiedGroupKFold(cv) if stratified else GroupKFold(cv)
    return list(check_cv(cv).split(pairs, y, pairs.image_index))
