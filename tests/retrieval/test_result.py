"""Results as a table, and as a page that fetches nothing and runs nothing."""

import re

import numpy as np
import pytest

from itm_sklearn.retrieval import RetrievalResult

PICTURE = np.full((8, 8, 3), 90, dtype=np.uint8)


@pytest.fixture
def found():
    def result(items, queries=("a dog",), **attributes):
        ranks = np.arange(len(items))
        return RetrievalResult(
            queries=list(queries),
            items=[list(items)],
            indices=ranks[np.newaxis],
            scores=1.0 - ranks[np.newaxis] / 10,
            **attributes,
        )

    return result


def addresses(page):
    return re.findall(r'(?:src|href)="([^"]*)"', page)


def test_pictures_are_in_the_page_itself(found):
    page = found([PICTURE, PICTURE])._repr_html_()
    assert len(addresses(page)) == 2
    assert all(each.startswith("data:image/jpeg") for each in addresses(page))


def test_files_that_are_no_pictures_are_named(found, tmp_path):
    (tmp_path / "broken.jpg").write_text("no picture")
    page = found([str(tmp_path / "broken.jpg"), "gone.jpg"])._repr_html_()
    assert "broken.jpg" in page
    assert "gone.jpg" in page
    assert not addresses(page)


def test_words_of_others_are_escaped(found):
    hostile = "<script>alert(1)</script>"
    for target in ("images", "texts"):
        page = found([hostile], queries=[hostile], target=target)._repr_html_()
        assert "<script>" not in page
        assert page.count("&lt;script&gt;") >= 2


def test_a_picture_and_a_text_asked_together_are_both_shown(found):
    queries = [(PICTURE, "but at night")]
    page = found(["a dog"], queries, target="texts", asked="both")._repr_html_()
    assert len(addresses(page)) == 1
    assert "but at night" in page


def test_vectors_have_no_picture_but_a_score(found):
    page = found([np.ones(4)])._repr_html_()
    assert "ndarray" in page
    assert "1 · 1.000" in page


def test_transductive_scores_are_marked_wherever_they_are_shown(found):
    assert "Transductive" not in found(["a.jpg"])._repr_html_()
    result = found(["a.jpg"], transductive=True)
    assert "Transductive" in result._repr_html_()
    assert result.to_frame().attrs == {"transductive": True}
