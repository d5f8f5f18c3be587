"""The matcher whose matches `scenes_explanation.py` explains, and captions gone wrong.

A small network sees cells of the picture, each with its place, and pools them; captions
are bags of words and of pairs of words. Both are trained together by `TowerAligner`.
Some training captions have lost words, so that the model has seen texts of which parts
are hidden.
"""

from copy import deepcopy

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from itm_sklearn._torch._grid import edges
from itm_sklearn.alignment import TowerAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes, parse_caption
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
SHAPES = ("circle", "square", "triangle", "star", "cross")
SMALL, LARGE = ("small", "little", "tiny"), ("large", "big", "huge")
OPPOSITES = ("left right", "top bottom", "upper lower", "above below", "over under")


def _rivals():
    """For each word that states a fact the words that would state another."""
    plurals = tuple(
        f"{shape}es" if shape[-1] == "s" else f"{shape}s" for shape in SHAPES
    )
    groups = [COLOURS, SHAPES, plurals, ("two", "three", "four")]
    groups += [tuple(pair.split()) for pair in (*OPPOSITES, "higher lower")]
    rivals = {word: () for group in groups for word in group}
    for group in groups:
        for word in group:
            rivals[word] += tuple(other for other in group if other != word)
    return rivals | dict.fromkeys(SMALL, LARGE) | dict.fromkeys(LARGE, SMALL)


RIVALS = _rivals()


def put_in_wrong_word(text, facts, rng):
    """A caption with one wrong word, and the place of that word."""
    words = text.split()
    for place in rng.permutation(len(words)):
        choices = RIVALS.get(words[place], ())
        if not choices:
            continue
        wrong = [*words]
        wrong[place] = choices[rng.integers(len(choices))]
        if not _is_true(" ".join(wrong), facts):
            return " ".join(wrong), int(place)
    raise ValueError(f"{text!r} states nothing that could be wrong.")


def _is_true(text, facts):
    try:
        return parse_caption(text) == facts
    except ValueError:
        return False


class SceneTower(nn.Module):
    """Cells of the picture with their places, each judged alone, then pooled.

    Most channels of a cell see edges, whatever the colours there; the others see those.
    """

    def __init__(self, width=64, n_colours=16, side=8):
        super().__init__()
        self.forms = _convolutions(1, 32, width - n_colours)
        self.colours = _convolutions(3, 16, n_colours)
        self.places = nn.Parameter(torch.randn(width, side, side) * 0.3)
        layers, n_in = [], width
        for n_out in (128, 192):
            layers += [nn.Conv2d(n_in, n_out, 1), nn.BatchNorm2d(n_out), nn.ReLU()]
            n_in = n_out
        self.each = nn.Sequential(*layers)
        self.all = nn.Sequential(nn.Linear(2 * n_in, 256), nn.ReLU())

    def forward(self, images):
        """From pictures of bytes, channels first, to vectors."""
        pictures = images.float() / 255
        forms = self.forms(2 * edges(pictures) - 1)
        cells = torch.cat([forms, self.colours(4 * pictures - 2)], dim=1) + self.places
        cells = self.each(cells).flatten(2)
        return self.all(torch.cat([cells.mean(2), cells.amax(2)], dim=1))


def _convolutions(n_in, n_between, n_out):
    """Two convolutions, by which eight pixels on a side become one cell."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_between, 8, stride=4, padding=2),
        nn.BatchNorm2d(n_between),
        nn.ReLU(),
        nn.Conv2d(n_between, n_out, 5, stride=2, padding=2),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
    )


def _channels_first(images):
    return np.ascontiguousarray(np.moveaxis(np.asarray(images), 3, 1))


def _as_dense(counts):
    return counts.toarray().astype(np.float32)


def lose_words(pairs, seed):
    """The same pairs; six of ten captions lose up to six of ten of their words."""
    rng = np.random.default_rng(seed)
    texts = []
    for text in pairs.texts:
        words = text.split()
        share = 0.6 * rng.random() * (rng.random() < 0.6)
        kept = [word for word in words if rng.random() >= share]
        texts.append(" ".join(kept or words))
    return ImageTextPairs(pairs.images, texts, pairs.image_index)


def make_matcher(*, max_iter=8, min_df=10, seed=0):
    """The unfitted matcher."""
    words = CountVectorizer(ngram_range=(1, 2), min_df=min_df, binary=True)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        tower = SceneTower()
    aligner = TowerAligner(
        tower,
        n_components=128,
        tower_share=1.0,
        batch_size=256,
        max_iter=max_iter,
        random_state=seed,
        verbose=1,
    )
    text = make_pipeline(words, FunctionTransformer(_as_dense))
    encoder = DualEncoder(FunctionTransformer(_channels_first), text)
    return make_pipeline(encoder, aligner, SimilarityMatcher(random_state=seed))


def fit_matcher(n_images, seed=0, **options):
    """The matcher, fitted on scenes that no other seed has."""
    pairs = make_scenes(n_images, captions_per_image=1, random_state=seed + 1).pairs
    return make_matcher(seed=seed, **options).fit(lose_words(pairs, seed))


def with_shuffled_weights(matcher, seed=0):
    """The same matcher with the weights of each layer in another order."""
    generator = torch.Generator().manual_seed(seed)
    shuffled = deepcopy(matcher)
    for network in (shuffled[1].image_network_, shuffled[1].text_network_):
        with torch.no_grad():
            for weights in network.parameters():
                order = torch.randperm(weights.numel(), generator=generator)
                weights.copy_(weights.flatten()[order].view_as(weights))
    return shuffled
