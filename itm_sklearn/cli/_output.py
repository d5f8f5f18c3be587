"""Results on file: JSON for programs, CSV for tables, HTML for people."""

import csv
import io
import json

from itm_sklearn.inspection import example_results, write_html_report
from itm_sklearn.inspection._directions import DIRECTIONS
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
    check_path("--output", path)


def check_path(option, path):
    """Refuse a file in a folder that is not there, or with the name of one that is."""
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{option} {path}: there is no folder {path.parent}. Make it first."
        )
    if path.is_dir():
        raise IsADirectoryError(f"{option} {path} is a folder. Name a file in it.")


def write_output(path, name, evaluation, pairs, facts, certainty):
    """Write an evaluation and how certain it is in the form that the suffix names."""
    if path is None:
        return
    if path.suffix == ".html":
        facts = facts | format_intervals(certainty)
        _write_page(path, name, evaluation, pairs, facts)
        return
    if path.suffix == ".json":
        content = _as_json(
            evaluation.report, facts | {"evaluation": certainty.to_dict()}
        )
    else:
        content = _as_csv(evaluation.report, certainty.intervals)
    with open_atomic(path) as file:
        file.write(content.encode("utf8"))


def format_intervals(certainty):
    """The intervals in words, by the direction they belong to.

    Examples
    --------
    >>> import numpy as np
    >>> from itm_sklearn.model_selection import evaluate_retrieval
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> format_intervals(
    ...     evaluate_retrieval(np.eye(3), ImageTextPairs(np.eye(3), np.eye(3)), ks=[1])
    ... )["rsum, 95 % interval over 3 images"]
    '200.0 to 200.0'
    """
    tail = (
        f"{100 * certainty.confidence_level:g} % interval over {certainty.n_images} "
        "images"
    )
    in_words = {}
    for way, label in DIRECTIONS.items():
        found = certainty.intervals[way]
        recalls = [
            f"{name.replace('recall@', 'R@')} {100 * low:.1f} to {100 * high:.1f}"
            for name, (low, high) in found.items()
            if name.startswith("recall@")
        ]
        low, high = found["median_rank"]
        ranks = f"median rank {low:.1f} to {high:.1f}"
        in_words[f"{label}, {tail}"] = ", ".join([*recalls, ranks])
    low, high = certainty.intervals["rsum"]
    return in_words | {f"rsum, {tail}": f"{low:.1f} to {high:.1f}"}


def _as_json(report, facts):
    return json.dumps({"report": report, **facts}, indent=2) + "\n"


def _as_csv(report, intervals):
    """A row for each number, with its interval if it has one.

    Examples
    --------
    >>> report = {"text_to_image": {"recall@1": 0.5, "n_queries": 8}, "rsum": 50.0}
    >>> intervals = {"text_to_image": {"recall@1": (0.4, 0.6)}, "rsum": (40.0, 60.0)}
    >>> print(_as_csv(report, intervals))
    direction,metric,value,low,high
    text_to_image,recall@1,0.5,0.4,0.6
    text_to_image,n_queries,8,,
    both,rsum,50.0,40.0,60.0
    <BLANKLINE>
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["direction", "metric", "value", "low", "high"])
    for key, value in report.items():
        if not isinstance(value, dict):
            rows.writerow(["both", key, value, *intervals[key]])
            continue
        for metric, number in value.items():
            limits = intervals[key].get(metric, ("", ""))
            rows.writerow([key, metric, number, *limits])
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
