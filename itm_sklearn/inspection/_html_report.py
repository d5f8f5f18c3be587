"""One HTML page that holds everything: numbers, curves, examples, settings.

The page is self-contained: it can be mailed, archived and opened without a net.
"""

import base64
import io
from importlib.resources import files
from pathlib import Path

from itm_sklearn import __version__
from itm_sklearn._optional import require
from itm_sklearn.image._io import load_image
from itm_sklearn.inspection._recall_curve import DIRECTIONS, RecallCurveDisplay
from itm_sklearn.inspection._table import table_columns
from itm_sklearn.persistence import open_atomic

_THUMBNAIL = 160
# Okabe and Ito's colours, which most colour-blind readers can tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_CHANCE = "#9a9a94"


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
    jinja2 = require("jinja2", extra="report", caller="write_html_report")
    template = files("itm_sklearn.inspection").joinpath("report.html.jinja")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters |= {"thumbnail": _thumbnail, "cell": _cell}
    page = environment.from_string(template.read_text(encoding="utf8")).render(
        title=title,
        summary=summary,
        reports=reports,
        baselines=baselines,
        columns=table_columns(next(iter(reports.values()))),
        best=_best(reports, baselines),
        directions=DIRECTIONS,
        curve=_curve_svg(curves, baselines) if curves else "",
        examples=examples,
        facts=facts or {},
        version=__version__,
    )
    with open_atomic(path) as file:
        file.write(page.encode("utf8"))
    return Path(path)


def _cell(value, metric):
    return f"{100 * value if metric.startswith('recall@') else value:.1f}"


def _best(reports, baselines):
    """The model with the highest rsum, if there is anything to choose from."""
    contenders = {n: r["rsum"] for n, r in reports.items() if n not in baselines}
    return max(contenders, key=contenders.get) if len(contenders) > 1 else None


def _thumbnail(item):
    """A small picture as a data address."""
    from PIL import Image

    picture = Image.fromarray(load_image(item, mode="RGB"))
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _curve_svg(curves, baselines):
    """Recall curves of all models, the two directions side by side."""
    require("matplotlib", extra="report", caller="write_html_report")
    from matplotlib import rc_context

    colours = _line_colours(curves, baselines)
    # Text stays text in the page's own font, and the same curves give the same file.
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "itm",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with rc_context(style):
        figure = _curve_figure(curves, colours)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]


def _line_colours(curves, baselines):
    looking = [name for name in curves if name not in baselines]
    colours = {n: _COLOURS[i % len(_COLOURS)] for i, n in enumerate(looking)}
    return {name: colours.get(name, _CHANCE) for name in curves}


def _curve_figure(curves, colours):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.4), layout="constrained")
    axes = figure.subplots(1, len(DIRECTIONS), sharey=True)
    for ax, (way, label) in zip(axes, DIRECTIONS.items(), strict=True):
        for name, recall in curves.items():
            display = RecallCurveDisplay(recall={way: recall[way]}, estimator_name=name)
            dashes = ":" if colours[name] == _CHANCE else "-"
            display.plot(ax=ax, color=colours[name], label=name, linestyle=dashes)
        ax.set_title(label, loc="left", fontsize=10)
        ax.grid(axis="y", color="#e4e4df", linewidth=0.8)
        ax.get_legend().remove()
    axes[1].set_ylabel("")
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    return figure
