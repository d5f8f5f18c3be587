"""Examples are drawn by lot and marked as the metrics count."""

import numpy as np
import pytest

from itm_sklearn.inspection import example_results
from itm_sklearn.pairs import ImageTextPairs

PAIRS = ImageTextPairs(
    ["dog.jpg", "cat.jpg", "fox.jpg"], ["a dog", "dogs", "a cat", "a fox"], [0, 0, 1, 2]
)


def test_results_are_in_falling_order():
    similarity = np.zeros((4, 3))
    similarity[3] = [0.2, 0.9, 0.5]
    (fox,) = example_results(similarity[:], PAIRS, n_queries=4, random_state=0)[3:]
    assert fox.results == ["cat.jpg", "fox.jpg", "dog.jpg"]
    assert fox.right == [False, True, False]
    assert fox.first_right == 2


def test_all_texts_of_an_image_are_right():
    similarity = PAIRS.relevance().toarray().astype(float)
    dog = example_results(similarity, PAIRS, direction="image_to_text", n_queries=3)[0]
    assert sorted(dog.results[:2]) == ["a dog", "dogs"]
    assert dog.right[:2] == [True, True]


def test_a_tie_shows_the_right_result_last():
    for example in example_results(np.zeros((4, 3)), PAIRS):
        assert example.first_right == 3


def test_no_query_is_drawn_twice_and_none_is_made_up():
    examples = example_results(np.zeros((4, 3)), PAIRS, n_queries=99)
    assert [example.query for example in examples] == PAIRS.texts


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_draws_the_same_queries_again(seed):
    first, second = (
        example_results(np.zeros((4, 3)), PAIRS, n_queries=2, random_state=seed)
        for _ in range(2)
    )
    assert first == second
