"""One HTML page that holds everything: numbers, curves, examples, settings.

The page is self-contained: it can be mailed, archived and opened without a net.
"""

from importlib.resources import files
from pathlib import Path

from itm_sklearn import __version__
from itm_sklearn._optional import require
from itm_sklearn.inspection._directions import DIRECTIONS
from itm_sklearn.inspection._report_figures import curve_svg, interval_svg
from itm_sklearn.inspection._table import table_columns
from itm_sklearn.persistence import open_atomic
from itm_sklearn.retrieval._thumbnail import thumbnail_address


def write_html_report(
    path,
    reports,
    *,
    title,
    summary="",
    curves=None,
    examples=(),
    facts=None,
    baselines=(),
    evaluations=None,
    hubs=None,
    highlights=None,
):
    """Write results as one page that needs nothing beside it.

    Parameters
    ----------
    path : str or Path
        The page; an existing file is replaced once the new one is complete.
    reports : dict of str to dict
        From the name of a model to its report, as from
        `itm_sklearn.metrics.retrieval_report` or `mean_report`.
    title : str
        Heading of the page.
    summary : str, default=""
        A paragraph under the heading.
    curves : dict of str to dict, default=None
        From the name of a model to its recall at 1, 2, ... for each direction, as
        in `RecallCurveDisplay.recall`.
    examples : sequence of ExampleResult, default=()
        As from `example_results`.
    facts : dict of str to object, default=None
        Settings and circumstances, so that the numbers can be had again.
    baselines : sequence of str, default=()
        Names of the models that do not look; they are set apart in gray.
    evaluations : dict of str to RetrievalEvaluation, default=None
        From the name of a model to its intervals, as from
        `itm_sklearn.model_selection.evaluate_retrieval`. What is transductive is
        marked.
    hubs : dict of str to dict, default=None
        From the name of a model to its `hubness`.
    highlights : dict of str to list of ExampleResult, default=None
        Further examples that were picked, under the headings that say how.

    See Also
    --------
    RetrievalReport : All of this from models and pairs.

    Returns
    -------
    path : Path
        Where the page is.

    Examples
    --------
    >>> import tempfile
    >>> from itm_sklearn.metrics import retrieval_report
    >>> reports = {"Oracle": retrieval_report([[1, 0], [0, 1]], [[1, 0], [0, 1]])}
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     page = write_html_report(f"{directory}/page.html", reports, title="Two")
    ...     "<h1>Two</h1>" in page.read_text(encoding="utf8")
    True
    """
    transductive = [n for n, e in (evaluations or {}).items() if e.transductive]
    page = _template().render(
        title=title,
        summary=summary,
        reports=reports,
        baselines=baselines,
        columns=table_columns(next(iter(reports.values()))),
        best=_best(reports, {*baselines, *transductive}),
        directions=DIRECTIONS,
        curve=curve_svg(curves, baselines) if curves else "",
        intervals=interval_svg(evaluations) if evaluations else "",
        level=_level(evaluations),
        transductive=transductive,
        hubs=hubs or {},
        examples=examples,
        highlights=highlights or {},
        facts=facts or {},
        version=__version__,
    )
    with open_atomic(path) as file:
        file.write(page.encode("utf8"))
    return Path(path)


def _level(evaluations):
    """The confidence level of the intervals, if there are any."""
    return next((e.confidence_level for e in (evaluations or {}).values()), None)


def _template():
    jinja2 = require("jinja2", extra="report", caller="write_html_report")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"thumbnail": thumbnail_address, "cell": _cell}
    template = files("itm_sklearn.inspection").joinpath("report.html.jinja")
    return environment.from_string(template.read_text(encoding="utf8"))


def _cell(value, metric):
    return f"{100 * value if metric.startswith('recall@') else value:.1f}"


def _best(reports, apart):
    """The model with the highest rsum, if there is anything to choose from."""
    contenders = {n: r["rsum"] for n, r in reports.items() if n not in apart}
    return max(contenders, key=contenders.get) if len(contenders) > 1 else None
