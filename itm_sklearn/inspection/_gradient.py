"""The gradient of a match, where the model ends in a network."""

import numpy as np
from sklearn.pipeline import Pipeline

from itm_sklearn.alignment import TowerAligner
from itm_sklearn.inspection._match_game import empty_on_purpose
from itm_sklearn.matching._network import NetworkMatcher
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["gradient"]


def gradient(game, n_samples, random_state):
    """What each part does along the way from nothing to the whole, by gradients.

    The model in front of the network sees the pair without each part once; the network
    is differentiated in what it gets from there.
    """
    encode, head = _find_network(game.model)
    coalitions = np.ones((game.n_players + 2, game.n_players), dtype=bool)
    coalitions[0] = False
    coalitions[2:][np.diag_indices(game.n_players)] = False
    with empty_on_purpose():
        pairs = encode(game.pairs(coalitions))
    images, texts = np.asarray(pairs.images)[pairs.image_index], np.asarray(pairs.texts)
    rows = np.arange(len(coalitions))
    of_images, of_texts = (
        rows[: 2 + game.n_segments],
        np.delete(rows, slice(2, 2 + game.n_segments)),
    )
    shares = _integrate(head, images[of_images], texts[of_texts])
    return np.concatenate(shares).astype(np.float64), None


def _find_network(model):
    """What comes before the network, as a function of pairs, and the network's step."""
    model = getattr(model, "best_estimator_", getattr(model, "model_", model))
    steps = (
        [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]
    )
    is_head = [isinstance(step, TowerAligner | NetworkMatcher) for step in steps]
    if not any(is_head) or is_head.index(True) < len(steps) - 2:
        raise TypeError(
            f"{type(model).__name__} does not end in a network that can be "
            "differentiated: a TowerAligner, NeuralMatcher or CrossAttentionMatcher. "
            'Choose another method, such as "shap", which takes any model.'
        )
    place = is_head.index(True)

    def encode(pairs):
        for step in steps[:place]:
            pairs = step.transform(pairs)
        return pairs

    return encode, steps[place]


def _integrate(head, images, texts):
    from itm_sklearn._torch._gradients import (
        integrate_gradients,
        matrix_score,
        tower_score,
    )

    if isinstance(head, TowerAligner):
        networks = head.image_network_.cpu(), head.text_network_.cpu()
        return integrate_gradients(tower_score(*networks), networks, images, texts)
    pairs = head._check_pairs(
        ImageTextPairs(images, texts, np.arange(len(texts)) % len(images)), reset=False
    )
    network = head._load_network().cpu()
    score = matrix_score(network)
    return integrate_gradients(score, (network, network), pairs.images, pairs.texts)
