"""One page, nothing beside it, and nothing in it that was not escaped."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from itm_sklearn.inspection import (
    ExampleResult,
    example_results,
    recall_curve,
    write_html_report,
)
from itm_sklearn.metrics import retrieval_report
from itm_sklearn.pairs import ImageTextPairs

PICTURES = [np.full((8, 8, 3), shade, dtype=np.uint8) for shade in (0, 90, 200)]
PAIRS = ImageTextPairs(
    PICTURES, ["dark", "<b>middle</b>", "light", "night"], [0, 1, 2, 0]
)
PERFECT = PAIRS.relevance().toarray().astype(float)


@pytest.fixture
def write(tmp_path):
    def page(**options):
        reports = {"Perfect": retrieval_report(PERFECT, PAIRS)}
        options = {"reports": reports, "title": "Shades", **options}
        path = write_html_report(tmp_path / "page.html", **options)
        return path.read_text(encoding="utf8")

    return page


class Addresses(HTMLParser):
    """Collects whatever the page would have to fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = ("src", "href", "srcset", "action", "poster")
        self.found += [value for name, value in attrs if name in names]


def test_the_page_fetches_nothing(write):
    examples = example_results(PERFECT, PAIRS, random_state=0)
    page = write(curves={"Perfect": recall_curve(PAIRS, PERFECT)}, examples=examples)
    parser = Addresses()
    parser.feed(page)
    assert parser.found
    assert all(address.startswith(("data:", "#")) for address in parser.found)
    assert not re.search(r"@import|url\((?!#)", page)


def test_words_of_the_user_are_escaped(write):
    example = ExampleResult("text_to_image", "<script>", PICTURES[:1], [True], 1)
    page = write(title="<script>", examples=[example], facts={"<script>": "<script>"})
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 5


def test_recall_is_shown_in_percent(write):
    assert page_numbers(write())[:4] == ["100.0", "100.0", "100.0", "1.0"]


def page_numbers(page):
    return re.findall(r"<td[^>]*>([\d.]+)", page)


def test_the_size_of_each_gallery_is_shown(write):
    page = write()
    assert "Text → image, of 3" in page
    assert "Image → text, of 4" in page


def test_right_results_are_marked_by_more_than_colour(write):
    example = ExampleResult("text_to_image", "dark", PICTURES, [False, True, False], 2)
    page = write(examples=[example])
    assert page.count("✓") == 1
    assert 'alt="result 2, right"' in page
    assert "rank 2" in page


def test_a_baseline_is_never_called_the_best(write):
    report = retrieval_report(PERFECT, PAIRS)
    worse = retrieval_report(-PERFECT, PAIRS)
    reports = {"Real": worse, "Other": worse, "Blind": report}
    page = write(reports=reports, baselines=("Blind",))
    assert '<tr class="baseline">\n<td>Blind' in page
    assert '<tr class="best">\n<td>Real' in page


def test_the_same_results_make_the_same_page(write):
    curves = {"Perfect": recall_curve(PAIRS, PERFECT)}
    assert write(curves=curves) == write(curves=curves)
