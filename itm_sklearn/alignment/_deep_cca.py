"""Deep canonical correlation analysis: the networks whose outputs correlate most.

`CCA` in `_cca.py` is the same with linear maps; `ContrastiveAligner` in
`_contrastive.py` trains such networks to tell matches from mismatches.
"""

from numbers import Real

from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval

from itm_sklearn.alignment._cca import CCA
from itm_sklearn.alignment._network import NetworkAligner

__all__ = ["DeepCCA"]

_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class DeepCCA(NetworkAligner):
    """Networks for both views, trained so that their outputs correlate.

    The networks maximise the sum of the canonical correlations within each batch
    [1]_; a linear CCA of their outputs over all pairs follows. Batches must be
    several times larger than `n_components`, or correlations within them mean
    little [2]_.

    Parameters
    ----------
    n_components : int, default=10
        Dimensions of the shared space.
    hidden_layer_sizes : tuple of int, default=(1024,)
        Widths of the hidden layers of each network.
    ridge : float, default=0.1
        Regularisation of the outputs, relative to their mean variance, in the
        batches and in the CCA that follows.
    power : float, default=1.0
        The projections are multiplied by the correlations to this power.
    dropout : float, default=0.1
        Share of the hidden units that is left out in training.
    input_dropout : float, default=0.0
        Share of the features that is left out in training.
    scale : bool, default=False
        Whether to divide each feature by its own deviation. Otherwise all features
        of a view are divided by one number, which leaves the noise in features
        that hardly vary as small as it is.
    max_iter : int, default=20
        Passes over the pairs.
    batch_size : int, default=1024
        Pairs in a step, of as many different images as possible. Small data are
        cut into smaller batches, so that a pass has about ten.
    learning_rate : float or "auto", default="auto"
        Highest step size. It rises first, then falls to zero as a cosine. "auto" is
        0.03 over the root of the width of the narrower view, at most 0.01.
    weight_decay : float, default=0.01
        Strength of the pull of all weights towards zero.
    early_stopping : bool, default=False
        Whether to hold out images and to keep the weights whose outputs correlate
        most on them.
    validation_fraction : float, default=0.1
        Share of the images to hold out for early stopping.
    n_iter_no_change : int, default=5
        Passes without improvement after which early stopping stops.
    device : str, default=None
        Where to train: "cpu", "cuda", "mps". None takes the fastest there is. The
        fitted aligner works without.
    random_state : int, RandomState instance or None, default=None
        Draws weights, batches and what is left out. Pass an int for the same model
        in every fit.
    verbose : int, default=0
        With 1, a progress bar over the passes.

    Attributes
    ----------
    image_layers_, text_layers_ : list of (ndarray, ndarray)
        Weights and biases of each layer.
    image_mean_, image_scale_, text_mean_, text_scale_ : ndarray
        What is subtracted from the features first, and what they are divided by.
    cca_ : CCA
        Fitted on the outputs of both networks.
    correlations_ : ndarray of shape (n_components,)
        Its correlations, in descending order.
    loss_curve_ : list of float
        Mean loss of each pass: minus the sum of the correlations in a batch.
    n_iter_ : int
        The pass whose weights were kept.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : The same with linear maps, in closed form.

    References
    ----------
    .. [1] G. Andrew, R. Arora, J. Bilmes, K. Livescu, "Deep canonical correlation
       analysis", ICML 2013, section 3.
    .. [2] W. Wang, R. Arora, K. Livescu, J. Bilmes, "Unsupervised learning of
       acoustic features via deep canonical correlation analysis", ICASSP 2015,
       section 3.

    Examples
    --------
    The images show the size of what the texts say, and not the sign:

    >>> import numpy as np
    >>> from itm_sklearn.alignment import CCA, DeepCCA
    >>> rng = np.random.default_rng(0)
    >>> texts = rng.normal(size=(400, 2))
    >>> images = np.abs(texts) + 0.1 * rng.normal(size=(400, 2))
    >>> bool(CCA(ridge=0).fit(images, texts).correlations_[0] < 0.3)
    True
    >>> deep = DeepCCA(2, hidden_layer_sizes=(64,), random_state=0).fit(images, texts)
    >>> bool(deep.correlations_[0] > 0.7)
    True
    """

    _parameter_constraints: dict = {
        **NetworkAligner._parameter_constraints,
        "ridge": [_NOT_NEGATIVE],
        "power": [_NOT_NEGATIVE],
    }

    def __init__(
        self,
        n_components=10,
        *,
        hidden_layer_sizes=(1024,),
        ridge=0.1,
        power=1.0,
        dropout=0.1,
        input_dropout=0.0,
        scale=False,
        max_iter=20,
        batch_size=1024,
        learning_rate="auto",
        weight_decay=0.01,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        device=None,
        random_state=None,
        verbose=0,
    ):
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.ridge = ridge
        self.power = power
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.scale = scale
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Train both networks, then solve for the CCA of their outputs.

        Parameters
        ----------
        X : ImageTextPairs or {array-like, sparse matrix}
            Pairs of feature vectors with both views, or image features of shape
            (n_pairs, n_image_features).
        y : {array-like, sparse matrix} of shape (n_pairs, n_text_features)
            Text features, if X are image features. With pairs, labels of which
            those that are 0 mark rows to leave out, or None.

        Returns
        -------
        self : DeepCCA
            The fitted aligner.
        """
        pairs = self._sort(X, y, reset=True)
        self._learn_scales(pairs)
        self._draw_layers()
        self._train(pairs)
        images, texts = self._views(pairs)
        self.cca_ = CCA(ridge=self.ridge, power=self.power, scale=False)
        self.cca_.fit(
            images.pass_through(self.image_layers_)[pairs.image_index],
            texts.pass_through(self.text_layers_),
        )
        return self

    def _train(self, pairs):
        import torch

        from itm_sklearn._torch._losses import canonical_correlation
        from itm_sklearn._torch._train import train

        heads = self._load_heads()
        images, texts = self._views(pairs)

        def batch_loss(rows):
            features = images.rows(pairs.image_index[rows]), texts.rows(rows)
            features = [
                torch.as_tensor(part, dtype=torch.float32, device=heads.device)
                for part in features
            ]
            outputs = heads.image(features[0]), heads.text(features[1])
            # Without a ridge a direction that a batch lacks could not be inverted.
            return canonical_correlation(*outputs, max(self.ridge, 1e-6))

        recipe = self._recipe(len(pairs))
        record = train(
            heads,
            pairs.image_index,
            batch_loss,
            recipe,
            seed=self._seed,
            n_threads=self._n_threads(recipe.batch_size),
            verbose=self.verbose,
        )
        self._keep_heads(heads)
        self.loss_curve_, self.n_iter_ = record.losses, record.best_iter

    @property
    def correlations_(self):
        """Correlations of the outputs over all pairs, in descending order."""
        return self.cca_.correlations_

    def _finish(self, output, view):
        return getattr(self.cca_, f"transform_{view}")(output)
