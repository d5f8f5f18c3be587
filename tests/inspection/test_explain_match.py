"""Explanations of planted games, whose answers are known."""

import json
from itertools import combinations, permutations
from math import comb, factorial

import numpy as np
import pytest

from itm_sklearn.inspection import MatchExplanation, explain_match, write_explanations
from itm_sklearn.inspection._match_game import MatchGame
from itm_sklearn.inspection._shapley import draw_shapley, shapley_kernel

WORDS = ["a", "red", "dog", "runs"]
TEXT = " ".join(WORDS)
N_SEGMENTS = 4
N_PLAYERS = N_SEGMENTS + len(WORDS)
# The corners of the picture are white, and black when they are hidden.
PICTURE = np.full((2, 2, 3), 255, np.uint8)
SETTINGS = {"segments": "grid:2", "image_fill": (0, 0, 0), "random_state": 0}
LINEAR = np.array([3.0, -1.0, 0.0, 0.5, 2.0, 0.0, -4.0, 0.25])


def seen(pairs):
    """Which players each pair shows."""
    corners = np.array([image[..., 0].ravel() > 0 for image in pairs.images])
    words = [[word in text.split() for word in WORDS] for text in pairs.texts]
    return np.hstack([corners[pairs.image_index], np.array(words)]).astype(float)


def linear(pairs):
    return seen(pairs) @ LINEAR + 0.7


def twisted(pairs):
    """A game with interactions of all orders, and players 2 and 5 that do nothing."""
    z = seen(pairs)
    together = 3 * z[:, 0] * z[:, 6] - 2 * z[:, 1] * z[:, 4] * z[:, 7]
    return np.tanh(z @ LINEAR + together) + z[:, 0] * z[:, 3] * z[:, 4] * z[:, 7]


def alike(pairs):
    """A game in which segments 0 and 1 do the same, and so do words 0 and 1."""
    z = seen(pairs)
    return np.maximum(z[:, 0], z[:, 1]) * (1 + z[:, 4] + z[:, 5]) ** 2


def all_values(model):
    """The value of each coalition, by the set of its players."""
    game = MatchGame(model, PICTURE, TEXT, segments="grid:2", image_fill=(0, 0, 0))
    rows = (np.arange(2**N_PLAYERS)[:, None] >> np.arange(N_PLAYERS)) & 1 == 1
    sets = [frozenset(np.flatnonzero(row).tolist()) for row in rows]
    return dict(zip(sets, game.value(rows), strict=True))


def brute_force(model):
    """Shapley values by their definition: the mean over all coalitions."""
    values, shares = all_values(model), np.zeros(N_PLAYERS)
    for player in range(N_PLAYERS):
        others = [each for each in range(N_PLAYERS) if each != player]
        for size in range(N_PLAYERS):
            for chosen in map(frozenset, combinations(others, size)):
                gain = values[chosen | {player}] - values[chosen]
                shares[player] += gain / (N_PLAYERS * comb(N_PLAYERS - 1, size))
    return shares


def explain(model, method, **options):
    return explain_match(model, PICTURE, TEXT, method=method, **{**SETTINGS, **options})


def scores(explanation):
    return np.concatenate([explanation.segment_scores, explanation.word_scores])


def test_shapley_values_are_those_of_all_coalitions():
    found = explain(twisted, "shap", n_samples=2**N_PLAYERS)
    np.testing.assert_allclose(scores(found), brute_force(twisted), atol=1e-12)


@pytest.mark.parametrize("n_samples", [8, 20, 60, 254])
@pytest.mark.parametrize("method", ["shap", "interactions"])
def test_shapley_values_add_up_to_the_score(method, n_samples):
    found = explain(twisted, method, n_samples=n_samples)
    total = found.score - found.base_score
    assert abs(scores(found).sum() - total) < 1e-9
    assert abs(found.residual) < 1e-9


def test_players_that_do_the_same_get_the_same():
    shares = scores(explain(alike, "shap", n_samples=254))
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)
    assert shares[4] == pytest.approx(shares[5], abs=1e-9)


@pytest.mark.parametrize("method", ["occlusion", "shap", "interactions"])
def test_players_that_do_nothing_get_nothing(method):
    def idle(pairs):
        z = seen(pairs)
        return z[:, 0] * z[:, 6] + z[:, 1] * z[:, 4] * z[:, 7]

    shares = scores(explain(idle, method, n_samples=254))
    assert np.abs(shares[[2, 3, 5]]).max() < 1e-9


def test_more_samples_come_nearer_to_the_truth():
    truth = brute_force(twisted)

    def error(n_samples):
        found = [
            scores(explain(twisted, "shap", n_samples=n_samples, random_state=seed))
            for seed in range(8)
        ]
        return np.sqrt(np.mean((found - truth) ** 2))

    assert error(120) < error(40) < error(16)


def test_sampled_shapley_values_are_right_on_average():
    found = [
        scores(explain(twisted, "shap", n_samples=60, random_state=seed))
        for seed in range(60)
    ]
    spread = np.std(found, axis=0) / np.sqrt(60)
    away = np.abs(np.mean(found, axis=0) - brute_force(twisted))
    assert (away <= 4 * spread + 0.02).all()


def test_weights_of_a_sample_are_those_of_the_kernel():
    coalitions, weights = draw_shapley(12, 400, np.random.RandomState(0))
    sizes = coalitions.sum(axis=1)
    of_size = np.bincount(sizes, weights, minlength=12)[1:]
    assert weights.sum() == pytest.approx(1)
    # Sizes 1 and 11 are there completely, so by their exact weight.
    exact = shapley_kernel(12)
    np.testing.assert_allclose(of_size[[0, 10]], exact[[0, 10]])
    np.testing.assert_allclose(of_size[1:10], exact[1:10], atol=0.03)


def test_a_sample_holds_each_coalition_with_its_complement():
    coalitions, _ = draw_shapley(20, 100, np.random.RandomState(0))
    rows = {row.tobytes() for row in coalitions}
    assert all((~row).tobytes() in rows for row in coalitions)


def test_occlusion_is_what_is_lost_without_one():
    values, everyone = all_values(twisted), frozenset(range(N_PLAYERS))
    lost = [values[everyone] - values[everyone - {each}] for each in range(N_PLAYERS)]
    np.testing.assert_allclose(scores(explain(twisted, "occlusion")), lost)


@pytest.mark.parametrize("method", ["occlusion", "lime", "shap", "interactions"])
def test_all_methods_find_the_coefficients_of_a_linear_game(method):
    found = explain(linear, method, n_samples=120)
    np.testing.assert_allclose(scores(found), LINEAR, atol=1e-3)
    assert found.base_score == pytest.approx(0.7)
    assert found.residual == pytest.approx(0, abs=1e-3)


def quadratic(pairs):
    z = seen(pairs)
    return z @ LINEAR + 2 * z[:, 0] * z[:, 6] - 3 * z[:, 3] * z[:, 5]


@pytest.mark.parametrize("n_samples", [120, 254])
def test_interactions_of_two_are_found_exactly(n_samples):
    """Of 8 players there are 36 terms, which 120 coalitions tell apart."""
    found = explain(quadratic, "interactions", n_samples=n_samples)
    expected = np.zeros((len(WORDS), N_SEGMENTS))
    expected[2, 0], expected[1, 3] = 2, -3
    np.testing.assert_allclose(found.interactions, expected, atol=1e-8)
    np.testing.assert_allclose(scores(found), brute_force(quadratic), atol=1e-8)


def test_interactions_agree_with_shapiq():
    shapiq = pytest.importorskip("shapiq")
    values = all_values(twisted)

    class Planted(shapiq.Game):
        def __init__(self):
            super().__init__(N_PLAYERS, normalization_value=values[frozenset()])

        def value_function(self, coalitions):
            sets = [frozenset(np.flatnonzero(row).tolist()) for row in coalitions]
            return np.array([values[each] for each in sets])

    theirs = shapiq.ExactComputer(Planted(), N_PLAYERS)("FSII", 2)
    ours = explain(twisted, "interactions", n_samples=2**N_PLAYERS).interactions
    expected = [
        [theirs[(segment, N_SEGMENTS + word)] for segment in range(N_SEGMENTS)]
        for word in range(len(WORDS))
    ]
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_shapley_values_agree_with_shap():
    """Their default of l1_reg drops players; without it both are exact."""
    shap = pytest.importorskip("shap")
    values = all_values(twisted)

    def ask(rows):
        sets = [frozenset(np.flatnonzero(row).tolist()) for row in rows]
        return np.array([values[each] for each in sets])

    kernel = shap.KernelExplainer(ask, np.zeros((1, N_PLAYERS)))
    theirs = kernel.shap_values(
        np.ones(N_PLAYERS), nsamples=2**N_PLAYERS, l1_reg=False, silent=True
    )
    ours = scores(explain(twisted, "shap", n_samples=2**N_PLAYERS))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_occlusion_agrees_with_captum():
    torch = pytest.importorskip("torch")
    attr = pytest.importorskip("captum.attr")
    values = all_values(twisted)

    def ask(rows):
        sets = [frozenset(np.flatnonzero(row > 0).tolist()) for row in rows.numpy()]
        return torch.tensor([values[each] for each in sets])

    theirs = attr.FeatureAblation(ask).attribute(torch.ones(1, N_PLAYERS))
    ours = scores(explain(twisted, "occlusion"))
    np.testing.assert_allclose(ours, theirs.numpy()[0], atol=1e-6)


def test_sampled_shapley_values_agree_with_those_of_captum():
    torch = pytest.importorskip("torch")
    attr = pytest.importorskip("captum.attr")
    values = all_values(twisted)

    def ask(rows):
        sets = [frozenset(np.flatnonzero(row > 0).tolist()) for row in rows.numpy()]
        return torch.tensor([values[each] for each in sets])

    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = attr.ShapleyValueSampling(ask).attribute(
            torch.ones(1, N_PLAYERS), n_samples=200
        )
    ours = scores(explain(twisted, "shap", n_samples=254))
    np.testing.assert_allclose(ours, theirs.numpy()[0], atol=0.15)


def test_one_order_of_coming_in_is_no_shapley_value():
    """So that the agreement above means something: orders do differ."""
    values, shares = all_values(twisted), []
    for order in list(permutations(range(N_PLAYERS)))[:: factorial(N_PLAYERS) // 3]:
        chain = [frozenset(order[:n]) for n in range(N_PLAYERS + 1)]
        gains = np.diff([values[each] for each in chain])
        shares.append(gains[np.argsort(order)])
    assert np.abs(shares - brute_force(twisted)).max() > 0.3


def test_the_same_seed_gives_the_same_explanation():
    one, other = (explain(twisted, "lime", n_samples=40) for _ in range(2))
    np.testing.assert_array_equal(scores(one), scores(other))


@pytest.mark.parametrize("method", ["occlusion", "lime", "shap"])
def test_a_text_of_one_word_and_a_picture_of_one_segment_will_do(method):
    settings = {"segments": "grid:1", "image_fill": (0, 0, 0), "random_state": 0}
    found = explain_match(
        lambda pairs: seen_alone(pairs), PICTURE, "dog", method=method, **settings
    )
    np.testing.assert_allclose(scores(found), [3, 2], atol=1e-3)


def seen_alone(pairs):
    bright = np.array([image.max() > 0 for image in pairs.images])
    said = np.array([bool(text) for text in pairs.texts])
    return 3.0 * bright[pairs.image_index] + 2.0 * said


def test_occlusion_asks_once_for_each_player():
    assert explain(twisted, "occlusion").n_evaluations == N_PLAYERS + 2


def test_sampling_asks_for_no_more_than_it_was_allowed():
    assert explain(twisted, "shap", n_samples=100).n_evaluations <= 102


@pytest.mark.parametrize(
    ("options", "message"),
    [({"method": "magic"}, "method='magic'"), ({"n_samples": 2}, "n_samples == 2")],
)
def test_settings_that_are_wrong_are_named(options, message):
    options = {"method": "shap", **options}
    with pytest.raises(ValueError, match=message):
        explain(linear, **options)


def test_an_explanation_becomes_json():
    found = explain(quadratic, "interactions", n_samples=60)
    back = json.loads(json.dumps(found.to_dict()))
    assert back["words"] == WORDS
    np.testing.assert_allclose(back["word_scores"], found.word_scores)
    np.testing.assert_allclose(back["interactions"], found.interactions)


def test_the_map_of_a_word_shows_the_segment_it_is_about():
    found = explain(quadratic, "interactions", n_samples=254)
    np.testing.assert_allclose(found.word_map(2), [[2, 0], [0, 0]], atol=1e-8)
    assert [found.words[word] for word in found.telling_words()[:2]] == ["red", "dog"]


def test_a_map_of_a_word_needs_interactions():
    with pytest.raises(ValueError, match='method="interactions"'):
        explain(linear, "lime").word_map(0)


def test_the_share_of_the_text_is_that_of_its_words():
    expected = np.abs(LINEAR[4:]).sum() / np.abs(LINEAR).sum()
    assert explain(linear, "occlusion").text_share == pytest.approx(expected)


def test_nothing_done_is_shared_alike():
    found = explain(lambda pairs: np.ones(len(pairs)), "shap")
    assert (found.text_share, found.residual) == (0.5, 0)


@pytest.mark.parametrize(("method", "n_panels"), [("shap", 3), ("interactions", 6)])
def test_a_plot_has_a_panel_for_picture_segments_words_and_maps(method, n_panels):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    axes = explain(quadratic, method).plot()
    assert len(axes) == n_panels
    assert [label.get_text() for label in axes[2].get_yticklabels()] == WORDS
    pyplot.close("all")


def test_the_page_holds_pictures_and_shows_no_text_as_code(tmp_path):
    text = "<script>alert(1)</script> & dog"
    found = explain_match(seen_alone, PICTURE, text, **SETTINGS)
    page = write_explanations(tmp_path / "page.html", [found], title="a <b>")
    content = page.read_text(encoding="utf8")
    assert "<script>" not in content
    assert "&lt;script&gt;" in content
    assert "a &lt;b&gt;" in content
    assert content.count("data:image/png;base64,") == 2


def test_an_explanation_shows_itself_in_a_notebook():
    found = explain(quadratic, "interactions")
    assert isinstance(found, MatchExplanation)
    assert found._repr_html_().count("<figure") == 2 + len(WORDS)
