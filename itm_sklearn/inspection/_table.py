"""The numbers of several models side by side, as plain text."""

import numpy as np

_DIRECTIONS = ("text_to_image", "image_to_text")


def mean_report(reports):
    """One report with the mean of each number over several, folds for example.

    Parameters
    ----------
    reports : list of dict
        As from `itm_sklearn.metrics.retrieval_report`.

    Returns
    -------
    report : dict
        Of the same form, and ``"rsum_std"``, the standard deviation of the rsum.

    Examples
    --------
    >>> folds = [{"text_to_image": {"recall@1": share}, "rsum": 100 * share}
    ...          for share in (0.2, 0.4)]
    >>> report = mean_report(folds)
    >>> round(report["text_to_image"]["recall@1"], 3), report["rsum_std"]
    (0.3, 10.0)
    """
    report = {}
    for key, value in reports[0].items():
        values = [each[key] for each in reports]
        if isinstance(value, dict):
            report[key] = {
                metric: float(np.mean([each[metric] for each in values]))
                for metric in value
            }
        else:
            report[key] = float(np.mean(values))
    report["rsum_std"] = float(np.std([each["rsum"] for each in reports]))
    return report


def table_columns(report):
    """The metrics of a report in the order of the table: recalls, then ranks."""
    recalls = [name for name in report["text_to_image"] if name.startswith("recall@")]
    return [*recalls, "median_rank"]


def format_table(reports):
    """Retrieval numbers of several models, aligned for a terminal.

    Recall is in percent. The size of the gallery stands beside every number that
    depends on it.

    Parameters
    ----------
    reports : dict of str to dict
        From the name of a model to its report, as from
        `itm_sklearn.metrics.retrieval_report` or `mean_report`.

    Returns
    -------
    table : str
        One line for each model under two lines of headings.

    Examples
    --------
    >>> way = {"recall@1": 0.25, "median_rank": 3.0, "n_queries": 8, "gallery_size": 4}
    >>> report = {"text_to_image": way, "image_to_text": way, "rsum": 50.0}
    >>> print(format_table({"SIFT": report}))
            text → image (of 4)    image → text (of 4)
    model     R@1    median rank     R@1    median rank    rsum
    SIFT     25.0            3.0    25.0            3.0    50.0
    """
    columns = table_columns(next(iter(reports.values())))
    heads = ["model", *[_heading(c) for c in columns] * 2, "rsum"]
    rows = [heads] + [_cells(name, r, columns) for name, r in reports.items()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    lines = [_aligned(row, widths) for row in rows]
    return "\n".join([_group_line(reports, widths, len(columns)), *lines])


def _heading(metric):
    return metric.replace("recall@", "R@").replace("_", " ")


def _cells(name, report, columns):
    """One row of the table as strings."""
    numbers = [_cell(report[way][c], c) for way in _DIRECTIONS for c in columns]
    spread = f" ± {report['rsum_std']:.1f}" if "rsum_std" in report else ""
    return [name, *numbers, f"{report['rsum']:.1f}{spread}"]


def _cell(value, metric):
    return f"{100 * value if metric.startswith('recall@') else value:.1f}"


def _aligned(row, widths):
    cells = [row[0].ljust(widths[0])]
    cells += [
        cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
    ]
    return "    ".join(cells).rstrip()


def _group_line(reports, widths, n_columns):
    """The line above the headings: which direction, and out of how many items."""
    report = next(iter(reports.values()))
    line = " " * widths[0]
    for position, way in enumerate(_DIRECTIONS):
        start = 1 + position * n_columns
        width = sum(widths[start : start + n_columns]) + 4 * (n_columns - 1)
        size = round(report[way]["gallery_size"])
        line += "    " + f"{way.replace('_to_', ' → ')} (of {size})".ljust(width)
    return line.rstrip()
