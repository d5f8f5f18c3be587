"""Bags of visual words: how often each typical descriptor occurs in an image.

`VLAD` and `FisherVector` keep more of each descriptor with far fewer words.
"""

from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn.image._encoders import AT_LEAST_ONE
from itm_sklearn.image._local_descriptors import as_descriptor_rows
from itm_sklearn.image._pooling import DescriptorPooling, check_enough
from itm_sklearn.image._words import WordFinder, learn_words


class BagOfVisualWords(DescriptorPooling):
    """Count the visual words of each image.

    `fit` finds the words by k-means on a sample of the descriptors; `transform`
    counts for each image how many of its descriptors are nearest to each word.
    Descriptors of floats are compared by Euclidean distance. Those of bytes, as
    `ORB` makes them, are bits: they are compared by Hamming distance, and words
    are majority votes on bits. An image without keypoints gets a row of zeros.

    Neither step holds more than the sample and one batch of images in memory.

    Parameters
    ----------
    n_words : int, default=1000
        Size of the vocabulary.
    assignment : {"hard", "soft"}, default="hard"
        Whether a descriptor counts for its nearest word, or for several with
        weights that fall with the distance and add up to 1.
    n_nearest : int, default=4
        Words that a descriptor counts for with soft assignment.
    levels : int, default=1
        Levels of the spatial pyramid: level 1 is the whole image, and each further
        one cuts every cell into 2 x 2 that are counted on their own.
    use_idf : bool, default=False
        Whether to weigh words down that occur in many images. Then `fit` walks
        through all images, which `fit_transform` does anyway.
    power : float, default=0.5
        Each value is raised to this power, so that a repeated pattern counts less.
        0.5 makes the dot product of rows the Hellinger kernel; 1 changes nothing.
    norm : {"l1", "l2"} or None, default="l2"
        How rows are scaled, after the power.
    n_samples : int, default=100_000
        Descriptors that the vocabulary is learned from, at most.
    max_iter : int, default=10
        Rounds of k-means at most. More gain little.
    sparse_output : bool, default=False
        Whether to return a sparse array in place of a dense one. Steps that centre
        their input, such as CCA, need a dense one.
    random_state : int, RandomState or None, default=None
        For the sample and the beginning of k-means.
    verbose : int, default=0
        Whether to show progress bars.

    Attributes
    ----------
    words_ : ndarray of shape (n_words, descriptor_size)
        The vocabulary, of the dtype of the descriptors: float32, or uint8 for bits.
    bandwidth_ : float
        Root mean squared distance of the sample to its words; the width of the
        Gaussian that weighs words with soft assignment. Only if that is used.
    idf_ : ndarray of shape (n_features,)
        Weight of each word. Only if `use_idf`.

    See Also
    --------
    VLAD : Sums of differences to a few words.
    FisherVector : Gradients of a Gaussian mixture.

    References
    ----------
    .. [1] J. Sivic and A. Zisserman, "Video Google: a text retrieval approach to
       object matching in videos", ICCV 2003.
    .. [2] S. Lazebnik, C. Schmid and J. Ponce, "Beyond bags of features: spatial
       pyramid matching for recognizing natural scene categories", CVPR 2006.
    .. [3] J. van Gemert et al., "Visual word ambiguity", TPAMI 32, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from itm_sklearn.image import SIFT, BagOfVisualWords
    >>> images = np.random.default_rng(0).integers(0, 256, (4, 64, 64), dtype=np.uint8)
    >>> images[3] = 0
    >>> bag = BagOfVisualWords(10, power=1, norm=None, random_state=0)
    >>> counts = make_pipeline(SIFT(max_keypoints=50), bag).fit_transform(images)
    >>> counts.shape
    (4, 10)
    >>> counts.sum(axis=1)
    array([50., 50., 50.,  0.], dtype=float32)
    """

    _parameter_constraints: dict = {
        **DescriptorPooling._parameter_constraints,
        "n_words": [AT_LEAST_ONE],
        "assignment": [StrOptions({"hard", "soft"})],
        "n_nearest": [AT_LEAST_ONE],
        "levels": [Interval(Integral, 1, 8, closed="both")],
        "use_idf": ["boolean"],
        "power": [Interval(Real, 0, None, closed="neither")],
        "norm": [StrOptions({"l1", "l2"}), None],
        "sparse_output": ["boolean"],
    }

    def __init__(
        self,
        n_words=1000,
        *,
        assignment="hard",
        n_nearest=4,
        levels=1,
        use_idf=False,
        power=0.5,
        norm="l2",
        n_samples=100_000,
        max_iter=10,
        sparse_output=False,
        random_state=None,
        verbose=0,
    ):
        self.n_words = n_words
        self.assignment = assignment
        self.n_nearest = n_nearest
        self.levels = levels
        self.use_idf = use_idf
        self.power = power
        self.norm = norm
        self.n_samples = n_samples
        self.max_iter = max_iter
        self.sparse_output = sparse_output
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn the vocabulary.

        Parameters
        ----------
        X : LazyRows, LocalDescriptors or list of arrays
            Local descriptors of each image, as `SIFT` and its like return them, or
            an array of shape (n_keypoints, descriptor_size) for each image.
        y : None
            Ignored.

        Returns
        -------
        self : BagOfVisualWords
            The fitted transformer.
        """
        super().fit(X)
        if self.use_idf:
            self._fit_idf(self._count(as_descriptor_rows(X)))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X, y=None):
        """Learn the vocabulary and count the words of the same images.

        Parameters
        ----------
        X : LazyRows, LocalDescriptors or list of arrays
            As for `fit`.
        y : None
            Ignored.

        Returns
        -------
        bags : ndarray or sparse array of shape (n_images, n_features), float32
            ``n_words`` features for each cell of the pyramid: first the whole image,
            then the cells of the next level row by row.
        """
        super().fit(X)
        counts = self._count(as_descriptor_rows(X))
        if self.use_idf:
            self._fit_idf(counts)
        return self._scale(counts)

    def _learn(self, sample, random):
        check_enough(sample, "n_words", self.n_words)
        self.words_ = learn_words(
            sample, self.n_words, max_iter=self.max_iter, random_state=random
        )
        if self.assignment == "soft":
            squared = WordFinder(self.words_).nearest(sample)[1]
            self.bandwidth_ = float(np.sqrt(squared.mean(dtype=np.float64)))

    def _fit_idf(self, counts):
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        # As in TfidfTransformer: one more image that has all words.
        self.idf_ = np.log((1 + counts.shape[0]) / (1 + frequency)) + 1

    def _pool(self, rows):
        if self.sparse_output:
            return self._scale(self._count(rows))
        return super()._pool(rows)

    def _pool_batch(self, batch):
        return self._scale(self._count_batch(batch))

    def _count(self, rows):
        """Sparse counts of all images, a batch of them in memory at a time."""
        parts = [self._count_batch(batch) for batch in self._batches(rows)]
        if not parts:
            return sparse.csr_array((0, self._n_features_out), dtype=np.float32)
        return sparse.vstack(parts, format="csr")

    def _count_batch(self, batch):
        batch.check_like(self.words_)
        finder = WordFinder(self.words_)
        if self.assignment == "hard":
            labels = finder.labels(batch.descriptors)[:, None]
            weights = np.ones(labels.shape, dtype=np.float32)
        else:
            labels, weights = self._soft_labels(batch.descriptors, finder)
        cells = np.stack(self._cells(batch), axis=1)
        images = batch.image_index()[:, None, None]
        columns = cells[:, :, None] * self.n_words + labels[:, None, :]
        images, weights, columns = np.broadcast_arrays(
            images, weights[:, None, :], columns
        )
        # Duplicate entries are summed, which is the counting.
        return sparse.coo_array(
            (weights.ravel(), (images.ravel(), columns.ravel())),
            shape=(len(batch), self._n_features_out),
        ).tocsr()

    def _soft_labels(self, descriptors, finder):
        labels, distances = finder.nearest(
            descriptors, min(self.n_nearest, self.n_words)
        )
        # Relative to the nearest, so that far descriptors do not vanish.
        distances = distances - distances[:, :1]
        width = max(self.bandwidth_, np.finfo(np.float32).tiny)
        weights = np.exp(-distances / (2 * width**2))
        return labels, weights / weights.sum(axis=1, keepdims=True)

    def _cells(self, batch):
        """For each level the number of the cell that each keypoint lies in."""
        cells = [np.zeros(len(batch.descriptors), dtype=np.intp)]
        first = 1
        for side in 2 ** np.arange(1, self.levels):
            x, y = np.minimum(batch.places() * side, side - 1).astype(np.intp).T
            cells.append(first + y * side + x)
            first += side * side
        return cells

    def _scale(self, counts):
        if self.use_idf:
            counts = counts.multiply(self.idf_[None, :].astype(np.float32)).tocsr()
        counts.data **= np.float32(self.power)
        if self.norm is not None:
            counts = normalize(counts, norm=self.norm, copy=False)
        return counts if self.sparse_output else counts.toarray()

    @property
    def _n_features_out(self):
        return self.n_words * sum(4**level for level in range(self.levels))
