"""ORB: fast binary descriptors, by OpenCV."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval

from itm_sklearn.image._encoders import AT_LEAST_ONE, LocalDescriptorEncoder
from itm_sklearn.image._keypoints import detect_and_describe

_BYTES = 32


class ORB(LocalDescriptorEncoder):
    """Binary descriptors of the corners of each image, for the Hamming distance.

    Each of the 256 bits tells which of two points near a corner is brighter [1]_.
    `BagOfVisualWords` sees that the descriptors are bytes and counts differing bits.

    Parameters
    ----------
    max_keypoints : int, default=500
        Only the strongest corners of an image are kept.
    min_size : int, default=192
        Images whose longest side is smaller are enlarged to it first, as hardly any
        keypoint fits into them. None leaves them as they are.
    max_size : int, default=640
        Images with a longer side are shrunk to this many pixels first. None leaves
        them as they are.
    edge_threshold : int, default=16
        No corners are looked for within so many pixels of the border. OpenCV's own
        31, the width of a patch, leaves out a third of a small photo.
    fast_threshold : int, default=10
        Least difference in brightness between a corner and the circle around it.
    batch_size : int, default=64
        Images described at once.
    n_jobs : int, default=None
        Threads. OpenCV lets them run at the same time.

    See Also
    --------
    SIFT : Slower and more distinctive.

    References
    ----------
    .. [1] E. Rublee et al., "ORB: an efficient alternative to SIFT or SURF", ICCV
       2011.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import ORB
    >>> noise = np.random.default_rng(0).integers(0, 256, (2, 99, 99), dtype=np.uint8)
    >>> next(ORB(max_keypoints=10).fit_transform(noise).batches())
    LocalDescriptors(20 keypoints of 32 uint8 in 2 images)
    """

    _parameter_constraints: dict = {
        **LocalDescriptorEncoder._parameter_constraints,
        "max_keypoints": [AT_LEAST_ONE],
        "edge_threshold": [Interval(Integral, 0, None, closed="left")],
        "fast_threshold": [AT_LEAST_ONE],
    }
    _n_features_out = _BYTES
    _dtype = np.uint8

    def __init__(
        self,
        max_keypoints=500,
        *,
        min_size=192,
        max_size=640,
        edge_threshold=16,
        fast_threshold=10,
        batch_size=64,
        n_jobs=None,
    ):
        self.max_keypoints = max_keypoints
        self.min_size = min_size
        self.max_size = max_size
        self.edge_threshold = edge_threshold
        self.fast_threshold = fast_threshold
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def _describe(self, pixels):
        import cv2

        # OpenCV fails where a level of the pyramid has no pixels left.
        if min(pixels.shape) < 2:
            return self._no_keypoints()
        detector = cv2.ORB_create(
            nfeatures=self.max_keypoints,
            edgeThreshold=self.edge_threshold,
            fastThreshold=self.fast_threshold,
        )
        return detect_and_describe(
            detector, pixels, self.max_keypoints, self._no_keypoints()
        )
