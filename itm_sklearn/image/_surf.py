"""SURF: local responses of box filters, by mahotas (an optional package).

The wheels of OpenCV leave SURF out.
"""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from itm_sklearn._optional import require
from itm_sklearn.image._encoders import AT_LEAST_ONE, LocalDescriptorEncoder
from itm_sklearn.image._keypoints import relative_positions

_SIZE = 64
# A point at scale s was found by a box filter of 9 s / 1.2 pixels.
_PIXELS_PER_SCALE = 9 / 1.2


class SURF(LocalDescriptorEncoder):
    """Speeded-up robust features of the blobs of each image.

    Sums of box-filter responses in 4 x 4 cells around each blob [1]_. Needs
    mahotas: ``pip install itm-sklearn[surf]``.

    Parameters
    ----------
    max_keypoints : int, default=500
        Only the strongest blobs of an image are kept.
    min_size : int, default=192
        Images whose longest side is smaller are enlarged to it first, as hardly any
        keypoint fits into them. None leaves them as they are.
    max_size : int, default=640
        Images with a longer side are shrunk to this many pixels first. None leaves
        them as they are.
    threshold : float, default=0.1
        Least strength of a blob.
    batch_size : int, default=64
        Images described at once.
    n_jobs : int, default=None
        Threads. mahotas lets them run at the same time.

    See Also
    --------
    SIFT : Needs no further package.

    References
    ----------
    .. [1] H. Bay et al., "SURF: speeded up robust features", Computer Vision and
       Image Understanding 110, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import SURF
    >>> noise = np.random.default_rng(0).integers(0, 256, (2, 64, 64), dtype=np.uint8)
    >>> next(SURF(max_keypoints=10).fit_transform([noise[0], noise[0] * 0]).batches())
    LocalDescriptors(10 keypoints of 64 float32 in 2 images)
    """

    _parameter_constraints: dict = {
        **LocalDescriptorEncoder._parameter_constraints,
        "max_keypoints": [AT_LEAST_ONE],
        "threshold": [Interval(Real, 0, None, closed="left")],
    }
    _n_features_out = _SIZE
    _dtype = np.float32

    def __init__(
        self,
        max_keypoints=500,
        *,
        min_size=192,
        max_size=640,
        threshold=0.1,
        batch_size=64,
        n_jobs=None,
    ):
        self.max_keypoints = max_keypoints
        self.min_size = min_size
        self.max_size = max_size
        self.threshold = threshold
        self.batch_size = batch_size
        self.n_jobs = n_jobs

    def _describe(self, pixels):
        surf = require("mahotas.features.surf", extra="surf", caller="SURF")
        points = surf.surf(
            pixels, max_points=self.max_keypoints, threshold=self.threshold
        ).astype(np.float32)
        y, x, scale, _, _, radians = points[:, :6].T
        angle = np.rad2deg(radians) % 360
        positions = np.stack([x, y, scale * _PIXELS_PER_SCALE, angle], axis=1)
        return points[:, 6:], relative_positions(positions, pixels.shape)
