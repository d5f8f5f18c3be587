"""The figures of the report page, as SVG that stands in the page itself."""

import io

import numpy as np

from itm_sklearn._optional import require
from itm_sklearn.inspection._directions import DIRECTIONS
from itm_sklearn.inspection._recall_curve import RecallCurveDisplay

__all__ = ["curve_svg", "interval_svg"]

# Okabe and Ito's colours, which most colour-blind readers can tell apart.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_CHANCE = "#9a9a94"
# Text stays text in the page's own font, and the same curves give the same file.
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "itm",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def curve_svg(curves, baselines):
    """Recall curves of all models, the two directions side by side."""
    return _as_svg(_curve_figure, curves, _line_colours(curves, baselines))


def interval_svg(evaluations):
    """Recalls of all models with their intervals, the two directions side by side."""
    return _as_svg(_interval_figure, evaluations, _line_colours(evaluations, ()))


def _as_svg(draw, *arguments):
    require("matplotlib", extra="report", caller="write_html_report")
    from matplotlib import rc_context

    with rc_context(_STYLE):
        buffer = io.StringIO()
        options = {"format": "svg", "transparent": True, "metadata": {"Date": None}}
        draw(*arguments).savefig(buffer, **options)
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


def _interval_figure(evaluations, colours):
    from matplotlib.figure import Figure

    metrics = _recalls(next(iter(evaluations.values())))
    height = 1.2 + 0.22 * len(evaluations) * len(metrics)
    figure = Figure(figsize=(9.2, height), layout="constrained")
    axes = figure.subplots(1, len(DIRECTIONS), sharey=True)
    for ax, (way, label) in zip(axes, DIRECTIONS.items(), strict=True):
        for number, (name, evaluation) in enumerate(evaluations.items()):
            # The models stand below each other, in the order of the table.
            places = np.arange(len(metrics)) + (number + 1) / (len(evaluations) + 1)
            values = [evaluation.report[way][metric] for metric in metrics]
            limits = np.transpose([evaluation.intervals[way][m] for m in metrics])
            errors = np.abs(limits - values)
            style = {"fmt": "o", "color": colours[name], "capsize": 3, "markersize": 4}
            ax.errorbar(values, places, xerr=errors, label=name, **style)
        ax.set_title(label, loc="left", fontsize=10)
        ax.grid(axis="x", color="#e4e4df", linewidth=0.8)
        ax.set(xlabel="Recall", yticks=np.arange(len(metrics)) + 0.5)
        ax.set_yticklabels([metric.replace("recall@", "R@") for metric in metrics])
    axes[0].invert_yaxis()
    handles, labels = axes[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False)
    return figure


def _recalls(evaluation):
    names = evaluation.report["text_to_image"]
    return [name for name in names if name.startswith("recall@")]
