"""Explanations are judged by the model, by masks and by wrong words."""

from dataclasses import replace

import numpy as np
import pytest

from itm_sklearn.inspection import (
    explain_dataset,
    explain_match,
    faithfulness,
    foil_accuracy,
    localisation_auc,
)
from itm_sklearn.pairs import ImageTextPairs

PICTURE = np.zeros((8, 8, 3), np.uint8)
PICTURE[:4, :4] = 255
SETTINGS = {"segments": "grid:2", "image_fill": (0, 0, 0), "random_state": 0}


def light_and_dog(pairs):
    """0, or 1 for a picture that is light beside a text with a dog."""
    light = np.array([image.max() / 255 for image in pairs.images])
    dog = np.array(["dog" in text for text in pairs.texts])
    return light[pairs.image_index] * dog


@pytest.fixture
def explanation():
    return explain_match(light_and_dog, PICTURE, "a dog runs", **SETTINGS)


def test_areas_are_those_of_a_right_order_worked_out_by_hand(explanation):
    """Of 7 parts the first gone ends the match, and the first two make it whole."""
    areas = faithfulness(light_and_dog, explanation)
    assert areas.deletion == pytest.approx(0.5 / 7)
    assert areas.insertion == pytest.approx(5.5 / 7)
    assert areas.image_deletion == pytest.approx(0.5 / 4)
    assert areas.image_insertion == pytest.approx(3.5 / 4)
    assert areas.text_deletion == pytest.approx(0.5 / 3)
    assert areas.text_insertion == pytest.approx(2.5 / 3)
    assert areas.gain == pytest.approx(5 / 7)
    assert areas.image_gain == pytest.approx(3 / 4)
    assert areas.text_gain == pytest.approx(2 / 3)


def test_a_wrong_order_is_found_out(explanation):
    reversed_scores = replace(
        explanation,
        segment_scores=-explanation.segment_scores,
        word_scores=-explanation.word_scores,
    )
    assert faithfulness(light_and_dog, reversed_scores).gain < 0


def test_a_pair_that_does_not_match_has_nothing_to_take_away(explanation):
    with pytest.raises(ValueError, match="no match to take away"):
        faithfulness(lambda pairs: np.zeros(len(pairs)), explanation)


def test_localisation_is_half_where_all_segments_are_alike(explanation):
    flat = replace(explanation, segment_scores=np.ones(4))
    assert localisation_auc(flat, PICTURE[..., 0] > 0) == 0.5


def test_localisation_is_one_minus_that_of_the_opposite(explanation):
    mask = np.zeros((8, 8), bool)
    mask[:4, :6] = True
    away = replace(explanation, segment_scores=-explanation.segment_scores)
    found = localisation_auc(explanation, mask)
    assert found == pytest.approx(1 - localisation_auc(away, mask))
    assert 0.5 < found < 1


@pytest.mark.parametrize("mask", [np.ones((8, 8)), np.zeros((8, 8)), np.ones((4, 4))])
def test_a_mask_that_tells_nothing_is_refused(explanation, mask):
    with pytest.raises(ValueError, match="mask of shape"):
        localisation_auc(explanation, mask)


def test_a_tie_names_no_wrong_word(explanation):
    tied = replace(explanation, word_scores=np.array([0.0, 0.0, 1.0]))
    named = replace(explanation, word_scores=np.array([0.0, -0.1, 1.0]))
    assert foil_accuracy([tied, named], [1, 1]) == 0.5


def test_each_foil_has_one_position(explanation):
    with pytest.raises(ValueError, match="inconsistent numbers"):
        foil_accuracy([explanation], [1, 2])


def test_a_data_set_is_averaged_by_word_and_by_place():
    pairs = ImageTextPairs(
        [PICTURE, PICTURE[::-1]], ["A dog.", "dog", "cat"], [0, 1, 1]
    )
    found = explain_dataset(light_and_dog, pairs, side=2, **SETTINGS)
    assert found.words[0] == "dog"
    np.testing.assert_array_equal(found.word_counts, [2, 1, 1])
    assert found.word_scores[0] == pytest.approx(0.5)
    np.testing.assert_allclose(found.region_map, [[1 / 6, 0], [1 / 6, 0]], atol=1e-9)
    each = [one.text_share for one in found.explanations]
    assert found.text_share == pytest.approx(np.mean(each))


def test_no_pairs_can_not_be_averaged():
    with pytest.raises(ValueError, match="at least one pair"):
        explain_dataset(light_and_dog, ImageTextPairs([], []))


def test_a_plot_of_a_data_set_shows_the_strongest_words():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pairs = ImageTextPairs([PICTURE], ["a dog runs"])
    found = explain_dataset(light_and_dog, pairs, **SETTINGS)
    axes = found.plot(n_words=1)
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["dog"]
    pyplot.close("all")


def test_localisation_falls_to_chance_when_the_weights_are_drawn_by_lot():
    """An explanation of the model, not of the picture, is lost with its weights."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 40, (30, 12, 12, 3), dtype=np.uint8)
    masks = np.zeros((30, 12, 12), bool)
    for mask, (row, column) in zip(masks, 3 * rng.integers(0, 4, (30, 2)), strict=True):
        mask[row : row + 3, column : column + 3] = True
    pictures[masks] = (250, 40, 40)

    def auc(weights):
        def look(pairs):
            features = pairs.images.reshape(pairs.n_images, -1) / 255
            return (features @ weights)[pairs.image_index]

        found = [
            explain_match(look, picture, "red", method="shap", random_state=0)
            for picture in pictures
        ]
        return np.mean(
            [localisation_auc(*both) for both in zip(found, masks, strict=True)]
        )

    redness = np.tile([1.0, -1.0, 0.0], 144)
    assert auc(redness) > 0.95
    assert 0.3 < auc(rng.normal(size=432)) < 0.7
