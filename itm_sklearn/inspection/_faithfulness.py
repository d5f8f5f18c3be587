"""Whether an explanation is right: by the model itself, by masks, by wrong words."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import check_consistent_length

from itm_sklearn.inspection._match_game import MatchGame

__all__ = ["Faithfulness", "faithfulness", "foil_accuracy", "localisation_auc"]


@dataclass(frozen=True)
class Faithfulness:
    """Areas under the score as parts are hidden or shown in the order of their scores.

    All areas are shares of the way from the score of nothing to that of the whole
    pair, between 0 and 1. Of a good explanation those of deletion are small and those
    of insertion large.

    Parameters
    ----------
    deletion, insertion : float
        Segments and words in one order.
    image_deletion, image_insertion : float
        Segments alone; the text is seen whole.
    text_deletion, text_insertion : float
        Words alone; the picture is seen whole.

    Examples
    --------
    >>> Faithfulness(0.1, 0.75, 0.2, 0.8, 0.3, 0.6).gain
    0.65
    """

    deletion: float
    insertion: float
    image_deletion: float
    image_insertion: float
    text_deletion: float
    text_insertion: float

    @property
    def gain(self):
        """Insertion minus deletion of both views: 0 of an order drawn by lot."""
        return self.insertion - self.deletion

    @property
    def image_gain(self):
        """The same of the segments."""
        return self.image_insertion - self.image_deletion

    @property
    def text_gain(self):
        """The same of the words."""
        return self.text_insertion - self.text_deletion


def faithfulness(model, explanation):
    """Hide what an explanation finds important first, and see the score fall.

    Parameters
    ----------
    model : estimator or callable
        The model that was explained.
    explanation : MatchExplanation
        As from `explain_match`. What is hidden is covered as it was there.

    Returns
    -------
    areas : Faithfulness
        Deletion hides part after part, the highest score first; insertion shows them
        in that order [1]_.

    Raises
    ------
    ValueError
        If the whole pair scores no higher than nothing, so that nothing can fall.

    References
    ----------
    .. [1] V. Petsiuk, A. Das, K. Saenko, "RISE: randomized input sampling for
       explanation of black-box models", BMVC 2018, section 4.2.

    Examples
    --------
    >>> from itm_sklearn.inspection import explain_match, faithfulness
    >>> def find_dog(pairs):
    ...     return [float("dog" in text) for text in pairs.texts]
    >>> found = explain_match(find_dog, np.zeros((4, 4, 3)), "a dog", segments="grid:1")
    >>> areas = faithfulness(find_dog, found)
    >>> round(areas.text_deletion, 2), round(areas.text_insertion, 2)
    (0.25, 0.75)
    """
    game = MatchGame(
        model,
        explanation.image,
        explanation.text,
        segments=explanation.segments,
        image_fill=explanation.image_fill,
        text_fill=explanation.text_fill,
    )
    base, score = game.ends()
    if not score > base:
        raise ValueError(
            f"The pair scores {score:.4g} and {base:.4g} with all hidden: there is no "
            "match to take away. Ask for pairs that the model finds to match."
        )
    is_word = np.arange(game.n_players) >= game.n_segments
    scores = np.concatenate([explanation.segment_scores, explanation.word_scores])
    paths = [
        path
        for moved in (np.full(game.n_players, True), ~is_word, is_word)
        for path in _paths(scores, moved)
    ]
    values = np.clip((game.value(np.concatenate(paths)) - base) / (score - base), 0, 1)
    ends = np.cumsum([len(path) for path in paths])[:-1]
    areas = [float(np.trapezoid(v) / (len(v) - 1)) for v in np.split(values, ends)]
    return Faithfulness(*areas)


def _paths(scores, moved):
    """Coalitions as the moved players go, the highest first, and as they come."""
    order = np.argsort(-scores[moved], kind="stable")
    n_moved = len(order)
    ranks = np.empty(n_moved, dtype=int)
    ranks[order] = np.arange(n_moved)
    gone = np.arange(n_moved + 1)[:, None] > ranks
    paths = np.ones((2, n_moved + 1, len(scores)), dtype=bool)
    paths[0][:, moved], paths[1][:, moved] = ~gone, gone
    return paths


def localisation_auc(explanation, mask):
    """How well the map of an explanation tells an object's pixels from the others.

    Parameters
    ----------
    explanation : MatchExplanation
        As from `explain_match`.
    mask : array-like of bool of shape (height, width)
        True on the object that the text is about.

    Returns
    -------
    auc : float
        The chance that a pixel of the object scores higher than another one: 1 for a
        map that is right, about 0.5 for one that knows nothing.

    Raises
    ------
    ValueError
        If the mask does not fit the picture, or is the same everywhere.

    Examples
    --------
    >>> from itm_sklearn.inspection import explain_match, localisation_auc
    >>> picture = np.zeros((4, 4, 3), np.uint8)
    >>> picture[:2, :2] = 255
    >>> def brightness(pairs):
    ...     return [pairs.images[row].mean() for row in pairs.image_index]
    >>> found = explain_match(brightness, picture, "light", segments="grid:2")
    >>> localisation_auc(found, picture[..., 0] > 0)
    1.0
    """
    mask, scores = np.asarray(mask).astype(bool), explanation.image_map
    if mask.shape != scores.shape or mask.all() or not mask.any():
        raise ValueError(
            f"mask of shape {mask.shape} with {mask.sum()} pixels set does not tell "
            f"an object in a picture of shape {scores.shape}. Give True on the object."
        )
    return float(roc_auc_score(mask.ravel(), scores.ravel()))


def foil_accuracy(explanations, positions):
    """How often the word that speaks most against a match is the wrong one.

    Parameters
    ----------
    explanations : sequence of MatchExplanation
        Of true captions in which one word was exchanged for a wrong one.
    positions : sequence of int
        The place of that word in the words of each.

    Returns
    -------
    accuracy : float
        The share of captions in which that word scores lower than all others. A guess
        is right once in as many times as there are words.

    Examples
    --------
    >>> from itm_sklearn.inspection import explain_match, foil_accuracy
    >>> def dislike_cats(pairs):
    ...     return [-float("cat" in text) for text in pairs.texts]
    >>> found = explain_match(dislike_cats, np.zeros((4, 4, 3)), "a brown cat runs")
    >>> foil_accuracy([found], [2])
    1.0
    """
    check_consistent_length(explanations, positions)
    return float(
        np.mean(
            [
                # A tie names no word.
                (each.word_scores <= each.word_scores[position]).sum() == 1
                for each, position in zip(explanations, positions, strict=True)
            ]
        )
    )
