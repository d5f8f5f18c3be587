"""VLAD: how the descriptors of an image differ from a few words, on average."""

from numbers import Real

import numpy as np
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils._param_validation import Interval

from itm_sklearn.image._encoders import AT_LEAST_ONE
from itm_sklearn.image._pooling import DescriptorPooling, check_enough, signed_power
from itm_sklearn.image._words import WordFinder, as_points, learn_words


class VLAD(DescriptorPooling):
    """Vectors of locally aggregated descriptors.

    For each word, the differences between the word and the descriptors nearest to
    it are summed up [1]_. Few words suffice, where `BagOfVisualWords`, which only
    counts, needs thousands. Descriptors of bytes are taken as bits.

    Parameters
    ----------
    n_words : int, default=64
        Size of the vocabulary; each word makes as many features as a descriptor has.
    intra_norm : bool, default=True
        Whether each word's sum is scaled to length 1, so that a repeated pattern
        does not drown the others [2]_.
    power : float, default=0.5
        Values are raised to this power under their sign, before they are scaled. 1
        changes nothing.
    n_samples : int, default=100_000
        Descriptors that the vocabulary is learned from, at most.
    max_iter : int, default=10
        Rounds of k-means at most.
    random_state : int, RandomState or None, default=None
        For the sample and the beginning of k-means.
    verbose : int, default=0
        Whether to show progress bars.

    Attributes
    ----------
    words_ : ndarray of shape (n_words, descriptor_size)
        The vocabulary, of the dtype of the descriptors.

    See Also
    --------
    FisherVector : Soft assignment, and variances beside means.

    References
    ----------
    .. [1] H. Jégou et al., "Aggregating local descriptors into a compact image
       representation", CVPR 2010.
    .. [2] R. Arandjelovic and A. Zisserman, "All about VLAD", CVPR 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import VLAD
    >>> images = [np.array([[0.0], [2.0], [9.0]]), np.array([[1.0], [11.0]])]
    >>> vlad = VLAD(2, intra_norm=False, power=1, random_state=0).fit(images)
    >>> np.sort(vlad.words_, axis=0)
    array([[ 1.],
           [10.]])
    >>> np.sort(vlad.transform([np.array([[0.0], [0.0], [10.0]])]))
    array([[-1.,  0.]], dtype=float32)
    """

    _parameter_constraints: dict = {
        **DescriptorPooling._parameter_constraints,
        "n_words": [AT_LEAST_ONE],
        "intra_norm": ["boolean"],
        "power": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        n_words=64,
        *,
        intra_norm=True,
        power=0.5,
        n_samples=100_000,
        max_iter=10,
        random_state=None,
        verbose=0,
    ):
        self.n_words = n_words
        self.intra_norm = intra_norm
        self.power = power
        self.n_samples = n_samples
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose

    def _learn(self, sample, random):
        check_enough(sample, "n_words", self.n_words)
        self.words_ = learn_words(
            sample, self.n_words, max_iter=self.max_iter, random_state=random
        )

    def _pool_batch(self, batch):
        batch.check_like(self.words_)
        labels = WordFinder(self.words_).labels(batch.descriptors)
        slots = batch.image_index() * self.n_words + labels
        ones = np.ones(len(slots), dtype=np.float32)
        n_slots = len(batch) * self.n_words
        members = sparse.csr_array(
            (ones, (slots, np.arange(len(slots)))), shape=(n_slots, len(slots))
        )
        words = as_points(self.words_)
        points = as_points(batch.descriptors).reshape(-1, words.shape[1])
        differences = points - words[labels]
        sums = signed_power(members @ differences, self.power)
        if self.intra_norm:
            sums = normalize(sums, copy=False)
        return normalize(sums.reshape(len(batch), -1), copy=False)

    @property
    def _n_features_out(self):
        return as_points(self.words_).size
