"""Keypoints of OpenCV as arrays; `SIFT` and `ORB` detect with it.

OpenCV's detectors can't be pickled, so they are made when they are needed.
"""

import numpy as np


def detect_and_describe(detector, pixels, max_keypoints, empty):
    """Descriptors and positions of the strongest keypoints of a gray image.

    `empty` is what an image without keypoints gets.
    """
    keypoints, descriptors = detector.detectAndCompute(pixels, None)
    if not keypoints:
        return empty
    # OpenCV keeps all keypoints that tie with the weakest one that it keeps.
    if max_keypoints is not None and len(keypoints) > max_keypoints:
        strength = np.array([point.response for point in keypoints])
        kept = np.sort(np.argsort(-strength, kind="stable")[:max_keypoints])
        keypoints = [keypoints[row] for row in kept]
        descriptors = descriptors[kept]
    return descriptors, _positions(keypoints, pixels.shape)


def _positions(keypoints, shape):
    values = [(*point.pt, point.size, point.angle) for point in keypoints]
    return relative_positions(np.array(values, dtype=np.float32), shape)


def relative_positions(positions, shape):
    """Pixels to shares of the image: x of its width, y of its height.

    Examples
    --------
    >>> relative_positions(np.array([[5.0, 2.0, 8.0, 90.0]]), shape=(10, 20))
    array([[ 0.25,  0.2 ,  0.4 , 90.  ]])
    """
    height, width = shape
    return positions / np.array([width, height, max(shape), 1], dtype=positions.dtype)
