"""What a model finds for a few queries, right or wrong."""

from dataclasses import dataclass, field

import numpy as np
from sklearn.utils import check_random_state

from itm_sklearn.inspection._directions import scores_by_direction
from itm_sklearn.pairs import as_pairs


@dataclass
class ExampleResult:
    """The first results of one query.

    Parameters
    ----------
    direction : {"text_to_image", "image_to_text"}
        Which view asks and which is ranked.
    query : object
        The text or the image that asks.
    results : list
        The images or texts that rank first.
    right : list of bool
        For each of them, whether it belongs to the query.
    first_right : int
        Rank of the first right item, 1 if it ranks first.

    Examples
    --------
    >>> ExampleResult("text_to_image", "a dog", ["cat.jpg"], [False], 2).first_right
    2
    """

    direction: str
    query: object
    results: list = field(default_factory=list)
    right: list = field(default_factory=list)
    first_right: int = 0


def example_results(
    similarity,
    pairs,
    *,
    n_queries=4,
    n_results=5,
    direction="text_to_image",
    choice="random",
    random_state=None,
):
    """The first results for queries that are drawn by lot, or are best or worst.

    Parameters
    ----------
    similarity : array-like of shape (n_texts, n_images) or (2, n_texts, n_images)
        The highest ranks first.
    pairs : ImageTextPairs or DataFrame
        The texts and images it is about.
    n_queries : int, default=4
        How many queries are shown, without the same one twice.
    n_results : int, default=5
        How many results are kept of each.
    direction : {"text_to_image", "image_to_text"}, default="text_to_image"
        Which view asks.
    choice : {"random", "best", "worst"}, default="random"
        "random" draws by lot. The others take the queries that find their first
        right item the soonest or the latest, and of those with equal ranks the ones
        that are surest.
    random_state : int, RandomState instance or None, default=None
        Draws the queries.

    Returns
    -------
    examples : list of ExampleResult
        In the order of the queries in `pairs`; the best first, or the worst.

    Examples
    --------
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pairs = ImageTextPairs(["dog.jpg", "cat.jpg"], ["a dog", "a cat"])
    >>> similarity = [[0.9, 0.1], [0.8, 0.3]]
    >>> for example in example_results(similarity, pairs, random_state=0):
    ...     print(example.query, example.results, example.right)
    a dog ['dog.jpg', 'cat.jpg'] [True, False]
    a cat ['dog.jpg', 'cat.jpg'] [False, True]
    """
    pairs = as_pairs(pairs)
    scores = scores_by_direction(similarity)[direction]
    relevant, queries, items = pairs.relevance().tocsr(), pairs.texts, pairs.images
    if direction == "image_to_text":
        relevant, queries, items = relevant.T.tocsr(), items, queries
    n_queries = min(n_queries, len(scores))
    if choice == "random":
        order = check_random_state(random_state).permutation(len(scores))
        chosen = np.sort(order[:n_queries])
    else:
        chosen = _by_success(scores, relevant.toarray(), choice)[:n_queries]
    return [
        _first_results(direction, queries[row], items, scores[row], found, n_results)
        for row in chosen
        for found in [relevant[[row]].toarray().ravel()]
    ]


def _by_success(scores, relevant, choice):
    """Rows from the best query to the worst, or the other way round."""
    if choice not in ("best", "worst"):
        raise ValueError(f"choice={choice!r} must be 'random', 'best' or 'worst'.")
    right = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    wrong = np.where(relevant, -np.inf, scores)
    ranks = (wrong >= right).sum(axis=1)
    lead = right.ravel() - wrong.max(axis=1)
    order = np.lexsort((-lead, ranks))
    return order if choice == "best" else order[::-1]


def _first_results(direction, query, items, scores, relevant, n_results):
    # Where scores tie the wrong item goes first, as in the metrics.
    order = np.lexsort((relevant, -scores))
    right = relevant[order]
    return ExampleResult(
        direction=direction,
        query=query,
        results=[items[index] for index in order[:n_results]],
        right=right[:n_results].tolist(),
        first_right=int(np.argmax(right)) + 1,
    )
