"""Why a model finds that a picture and a text belong together."""

from numbers import Integral

from sklearn.utils import check_random_state, check_scalar

from itm_sklearn.inspection._explain import METHODS
from itm_sklearn.inspection._match_explanation import MatchExplanation
from itm_sklearn.inspection._match_game import MatchGame

__all__ = ["explain_game", "explain_match"]

_FEWEST_SAMPLES = 8


def explain_match(
    model,
    image,
    text,
    *,
    method="shap",
    segments="grid:4",
    image_fill="median",
    text_fill="drop",
    n_samples=400,
    random_state=None,
):
    """How much each segment of a picture and each word of a text did for their score.

    Parts of both views are hidden together, many times over, and the model is asked
    for all these pairs in large batches. It may be anything that scores pairs.

    Parameters
    ----------
    model : estimator or callable
        A fitted matcher, aligner, retriever or classifier of pairs, or a Pipeline or
        search over one, that takes pictures and texts; or a function from
        ImageTextPairs to one score a row. What has ``decision_function`` is
        explained by that, aligners by their cosine.
    image : path, bytes, PIL image or array
        The picture. It is seen in its own size: shrink a large one first.
    text : str
        The text; its words are what blanks separate.
    method : {"occlusion", "lime", "shap", "interactions", "gradient"}, default="shap"
        "occlusion": what the score loses if one part alone is hidden. "lime": a linear
        model of the score near the whole pair [1]_. "shap": Shapley values, whose sum
        is the score [2]_. "interactions": Shapley values and what each two parts do
        together [3]_, so which word is about which segment. "gradient": integrated
        gradients, where the model ends in a `TowerAligner`, `NeuralMatcher` or
        `CrossAttentionMatcher`, with a `SimilarityMatcher` behind it or not.
    segments : str or array-like of int of shape (height, width), default="grid:4"
        "grid:4" cuts the picture into 4 x 4 rectangles; "slic:30" into about 30
        pieces of one colour each, by scikit-image. Or the number of the segment of
        each pixel.
    image_fill : {"median", "blur", "mean"} or colour, default="median"
        What is seen in the place of a hidden segment: the median colour of the
        picture, the picture out of focus, or the mean colour of the segment. Or a
        colour such as ``(128, 128, 128)``.
    text_fill : {"drop", "mask"}, default="drop"
        Whether a hidden word is left out, or ``[MASK]`` stands in its place.
    n_samples : int, default=400
        How many pairs the model is asked for, about. With enough of them for all
        coalitions the results are exact; "occlusion" and "gradient" take one for each
        part.
    random_state : int, RandomState instance or None, default=None
        Draws what is hidden. Pass an int for the same explanation in every call.

    Returns
    -------
    explanation : MatchExplanation
        Scores of segments and words, in the unit of the model's score.

    Raises
    ------
    TypeError
        If the model can't score pairs, or has no network to differentiate.
    ValueError
        If the text has no words, a setting is unknown, or the model's scores depend
        on the other pairs that are scored with them.

    See Also
    --------
    faithfulness : Whether an explanation tells what the model looks at.

    Notes
    -----
    Players are all segments and all words alike, as in [2]_ and [4]_. Shapley values
    come from the Shapley kernel, with each coalition beside its complement and their
    sum held exactly. None of it calls another package: ``shap`` can't hide parts of a
    picture and of a text together, ``lime`` hides one view only.

    References
    ----------
    .. [1] M. Ribeiro, S. Singh, C. Guestrin, "Why should I trust you? Explaining the
       predictions of any classifier", KDD 2016.
    .. [2] S. Lundberg, S.-I. Lee, "A unified approach to interpreting model
       predictions", NeurIPS 2017.
    .. [3] C.-P. Tsai, C.-K. Yeh, P. Ravikumar, "Faith-Shap: the faithful Shapley
       interaction index", JMLR 24, 2023.
    .. [4] L. Parcalabescu, A. Frank, "MM-SHAP: a performance-agnostic metric for
       measuring multimodal contributions", ACL 2023.

    Examples
    --------
    A model that looks for something bright where the text says "light":

    >>> import numpy as np
    >>> from itm_sklearn.inspection import explain_match
    >>> def find_light(pairs):
    ...     bright = np.array([image.max() for image in pairs.images]) / 255
    ...     said = np.array(["light" in text for text in pairs.texts])
    ...     return said * bright[pairs.image_index]
    >>> picture = np.zeros((4, 4, 3), np.uint8)
    >>> picture[:2, :2] = 255
    >>> explanation = explain_match(find_light, picture, "a light", segments="grid:2")
    >>> explanation.segment_scores.round(3) + 0
    array([0.5, 0. , 0. , 0. ])
    >>> explanation.word_scores.round(3) + 0
    array([0. , 0.5])
    """
    game = MatchGame(
        model,
        image,
        text,
        segments=segments,
        image_fill=image_fill,
        text_fill=text_fill,
    )
    return explain_game(
        game, method=method, n_samples=n_samples, random_state=random_state
    )


def explain_game(game, *, method, n_samples, random_state):
    """The explanation of a match that has been made a game."""
    check_scalar(n_samples, "n_samples", Integral, min_val=_FEWEST_SAMPLES)
    if method not in METHODS:
        raise ValueError(
            f"method={method!r} is unknown. Choose one of {', '.join(METHODS)}."
        )
    share = METHODS[method]
    scores, together = share(game, n_samples, check_random_state(random_state))
    base, score = game.ends()
    n_segments = game.n_segments
    return MatchExplanation(
        image=game.pixels,
        text=game.text,
        words=game.words,
        segments=game.labels,
        segment_scores=scores[:n_segments],
        word_scores=scores[n_segments:],
        base_score=float(base),
        score=float(score),
        method=method,
        interactions=None if together is None else together[n_segments:, :n_segments],
        image_fill=game.image_fill,
        text_fill=game.text_fill,
        n_evaluations=game.n_evaluations,
    )
