"""Comparisons: chance is called chance as often as it should be."""

import json

import numpy as np
import pytest

from itm_sklearn.model_selection import compare_retrieval, evaluate_retrieval
from itm_sklearn.pairs import ImageTextPairs


def make_models(seed, n_images=40, gain=0.0):
    """Two noisy similarities of the same pairs; `gain` makes the first one better."""
    rng = np.random.default_rng(seed)
    image_index = np.repeat(np.arange(n_images), 2)
    pairs = ImageTextPairs(
        np.zeros((n_images, 1)), np.zeros((2 * n_images, 1)), image_index
    )
    truth = np.eye(n_images)[image_index]
    shared = rng.normal(size=truth.shape)
    one, other = (shared + rng.normal(size=truth.shape) for _ in range(2))
    return (2 + gain) * truth + one, 2 * truth + other, pairs


def p_values(gain, n_trials):
    found = []
    for seed in range(n_trials):
        comparison = compare_retrieval(
            *make_models(seed, gain=gain),
            ks=(1, 5),
            n_bootstrap=1,
            n_permutations=99,
            random_state=seed,
        )
        way = comparison.p_values["text_to_image"]
        found.append([comparison.p_values["rsum"], way["ndcg"], way["median_rank"]])
    return np.array(found)


def test_models_that_differ_by_chance_are_called_so_in_19_of_20_cases():
    """At most 5 % beyond three standard errors; medians are coarse, so fewer."""
    n_trials = 200
    wrongly = (p_values(0.0, n_trials) <= 0.05).mean(axis=0)
    error = 3 * np.sqrt(0.05 * 0.95 / n_trials)
    assert (wrongly <= 0.05 + error).all()
    assert (wrongly[:2] >= 0.05 - error).all()


def test_a_better_model_is_found():
    assert (p_values(1.2, 20)[:, 0] <= 0.05).mean() >= 0.9


def test_a_model_does_not_differ_from_itself():
    one, _, pairs = make_models(0)
    comparison = compare_retrieval(one, one, pairs, random_state=0)
    frame = comparison.to_frame()
    assert (frame["difference"] == 0).all()
    assert (frame["p_value"] == 1).all()
    assert (frame[["low", "high"]] == 0).all(axis=None)


def test_the_other_way_round_everything_but_the_sign_is_the_same():
    one, other, pairs = make_models(1)
    forth = compare_retrieval(one, other, pairs, random_state=0).to_frame()
    back = compare_retrieval(other, one, pairs, random_state=0).to_frame()
    np.testing.assert_allclose(forth["difference"], -back["difference"], atol=1e-12)
    np.testing.assert_allclose(forth["low"], -back["high"], atol=1e-12)
    np.testing.assert_array_equal(forth["p_value"], back["p_value"])


def test_p_values_are_those_of_a_loop_over_swaps():
    """All 16 swaps of four images, by hand: the rarest difference has p = 2 / 16."""
    pairs = ImageTextPairs(np.eye(4), [f"text {i}" for i in range(4)])
    right, wrong = np.eye(4), np.roll(np.eye(4), 1, axis=0)
    comparison = compare_retrieval(
        right, wrong, pairs, ks=(1,), n_permutations=4000, random_state=0
    )
    found = comparison.p_values["text_to_image"]["recall@1"]
    assert found == pytest.approx(2 / 16, abs=0.02)


def test_each_model_is_evaluated_as_by_itself():
    one, other, pairs = make_models(2)
    comparison = compare_retrieval(one, other, pairs, random_state=4)
    for model, found in ((one, comparison.a), (other, comparison.b)):
        alone = evaluate_retrieval(model, pairs, random_state=4)
        assert found.to_frame().equals(alone.to_frame())


def test_paired_intervals_are_narrower_than_unpaired_ones():
    """Two models that stumble over the same images."""
    one, _, pairs = make_models(3)
    other = one + 0.1 * np.random.default_rng(0).normal(size=one.shape)
    comparison = compare_retrieval(one, other, pairs, random_state=0)
    low, high = comparison.intervals["rsum"]
    alone = comparison.a.intervals["rsum"]
    assert high - low < 0.7 * (alone[1] - alone[0])


def test_the_comparison_survives_json_and_is_printed():
    comparison = compare_retrieval(*make_models(4), n_bootstrap=3, random_state=0)
    content = comparison.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert "a - b" in repr(comparison)


def test_the_columns_of_a_printed_comparison_keep_apart():
    """Small numbers need the most characters."""
    comparison = compare_retrieval(*make_models(4), n_bootstrap=3, random_state=0)
    comparison.differences["text_to_image"]["ndcg"] = -0.00061541
    comparison.b.report["text_to_image"]["ndcg"] = 0.00001097
    assert " 1.097e-05 -0.0006154 " in repr(comparison)


def test_one_direction_has_no_rsum():
    comparison = compare_retrieval(
        *make_models(5), directions=["image_to_text"], n_bootstrap=3
    )
    assert list(comparison.p_values) == ["image_to_text"]


def test_no_permutations_are_refused():
    with pytest.raises(ValueError, match="n_permutations == 0"):
        compare_retrieval(*make_models(5), n_permutations=0)
