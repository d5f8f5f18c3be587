"""A game shows the model pairs of which parts are hidden, each of them once."""

import warnings

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.alignment import CCA
from itm_sklearn.baselines import make_baseline
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.fusion import ConcatFusion
from itm_sklearn.image import ColorHistogram
from itm_sklearn.inspection import explain_match
from itm_sklearn.inspection._match_game import MatchGame
from itm_sklearn.inspection._segments import cover_picture, cut_picture
from itm_sklearn.matching import ScoreFusion, SimilarityMatcher
from itm_sklearn.retrieval import CrossModalRetriever

PICTURE = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
SCENES = make_scenes(40, image_size=32, random_state=0).pairs


def length(pairs):
    return [len(text) for text in pairs.texts]


def see(pairs):
    """Keeps what it is shown."""
    see.calls.append(pairs)
    return np.zeros(len(pairs))


@pytest.fixture(autouse=True)
def _forget():
    see.calls = []


def test_the_whole_coalition_is_the_pair_as_it_was_given():
    game = MatchGame(see, PICTURE, "a  red\tdog")
    pairs = game.pairs(np.ones((1, game.n_players), dtype=bool))
    np.testing.assert_array_equal(pairs.images[0], PICTURE)
    assert pairs.texts == ["a  red\tdog"]


@pytest.mark.parametrize(
    ("fill", "expected"), [("drop", "a dog"), ("mask", "a [MASK] dog")]
)
def test_hidden_words_are_left_out_or_masked(fill, expected):
    game = MatchGame(see, PICTURE, "a red dog", segments="grid:1", text_fill=fill)
    assert game.pairs(np.array([[True, True, False, True]])).texts == [expected]


def test_hidden_segments_have_the_median_colour():
    game = MatchGame(see, PICTURE, "dog", segments="grid:2")
    (picture,) = game.pairs(np.array([[False, True, True, True, True]])).images
    median = np.rint(np.median(PICTURE.reshape(-1, 3), axis=0))
    assert (picture[:4, :4] == median).all()
    np.testing.assert_array_equal(picture[4:], PICTURE[4:])


def test_a_blurred_cover_keeps_the_mean_and_loses_the_details():
    labels = cut_picture(PICTURE, "grid:2")
    blurred = cover_picture(PICTURE, labels, "blur")
    assert abs(blurred.mean() - PICTURE.mean()) < 10
    assert blurred.std() < PICTURE.std() / 2


def test_a_mean_cover_has_one_colour_in_each_segment():
    labels = cut_picture(PICTURE, "grid:2")
    cover = cover_picture(PICTURE, labels, "mean")
    np.testing.assert_allclose(cover[0, 0], PICTURE[:4, :4].mean((0, 1)), atol=0.51)
    assert (cover[labels == 3] == cover[-1, -1]).all()


def test_slic_follows_the_borders_of_what_is_there():
    """Objects on a noisy ground are pieces of their own, but for few pixels."""
    pytest.importorskip("skimage")
    data = make_scenes(10, random_state=0)
    for picture, mask in zip(data.pairs.images, data.masks > 0, strict=True):
        labels = cut_picture(picture, "slic:30")
        share = np.bincount(labels.ravel(), mask.ravel()) / np.bincount(labels.ravel())
        assert 12 < len(share) <= 40
        assert ((share[labels] > 0.5) != mask).mean() < 0.05


def test_no_coalition_is_asked_for_twice():
    game = MatchGame(see, PICTURE, "a red dog", segments="grid:2")
    rows = np.random.default_rng(0).random((50, game.n_players)) < 0.5
    game.value(np.concatenate([rows, rows]))
    game.value(rows[::-1])
    n_different = len(np.unique(rows, axis=0))
    assert sum(map(len, see.calls)) == game.n_evaluations == n_different


def test_values_come_in_the_order_of_the_coalitions():
    game = MatchGame(length, PICTURE, "a bb ccc", segments="grid:1")
    rows = np.array([[0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]])
    assert game.value(rows).tolist() == [3, 1, 2, 3]


def test_a_batch_stores_pictures_that_are_alike_once():
    game = MatchGame(see, PICTURE, "a red dog", segments="grid:2")
    game.value(np.concatenate([np.ones((3, 4)), np.eye(3)], axis=1))
    (pairs,) = see.calls
    assert (len(pairs), pairs.n_images) == (3, 1)


def test_pictures_come_in_batches_of_bounded_memory(monkeypatch):
    monkeypatch.setattr(
        "itm_sklearn.inspection._match_game._PICTURE_BYTES", 10 * PICTURE.nbytes
    )
    game = MatchGame(see, PICTURE, "dog", segments="grid:4")
    game.value(np.eye(game.n_players))
    assert [len(pairs) for pairs in see.calls] == [10, 7]


def test_encoders_do_not_warn_of_the_texts_that_the_game_empties(recwarn):
    def careful(pairs):
        empty = sum(not text for text in pairs.texts)
        if empty:
            warnings.warn(f"{empty} of {len(pairs)} texts are empty", stacklevel=1)
        return np.zeros(len(pairs))

    explain_match(careful, PICTURE, "a dog", method="occlusion")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"text": "  "}, "no words"),
        ({"segments": "grid"}, "segments='grid'"),
        ({"segments": "grid:9"}, "more pixels"),
        ({"segments": np.zeros((3, 3), int)}, "do not fit"),
        ({"image_fill": "black"}, "image_fill='black'"),
        ({"image_fill": (1, 2, 256)}, "no colour"),
        ({"text_fill": "blank"}, "text_fill='blank'"),
    ],
)
def test_what_is_wrong_is_named(changed, message):
    settings = {"model": see, "image": PICTURE, "text": "a dog", **changed}
    with pytest.raises(ValueError, match=message):
        MatchGame(**settings)


def explained(model):
    """Explain the first scene by a model; the score is that of the whole pair."""
    image, text = SCENES.images[0], SCENES.texts[0]
    return explain_match(model, image, text, method="occlusion", segments="grid:2")


@pytest.fixture(scope="module")
def baseline():
    return make_baseline("color", n_components=8, random_state=0).fit(SCENES)


def test_a_pipeline_is_explained_by_its_decision_function(baseline):
    expected = baseline.decision_function(SCENES[[0]])[0]
    assert explained(baseline).score == pytest.approx(expected, abs=1e-6)


def test_a_retriever_is_explained_by_its_model(baseline):
    retriever = CrossModalRetriever(baseline).fit(SCENES)
    assert explained(retriever).score == explained(baseline).score


def test_an_aligner_is_explained_by_its_cosine(baseline):
    assert explained(baseline[:-1]).score == pytest.approx(explained(baseline).score)


def test_a_classifier_behind_a_fusion_is_explained():
    encoder = DualEncoder(ColorHistogram(), CountVectorizer())
    dense = FunctionTransformer(lambda pairs: pairs.map(text=lambda t: t.toarray()))
    classifier = make_pipeline(encoder, dense, ConcatFusion(), LogisticRegression())
    labels = np.arange(len(SCENES)) % 2
    classifier.fit(SCENES, labels)
    expected = classifier.decision_function(SCENES[[0]])[0]
    assert explained(classifier).score == pytest.approx(expected)


def test_similarity_alone_is_enough(baseline):
    class Only:
        def similarity(self, pairs):
            vectors = baseline[:-1].transform(pairs)
            return baseline[-1].similarity(vectors)

    assert explained(Only()).score == pytest.approx(explained(baseline).score)


def test_a_model_that_needs_all_queries_is_refused():
    pairs = CCA(2).fit_transform(SCENES.map(image=_vectors, text=_vectors))
    fusion = ScoreFusion([("a", SimilarityMatcher())], weights="reciprocal_rank")
    with pytest.raises(ValueError, match="explained"):
        explain_match(fusion.fit(pairs), PICTURE, "a dog")


def _vectors(view):
    return np.random.default_rng(len(view)).normal(size=(len(view), 4))


def test_what_can_not_score_is_refused():
    with pytest.raises(TypeError, match="decision_function"):
        explain_match(object(), PICTURE, "a dog")


@pytest.mark.parametrize("scores", [np.zeros((2, 2)), np.full(2, np.nan)])
def test_scores_that_are_none_are_refused(scores):
    game = MatchGame(lambda pairs: scores, PICTURE, "a", segments="grid:1")
    with pytest.raises(ValueError, match="finite number"):
        game.value(np.eye(2))
