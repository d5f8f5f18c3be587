"""SIFT: local gradients that survive rotation and scaling, by OpenCV.

`DenseSIFT` in `_dense_sift.py` describes a regular grid in place of keypoints.
"""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from itm_sklearn.image._encoders import AT_LEAST_ONE, LocalDescriptorEncoder
from itm_sklearn.image._keypoints import detect_and_describe

_SIZE = 128


class SIFT(LocalDescriptorEncoder):
    """Scale-invariant descriptors of the keypoints of each image.

    The gradients around each keypoint fill 4 x 4 histograms of 8 directions [1]_.
    `transform` returns lazy rows, so any number of images fits into memory; put
    `BagOfVisualWords`, `VLAD` or `FisherVector` behind it.

    Parameters
    ----------
    max_keypoints : int, default=500
        Only the strongest keypoints of an image are kept. None keeps all.
    min_size : int, default=192
        Images whose longest side is smaller are enlarged to it first, as hardly any
        keypoint fits into them. None leaves them as they are.
    max_size : int, default=640
        Images with a longer side are shrunk to this many pixels first, since the
        time grows with the area. None leaves them as they are.
    contrast_threshold : float, default=0.04
        Lower values find more keypoints in flat regions.
    root : bool, default=True
        Whether to take the square root of the descriptors scaled to a sum of 1
        (RootSIFT [2]_): their Euclidean distance is then the Hellinger distance.
        Otherwise they are as OpenCV makes them, with a length of about 512.
    batch_size : int, default=64
        Images described at once.
    n_jobs : int, default=None
        Threads. OpenCV lets them run at the same time.

    See Also
    --------
    DenseSIFT : The same descriptor on a regular grid, without detection.
    ORB : Binary descriptors, about ten times faster.

    References
    ----------
    .. [1] D. G. Lowe, "Distinctive image features from scale-invariant keypoints",
       International Journal of Computer Vision 60, 2004.
    .. [2] R. Arandjelovic and A. Zisserman, "Three things everyone should know to
       improve object retrieval", CVPR 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import SIFT
    >>> noise = np.random.default_rng(0).integers(0, 256, (2, 64, 64), dtype=np.uint8)
    >>> rows = SIFT(max_keypoints=10).fit_transform([noise[0], noise[1], noise[0] * 0])
    >>> rows
    LazyRows(3 rows, 64 a batch)
    >>> next(rows.batches())
    LocalDescriptors(20 keypoints of 128 float32 in 3 images)
    """

    _parameter_constraints: dict = {
        **LocalDescriptorEncoder._parameter_constraints,
        "max_keypoints": [AT_LEAST_ONE, None],
        "contrast_threshold": [Interval(Real, 0, None, closed="left")],
        "root": ["boolean"],
    }
    _n_features_out = _SIZE
    _dtype = np.float32

    def __init__(
        self,
        max_keypoints=500,
        *,
        min_size=192,
        max_size=640,
        contrast_threshold=0.04,
        root=True,
        batch_size=64,
        n_jobs=None,
    ):
        self.max_keypoints = max_keypoints
        self.min_size = min_size
        self.max_size = max_size
        self.contrast_threshold = contrast_threshold
        self.root = root
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def _describe(self, pixels):
        import cv2

        detector = cv2.SIFT_create(
            nfeatures=self.max_keypoints or 0, contrastThreshold=self.contrast_threshold
        )
        descriptors, positions = detect_and_describe(
            detector, pixels, self.max_keypoints, self._no_keypoints()
        )
        return root_sift(descriptors) if self.root else descriptors, positions


def root_sift(descriptors):
    """Square roots of the shares that each value has in its row.

    Examples
    --------
    >>> root_sift(np.array([[1.0, 3.0], [0.0, 0.0]])).round(3)
    array([[0.5  , 0.866],
           [0.   , 0.   ]])
    """
    sums = descriptors.sum(axis=1, keepdims=True)
    return np.sqrt(descriptors / np.where(sums > 0, sums, 1))
