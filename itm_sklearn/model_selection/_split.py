"""Splits that keep all captions of an image on one side.

The groups are in the pairs, so nobody can pass the wrong ones. A split by rows
would train on captions of test images, and would put nearly every image into
every gallery, so that the leak can even look like a lower score.
"""

import warnings
from abc import abstractmethod

import numpy as np
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    GroupShuffleSplit,
)

from itm_sklearn.pairs import as_pairs

__all__ = ["ImageKFold", "ImageShuffleSplit", "train_test_split_pairs"]


class _ImageSplitter(BaseCrossValidator):
    """A group splitter whose groups are the images of the pairs."""

    @abstractmethod
    def _group_splitter(self):
        """The splitter of scikit-learn that does the work."""

    def get_n_splits(self, X=None, y=None, groups=None):
        """Tell how many splits there will be.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored, present for scikit-learn's interface.

        Returns
        -------
        n_splits : int
            The number of splits.
        """
        return self.n_splits

    def split(self, X, y=None, groups=None):
        """Generate the row numbers of both sides of each split.

        Parameters
        ----------
        X : ImageTextPairs, DataFrame or Hugging Face dataset
            The pairs; a table tells its images by `image_id`, or by `image`.
        y : object, default=None
            Ignored.
        groups : array-like of shape (n_pairs,), default=None
            Ignored, with a warning if they are not the images of the pairs, which
            are the groups.

        Yields
        ------
        train : ndarray of int
            Rows to fit on.
        test : ndarray of int
            Rows to score, of other images.
        """
        images = as_pairs(X).image_index
        if groups is not None and not np.array_equal(groups, images):
            warnings.warn(
                f"The groups parameter is ignored by {type(self).__name__}: the "
                "groups are the images of the pairs. Leave it out.",
                UserWarning,
                stacklevel=2,
            )
        self._check_images(len(np.unique(images)))
        yield from self._group_splitter().split(images, groups=images)

    def _check_images(self, n_images):
        """Raise a ValueError if so few images can't be split."""
        if n_images < 2:
            raise ValueError(
                f"The pairs have {n_images} image, and each side of a split needs one."
            )


class ImageKFold(_ImageSplitter):
    """K folds of images: each is the test gallery once, with all its captions.

    Works wherever scikit-learn takes ``cv=``. The gallery of a fold has a k-th of
    the images, and recall depends on its size: compare only scores that were
    computed with the same `n_splits`, or set the ``gallery_size`` of
    `retrieval_scoring`.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        False makes folds with nearly the same number of pairs; True draws folds
        with nearly the same number of images.
    random_state : int, RandomState instance or None, default=None
        Draws the folds if `shuffle` is True. Pass an int for the same folds in
        every call.

    See Also
    --------
    ImageShuffleSplit : Any number of random splits.
    retrieval_scoring : Scores to use with it.

    Examples
    --------
    >>> from itm_sklearn.model_selection import ImageKFold
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(
    ...     ["dog.jpg", "cat.jpg"], ["a dog", "a puppy", "a cat"], [0, 0, 1]
    ... )
    >>> for train, test in ImageKFold(2).split(pairs):
    ...     print(train, test)
    [2] [0 1]
    [0 1] [2]
    """

    def __init__(self, n_splits=5, *, shuffle=False, random_state=None):
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def _group_splitter(self):
        return GroupKFold(
            self.n_splits, shuffle=self.shuffle, random_state=self.random_state
        )

    def _check_images(self, n_images):
        if n_images < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits} is more than the {n_images} images of the "
                "pairs. Lower n_splits: each fold needs an image of its own."
            )


class ImageShuffleSplit(_ImageSplitter):
    """Random splits of the images, each image with all its captions.

    Parameters
    ----------
    n_splits : int, default=5
        Number of splits.
    test_size : float or int, default=None
        Share or number of the images to score. None means what `train_size` leaves,
        or 0.2.
    train_size : float or int, default=None
        Share or number of the images to fit on. None means what `test_size` leaves.
    random_state : int, RandomState instance or None, default=None
        Draws the images. Pass an int for the same splits in every call.

    See Also
    --------
    ImageKFold : Each image is tested exactly once.
    train_test_split_pairs : A single split.

    Examples
    --------
    >>> from itm_sklearn.model_selection import ImageShuffleSplit
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(
    ...     ["dog.jpg", "cat.jpg"], ["a dog", "a puppy", "a cat"], [0, 0, 1]
    ... )
    >>> cv = ImageShuffleSplit(1, test_size=1, random_state=0)
    >>> for train, test in cv.split(pairs):
    ...     print(train, test)
    [0 1] [2]
    """

    def __init__(
        self, n_splits=5, *, test_size=None, train_size=None, random_state=None
    ):
        self.n_splits = n_splits
        self.test_size = test_size
        self.train_size = train_size
        self.random_state = random_state

    def _group_splitter(self):
        return GroupShuffleSplit(
            self.n_splits,
            test_size=self.test_size,
            train_size=self.train_size,
            random_state=self.random_state,
        )


def train_test_split_pairs(
    pairs, *, test_size=None, train_size=None, random_state=None
):
    """Two random parts of the pairs that have no image in common.

    Parameters
    ----------
    pairs : ImageTextPairs, DataFrame or Hugging Face dataset
        What is split.
    test_size : float or int, default=None
        Share or number of the images in the second part. None means what
        `train_size` leaves, or 0.25.
    train_size : float or int, default=None
        Share or number of the images in the first part. None means what `test_size`
        leaves.
    random_state : int, RandomState instance or None, default=None
        Draws the images. Pass an int for the same parts in every call.

    Returns
    -------
    train, test : ImageTextPairs
        Each with all captions of its images, in the order they had.

    Examples
    --------
    >>> from itm_sklearn.model_selection import train_test_split_pairs
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(
    ...     ["dog.jpg", "cat.jpg"], ["a dog", "a puppy", "a cat"], [0, 0, 1]
    ... )
    >>> train, test = train_test_split_pairs(pairs, test_size=0.5, random_state=0)
    >>> train.texts, test.texts
    (['a dog', 'a puppy'], ['a cat'])
    """
    pairs = as_pairs(pairs)
    # The default of scikit-learn's train_test_split.
    if test_size is None and train_size is None:
        test_size = 0.25
    splitter = ImageShuffleSplit(
        1, test_size=test_size, train_size=train_size, random_state=random_state
    )
    train, test = next(splitter.split(pairs))
    return pairs[train], pairs[test]
