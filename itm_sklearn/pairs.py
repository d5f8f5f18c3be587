"""Image-text pairs: the one container that flows through the package.

Every estimator takes `ImageTextPairs` or what `as_pairs` can turn into them, so
this module is the only one that checks the two views against each other.
"""

import numpy as np
from scipy import sparse

from itm_sklearn._batching import row_numbers, take_rows
from itm_sklearn._image_index import check_image_index
from itm_sklearn._optional import require
from itm_sklearn._tables import read_table
from itm_sklearn._views import (
    apply_to_view,
    as_view,
    count,
    describe,
    first_rows,
    identify_texts,
    length,
)

__all__ = ["ImageTextPairs", "as_pairs"]


class ImageTextPairs:
    """Images and texts in rows of one pair each; every image is stored once.

    Row ``i`` joins text ``i`` with the image ``image_index[i]``. Either view may
    be missing: a query is a pair of which one half is unknown. Length, `shape`
    and indexing by rows are what scikit-learn's splitters and searches ask for.

    Parameters
    ----------
    images : sequence, array or sparse matrix of n_images items, default=None
        Paths, pictures or feature vectors. None if the view is missing.
    texts : sequence, array or sparse matrix of n_pairs items, default=None
        Strings or feature vectors. None if the view is missing.
    image_index : array-like of int of shape (n_pairs,), default=None
        The image that each row uses, from 0 to n_images - 1. None means that
        row ``i`` uses image ``i``.

    Attributes
    ----------
    text_id : ndarray of int of shape (n_pairs,) or None
        Equal in two rows exactly where their texts are the same string. Feature
        vectors that `map` makes keep the ids of the strings they came from.

    Raises
    ------
    TypeError
        If a view is no sequence, or a list of texts holds something else.
    ValueError
        If both views are missing, or their lengths do not fit together.

    See Also
    --------
    as_pairs : The same from a data frame or a Hugging Face dataset.

    Examples
    --------
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(
    ...     images=["dog.jpg", "cat.jpg"],
    ...     texts=["a dog runs", "a brown dog", "a cat sleeps"],
    ...     image_index=[0, 0, 1],
    ... )
    >>> pairs
    ImageTextPairs(3 pairs; 2 images of str; 3 texts of str)
    >>> pairs[[2]].images
    ['cat.jpg']
    >>> pairs.relevance().toarray().astype(int)
    array([[1, 0],
           [1, 0],
           [0, 1]])
    """

    def __init__(self, images=None, texts=None, image_index=None):
        if images is None and texts is None:
            raise ValueError(
                "images=None and texts=None: at least one view must be given."
            )
        self.images = as_view(images, "images")
        self.texts = as_view(texts, "texts")
        n_images, n_texts = (
            None if view is None else length(view) for view in (self.images, self.texts)
        )
        self.image_index = check_image_index(image_index, n_images, n_texts)
        self.text_id = None if texts is None else identify_texts(self.texts)

    def __len__(self):
        return len(self.image_index)

    def __array__(self, dtype=None, copy=None):
        """Refused: what takes arrays needs one view, or both in one vector."""
        raise TypeError(
            f"{self!r} are two views and no array. Put a step before that makes one "
            "vector of each pair, such as itm_sklearn.fusion.ConcatFusion, or give a "
            "step for a single view to itm_sklearn.compose.DualEncoder."
        )

    @property
    def shape(self):
        """The number of pairs, in a tuple as arrays have it."""
        return (len(self),)

    @property
    def n_images(self):
        """The number of images, each counted once; 0 if the view is missing."""
        return 0 if self.images is None else length(self.images)

    def __getitem__(self, rows):
        """Pairs of the given rows, with the images that no row uses left out.

        A single integer gives one pair.
        """
        # scikit-learn indexes array-likes as X[rows, ...].
        if isinstance(rows, tuple) and len(rows) == 2 and rows[1] is Ellipsis:
            rows = rows[0]
        rows = np.atleast_1d(row_numbers(rows, len(self)))
        image_index = self.image_index[rows]
        images = self.images
        if images is not None:
            used, image_index = np.unique(image_index, return_inverse=True)
            images = take_rows(images, used)
        texts = None if self.texts is None else take_rows(self.texts, rows)
        text_id = None if self.text_id is None else self.text_id[rows]
        return self._rebuilt(images, texts, image_index, text_id)

    @classmethod
    def _rebuilt(cls, images, texts, image_index, text_id):
        """Pairs from parts that were checked before."""
        pairs = cls.__new__(cls)
        pairs.images, pairs.texts = images, texts
        pairs.image_index, pairs.text_id = image_index, text_id
        return pairs

    def map(self, *, image=None, text=None):
        """Pairs whose views have been passed through functions.

        Parameters
        ----------
        image : callable, default=None
            From all images to as many items; it sees each image once. A missing
            view is left missing.
        text : callable, default=None
            From all texts to as many items.

        Returns
        -------
        pairs : ImageTextPairs
            With the same rows.

        Raises
        ------
        ValueError
            If a function changes the number of items.

        Examples
        --------
        >>> pairs = ImageTextPairs(["a.jpg"], ["a dog", "a cat"], [0, 0])
        >>> pairs.map(text=lambda texts: [text.upper() for text in texts]).texts
        ['A DOG', 'A CAT']
        """
        images = apply_to_view(image, self.images, "image")
        texts = apply_to_view(text, self.texts, "text")
        return self._rebuilt(images, texts, self.image_index, self.text_id)

    def relevance(self):
        """Which texts and images belong together.

        A text that is a caption of several images is relevant to all of them.

        Returns
        -------
        relevance : sparse array of bool of shape (n_pairs, n_images)
            True where the image matches the text.

        Raises
        ------
        ValueError
            If a view is missing.
        """
        self.require_both_views()
        n_texts = int(self.text_id.max(initial=-1)) + 1
        rows = np.arange(len(self))
        ones = np.ones(len(self), dtype=np.intp)
        row_text = sparse.csr_array(
            (ones, (rows, self.text_id)), shape=(len(self), n_texts)
        )
        text_image = sparse.csr_array(
            (ones, (self.text_id, self.image_index)), shape=(n_texts, self.n_images)
        )
        return (row_text @ text_image).astype(bool)

    def require_both_views(self):
        """Raise a ValueError that names the missing view, if one is missing."""
        if self.images is None or self.texts is None:
            missing = "images" if self.images is None else "texts"
            raise ValueError(f"{self!r} has no {missing}: both views are needed here.")

    @classmethod
    def from_frame(cls, frame):
        """Pairs from a table with a row for each pair.

        Parameters
        ----------
        frame : pandas or polars DataFrame, pyarrow Table or Hugging Face dataset
            Columns ``image`` and ``text`` (or ``caption``), of which one may be
            absent. Rows with the same ``image_id`` share one image; without that
            column, rows with the same path or the same image object do.

        Returns
        -------
        pairs : ImageTextPairs
            One row for each row of the table.

        Raises
        ------
        ValueError
            If neither column is there, or a cell is empty.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"image": ["a.jpg", "a.jpg"], "text": ["x", "y"]})
        >>> ImageTextPairs.from_frame(frame)
        ImageTextPairs(2 pairs; 1 image of str; 2 texts of str)
        """
        images, texts, ids = read_table(frame)
        if images is None:
            return cls(texts=texts)
        rows, image_index = first_rows(ids)
        return cls([images[row] for row in rows], texts, image_index)

    def to_frame(self):
        """A pandas DataFrame with the columns ``image``, ``text`` and ``image_id``.

        Returns
        -------
        frame : pandas.DataFrame
            A row for each pair; `from_frame` turns it back into the same pairs.
        """
        pandas = require("pandas", extra="test", caller="ImageTextPairs.to_frame")
        columns = {}
        if self.images is not None:
            images = list(self.images)
            columns["image"] = [images[index] for index in self.image_index]
        if self.texts is not None:
            columns["text"] = list(self.texts)
        return pandas.DataFrame(columns).assign(image_id=self.image_index)

    def __repr__(self):
        views = [
            describe(view, name)
            for view, name in ((self.images, "image"), (self.texts, "text"))
        ]
        return f"ImageTextPairs({count(len(self), 'pair')}; {'; '.join(views)})"


def as_pairs(X):
    """`ImageTextPairs` from what a user has: pairs, a table or a dataset.

    Parameters
    ----------
    X : ImageTextPairs, DataFrame or Hugging Face dataset
        Tables as `ImageTextPairs.from_frame` takes them.

    Returns
    -------
    pairs : ImageTextPairs
        The same object if it was one already.

    Raises
    ------
    TypeError
        If X is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> as_pairs(pd.DataFrame({"text": ["a dog runs", "a cat sleeps"]}))
    ImageTextPairs(2 pairs; no images; 2 texts of str)
    """
    if isinstance(X, ImageTextPairs):
        return X
    if hasattr(X, "columns") or hasattr(X, "column_names"):
        return ImageTextPairs.from_frame(X)
    raise TypeError(
        "Expected ImageTextPairs, a data frame or a dataset with the columns 'image' "
        f"and 'text', got {type(X).__name__}. Write ImageTextPairs(images, texts), or "
        "ImageTextPairs(texts=[...]) or ImageTextPairs(images=[...]) for a query."
    )
