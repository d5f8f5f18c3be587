"""Results on file: JSON for programs, CSV for tables, HTML for people."""

import csv
import io
import json

from itm_sklearn.inspection import example_results, write_html_report
from itm_sklearn.persistence import open_atomic

_KINDS = (".json", ".csv", ".html")


def check_output(path):
    """Refuse a path that can't be written, before any work is done."""
    if path is None:
        return
    if path.suffix not in _KINDS:
        raise ValueError(
            f"--output {path} ends in {path.suffix!r}. Use {', '.join(_KINDS)}."
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"--output {path}: there is no folder {path.parent}. Make it first."
        )


def write_output(path, name, evaluation, pairs, facts):
    """Write the report of an evaluation in the form that the suffix names."""
    if path is None:
        return
    if path.suffix == ".html":
        _write_page(path, name, evaluation, pairs, facts)
        return
    make = _as_json if path.suffix == ".json" else _as_csv
    with open_atomic(path) as file:
        file.write(make(evaluation.report, facts).encode("utf8"))


def _as_json(report, facts):
    return json.dumps({"report": report, **facts}, indent=2) + "\n"


def _as_csv(report, facts):
    """A row for each number.

    Examples
    --------
    >>> print(_as_csv({"text_to_image": {"recall@1": 0.5}, "rsum": 50.0}, {}))
    direction,metric,value
    text_to_image,recall@1,0.5
    both,rsum,50.0
    <BLANKLINE>
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["direction", "metric", "value"])
    for key, value in report.items():
        if isinstance(value, dict):
            rows.writerows([key, metric, number] for metric, number in value.items())
        else:
            rows.writerow(["both", key, value])
    return text.getvalue()


def _write_page(path, name, evaluation, pairs, facts):
    examples = [
        example
        for direction, n_queries in (("text_to_image", 5), ("image_to_text", 3))
        for example in example_results(
            evaluation.similarity,
            pairs,
            n_queries=n_queries,
            direction=direction,
            random_state=0,
        )
    ]
    write_html_report(
        path,
        {name: evaluation.report},
        title=f"Image-text matching with {name}",
        curves={name: evaluation.curve},
        examples=examples,
        facts={name: _in_words(value) for name, value in facts.items()},
    )


def _in_words(value):
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name} = {each}" for name, each in value.items())
