"""Semantic matching: both views as probabilities of the same categories.

The other aligners learn from pairs alone; this one is told what the pairs are about.
Behind `CCA` it makes the semantic correlation matching of the same paper.
"""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    _fit_context,
    clone,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from itm_sklearn._folds import image_folds
from itm_sklearn.base import PairTransformerMixin
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["SemanticAligner"]


class SemanticAligner(
    ClassNamePrefixFeaturesOutMixin, PairTransformerMixin, BaseEstimator
):
    """How likely each category is, by a classifier of images and one of texts.

    Pairs of one category come close, however little their images and texts have to
    do with each other otherwise [1]_. Unlike other aligners it takes pairs only:
    `y` are their categories, so that plain arrays would leave no place for the texts.

    Parameters
    ----------
    image : classifier, default=None
        What tells the category from image features: any classifier with
        ``predict_proba``. None means ``LogisticRegression(max_iter=1000)``.
    text : classifier, default=None
        The same for text features.
    coordinates : {"centred", "posterior", "log"}, default="centred"
        What the vectors hold for each category. "posterior" is its probability, as
        in [1]_. Those are never negative, so that all cosines are high; "centred"
        subtracts the mean probabilities of the training pairs, and cosines then
        compare what sets a pair apart. "log" is the logarithm of the probability
        less its mean over the categories [2]_, which tells the improbable apart.
    cv : int or splitter, default=None
        Classifiers are surer of pairs that they were fitted on than of others, and a
        step that is fitted behind them relies on that. With a number of folds, or a
        splitter, which gets the images as groups, `fit_transform` takes each training
        pair from classifiers that have not seen it [3]_, so that it differs from
        `fit` and `transform`. None leaves them the same.

    Attributes
    ----------
    categories_ : ndarray of shape (n_categories,)
        The categories, in the order of the dimensions.
    image_classifier_, text_classifier_ : classifier
        The fitted classifiers.
    image_mean_, text_mean_ : ndarray of shape (n_categories,)
        Mean probabilities over the training pairs.
    n_features_in_ : int
        Number of image features.
    n_text_features_in_ : int
        Number of text features.

    See Also
    --------
    CCA : Learns from pairs without categories; ``make_pipeline(CCA(9),
        SemanticAligner())`` joins both ideas.

    References
    ----------
    .. [1] N. Rasiwasia et al., "A new approach to cross-modal multimedia retrieval",
       ACM MM 2010, section 4.2.
    .. [2] J. Aitchison, "The statistical analysis of compositional data", Journal of
       the Royal Statistical Society B 44(2), 1982, equation 2.3.
    .. [3] D. H. Wolpert, "Stacked generalization", Neural Networks 5(2), 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.alignment import SemanticAligner
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(
    ...     images=np.array([[0.0], [1.0], [5.0], [6.0]]),
    ...     texts=np.array([[3.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.0, 3.0]]),
    ... )
    >>> aligner = SemanticAligner(coordinates="posterior")
    >>> aligner.fit(pairs, ["art", "art", "sport", "sport"]).categories_
    array(['art', 'sport'], dtype='<U5')
    >>> aligner.transform(pairs).texts.round(1)
    array([[0.9, 0.1],
           [0.8, 0.2],
           [0.2, 0.8],
           [0.1, 0.9]])
    """

    _parameter_constraints: dict = {
        "image": [HasMethods(["fit", "predict_proba"]), None],
        "text": [HasMethods(["fit", "predict_proba"]), None],
        "coordinates": [StrOptions({"centred", "posterior", "log"})],
        "cv": ["cv_object"],
    }

    def __init__(self, image=None, text=None, *, coordinates="centred", cv=None):
        self.image = image
        self.text = text
        self.coordinates = coordinates
        self.cv = cv

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit a classifier on each view.

        Parameters
        ----------
        X : ImageTextPairs
            Pairs of feature vectors with both views.
        y : array-like of shape (n_pairs,)
            The category of each pair; 0 and 1 are categories like any other.

        Returns
        -------
        self : SemanticAligner
            The fitted aligner.
        """
        pairs, y = self._check_pairs(X, y)
        images = pairs.images[pairs.image_index]
        self.image_classifier_ = _fresh(self.image).fit(images, y)
        self.text_classifier_ = _fresh(self.text).fit(pairs.texts, y)
        self.categories_ = self.text_classifier_.classes_
        self.image_mean_ = self.image_classifier_.predict_proba(images).mean(axis=0)
        self.text_mean_ = self.text_classifier_.predict_proba(pairs.texts).mean(axis=0)
        return self

    def fit_transform(self, X, y=None):
        """Fit, then say what the views of the training pairs tell.

        Parameters
        ----------
        X : ImageTextPairs
            As for `fit`.
        y : array-like of shape (n_pairs,)
            As for `fit`.

        Returns
        -------
        aligned : ImageTextPairs
            As from ``transform(X)``, but with `cv` by classifiers of other folds.
        """
        self.fit(X, y)
        if self.cv is None:
            return self.transform(X)
        return self._cross_fit(*self._check_pairs(X, y))

    def transform_image(self, X):
        """What images tell about each category.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_images, n_image_features)
            Image features.

        Returns
        -------
        coordinates : ndarray of shape (n_images, n_categories)
            In the precision of X.
        """
        images = self._check_image(X, accept_sparse="csr")
        return self._locate(images, self.image_classifier_, self.image_mean_)

    def transform_text(self, y):
        """What texts tell about each category.

        Parameters
        ----------
        y : {array-like, sparse matrix} of shape (n_texts, n_text_features)
            Text features.

        Returns
        -------
        coordinates : ndarray of shape (n_texts, n_categories)
            In the precision of y.
        """
        texts = self._check_text(y, accept_sparse="csr")
        return self._locate(texts, self.text_classifier_, self.text_mean_)

    def _check_pairs(self, X, y):
        if not isinstance(X, ImageTextPairs):
            raise TypeError(
                f"SemanticAligner got {type(X).__name__}, but takes ImageTextPairs: y "
                "are the categories here. Pass ImageTextPairs(images, texts)."
            )
        pairs = self._check_fit(X, None, accept_sparse="csr")
        if y is None:
            raise ValueError(
                "SemanticAligner requires y to be passed, but the target y is None. "
                "Pass the category of each pair, or use CCA, which needs none."
            )
        check_consistent_length(pairs, y)
        y = column_or_1d(y)
        check_classification_targets(y)
        return pairs, y

    def _cross_fit(self, pairs, y):
        """The training pairs as classifiers of the other folds see them."""
        aligned = self.transform(pairs)
        rows = pairs.image_index
        images = pairs.images[rows]
        folds = image_folds(self.cv, pairs, y, stratified=True)
        seen = [
            cross_val_predict(classifier, view, y, cv=folds, method="predict_proba")
            for classifier, view in (
                (self.image_classifier_, images),
                (self.text_classifier_, pairs.texts),
            )
        ]
        aligned.images[rows] = self._place(seen[0], self.image_mean_)
        aligned.texts[:] = self._place(seen[1], self.text_mean_)
        return aligned

    def _locate(self, features, classifier, mean):
        located = self._place(classifier.predict_proba(features), mean)
        return located.astype(features.dtype, copy=False)

    def _place(self, posterior, mean):
        """Coordinates of probabilities."""
        if self.coordinates == "centred":
            return posterior - mean
        if self.coordinates == "log":
            logarithm = np.log(np.maximum(posterior, np.finfo(posterior.dtype).tiny))
            return logarithm - logarithm.mean(axis=1, keepdims=True)
        return posterior

    @property
    def _n_features_out(self):
        return len(self.categories_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _fresh(classifier):
    return (
        LogisticRegression(max_iter=1000) if classifier is None else clone(classifier)
    )
