"""The image half of CLIP; the text half is `itm_sklearn.text.CLIPTextEncoder`."""

from os import PathLike

from itm_sklearn.image._network_encoder import NetworkImageEncoder


class CLIPImageEncoder(NetworkImageEncoder):
    """Vectors of images in one space with those of their texts.

    `itm_sklearn.text.CLIPTextEncoder` with the same `model` gives the vectors of
    texts. All have the length 1, so that products are the cosines that the network
    was trained for.

    Parameters
    ----------
    model : str or path, default="openai/clip-vit-base-patch32"
        A directory, or a name on the Hugging Face hub, of a checkpoint of CLIP or
        SigLIP for transformers, sentence-transformers or open_clip.
    device : str, default=None
        "cpu", "cuda"... None takes the fastest that is present; the logger
        "itm_sklearn" says which.
    batch_size : int, default="auto"
        Images at once; "auto" is 32 on a CPU and 256 elsewhere. Batches are halved
        when memory runs out.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Numbers to calculate in; "auto" is bfloat16 where the hardware has it and the
        vectors stay the same.
    n_jobs : int, default=None
        Threads that open images. None takes one for each core.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    CNNEncoder : Features of networks that were trained without texts.

    Notes
    -----
    Weights are loaded on first use and are not in the pickle.

    Examples
    --------
    >>> from itm_sklearn.compose import DualEncoder
    >>> from itm_sklearn.image import CLIPImageEncoder
    >>> from itm_sklearn.text import CLIPTextEncoder
    >>> zero_shot = DualEncoder(image=CLIPImageEncoder(), text=CLIPTextEncoder())
    >>> zero_shot.image.model
    'openai/clip-vit-base-patch32'
    """

    _parameter_constraints: dict = {
        **NetworkImageEncoder._parameter_constraints,
        "model": [str, PathLike],
    }

    def __init__(
        self,
        model="openai/clip-vit-base-patch32",
        *,
        device=None,
        batch_size="auto",
        precision="auto",
        n_jobs=None,
        verbose=0,
    ):
        self.model = model
        self.device = device
        self.batch_size = batch_size
        self.precision = precision
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _weights(self):
        from itm_sklearn._torch._clip import find_clip

        return find_clip(self.model, caller="CLIPImageEncoder")

    def _build(self):
        from itm_sklearn._torch._clip import load_clip_images

        return load_clip_images, str(self._weights()), self._digest()
