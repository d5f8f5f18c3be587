"""Models side by side: each number is the one of the function that has its name."""

import re

import numpy as np
import pytest

from itm_sklearn.inspection import RetrievalReport, example_results, hubness
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import evaluate_retrieval
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.retrieval import TransductiveCorrection

PICTURES = [np.full((8, 8, 3), shade, dtype=np.uint8) for shade in (0, 90, 200)]
PAIRS = ImageTextPairs(
    PICTURES, ["dark", "<i>gray</i>", "light", "night"], [0, 1, 2, 0]
)
SCORES = np.array([[0.9, 0.2, 0.1], [0.8, 0.3, 0.2], [0.1, 0.2, 0.3], [0.5, 0.4, 0.1]])


class Scores:
    """A model that knows the answers, or pretends to compare the queries."""

    def __init__(self, scores, transductive=False):
        self.scores, self.transductive = scores, transductive

    def similarity(self, pairs):
        return self.scores


@pytest.fixture
def report():
    models = {"Good": Scores(SCORES), "Bad": Scores(-SCORES, transductive=True)}
    return RetrievalReport.from_estimators(models, PAIRS, ks=(1, 2), n_examples=1)


def test_the_numbers_are_those_of_the_evaluation(report):
    expected = evaluate_retrieval(SCORES, PAIRS, ks=(1, 2), random_state=0)
    assert report.evaluations["Good"] == expected
    assert report.hubs["Bad"] == hubness(-SCORES)


def test_the_page_shows_all_of_it_and_fetches_nothing(report, tmp_path):
    page = report.write(tmp_path / "page.html").read_text(encoding="utf8")
    for heading in ("Recall curve", "How sure", "Hubs", "Best queries of Good"):
        assert heading in page
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert addresses
    assert all(each.startswith(("data:", "#")) for each in addresses)
    assert "<i>gray" not in page


def test_a_transductive_model_is_marked_on_the_page(report, tmp_path):
    page = report.write(tmp_path / "page.html").read_text(encoding="utf8")
    assert page.count("(transductive)") == 1
    assert re.search(r"<td>Bad <span[^>]*>\(transductive\)", page)


def test_a_transductive_model_is_not_called_the_best(tmp_path):
    models = {
        "fair": Scores(-SCORES),
        "fairer": Scores(SCORES),
        "sly": Scores(PAIRS.relevance().toarray().astype(float), transductive=True),
    }
    report = RetrievalReport.from_estimators(models, PAIRS, ks=(1,), n_examples=1)
    assert set(report.highlights) == {
        "Best queries of fairer",
        "Worst queries of fairer",
    }
    page = report.write(tmp_path / "page.html").read_text(encoding="utf8")
    assert '<tr class="best">\n<td>fairer</td>' in page


def test_a_real_correction_is_marked_too(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(12, 4))
    pairs = ImageTextPairs(vectors, vectors + 0.1)
    models = {
        "cosine": SimilarityMatcher(random_state=0).fit(pairs),
        "all at once": TransductiveCorrection().fit(pairs),
    }
    evaluations = RetrievalReport.from_estimators(
        models, pairs, n_examples=0
    ).evaluations
    assert not evaluations["cosine"].transductive
    assert evaluations["all at once"].transductive


def test_best_and_worst_queries_are_those_by_rank():
    """The second text finds its image second; the first one is the surest."""
    (best,) = example_results(SCORES, PAIRS, n_queries=1, choice="best")
    (worst,) = example_results(SCORES, PAIRS, n_queries=1, choice="worst")
    assert (best.query, best.first_right) == ("dark", 1)
    assert (worst.query, worst.first_right) == ("<i>gray</i>", 2)


def test_each_direction_shows_what_it_ranks_by():
    both = np.stack([SCORES, -SCORES])
    (found,) = example_results(
        both, PAIRS, n_queries=1, n_results=1, direction="image_to_text", choice="worst"
    )
    assert found.first_right > 1


def test_an_unknown_choice_is_refused():
    with pytest.raises(ValueError, match="choice='wrong'"):
        example_results(SCORES, PAIRS, choice="wrong")
