"""The text half of CLIP; the image half is `itm_sklearn.image.CLIPImageEncoder`."""

from os import PathLike

from itm_sklearn.text._network_encoder import NetworkTextEncoder


class CLIPTextEncoder(NetworkTextEncoder):
    """Vectors of texts in one space with those of their images.

    `itm_sklearn.image.CLIPImageEncoder` with the same `model` gives the vectors of
    images. All have the length 1, so that products are the cosines that the network
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
        Texts at once; "auto" fills each batch with as many tokens as suit the
        device. Batches are halved when memory runs out.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Numbers to calculate in; "auto" is bfloat16 where the hardware has it and the
        vectors stay the same.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    TransformerTextEncoder : Vectors of networks that were trained without images.

    Notes
    -----
    Weights are loaded on first use and are not in the pickle.

    Examples
    --------
    >>> from itm_sklearn.text import CLIPTextEncoder
    >>> CLIPTextEncoder("my_siglip").fit()
    CLIPTextEncoder(model='my_siglip')
    """

    _parameter_constraints: dict = {
        **NetworkTextEncoder._parameter_constraints,
        "model": [str, PathLike],
    }

    def __init__(
        self,
        model="openai/clip-vit-base-patch32",
        *,
        device=None,
        batch_size="auto",
        precision="auto",
        verbose=0,
    ):
        self.model = model
        self.device = device
        self.batch_size = batch_size
        self.precision = precision
        self.verbose = verbose

    def _weights(self):
        from itm_sklearn._torch._clip import find_clip

        return find_clip(self.model, caller="CLIPTextEncoder")

    def _build(self):
        from itm_sklearn._torch._clip import load_clip_texts

        return load_clip_texts, str(self._weights()), self._digest()
