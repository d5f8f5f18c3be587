"""Whether the gradient of a matcher earns its place in a GAN, at equal processor time.

    python benchmarks/quality/drawing_guidance.py

The same GAN on the scenes of `scenes_drawing.py`: alone, and guided by the matcher that
also chooses among candidates there. A guided step takes longer, so that there are fewer
passes in the same minutes; the minutes in which the matcher itself was trained are in
the row "matcher" and are not counted, which favours guidance.
"""

import argparse
import csv
import sys

from drawing_judge import load_judge
from scenes_drawing import (
    COLUMNS,
    METHODS,
    SHARED,
    fit_timed,
    make_chooser,
    make_data,
    rows_of_method,
    steps_of,
)

from itm_sklearn.generation import TextToImage


def fit_gan(train, guide, max_iter):
    """A GAN with or without a guide, and its minutes."""
    options = {**SHARED, **METHODS["gan"], "max_iter": max_iter}
    return fit_timed(TextToImage("gan", guidance=guide, **options), train.pairs)


def all_fits(train, matcher, max_iter):
    """The GAN alone, as often as asked; then guided for as many minutes."""
    alone, minutes = fit_gan(train, None, max_iter)
    yield "alone", alone, minutes
    _, of_one = fit_gan(train, matcher, 1)
    yield "guided", *fit_gan(train, matcher, max(1, round(minutes / of_one)))


def main():
    """Fit both; a CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--max-iter", type=int, default=4)
    parser.add_argument("--judges", help="folder that keeps the judge between runs")
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 2), help="of prompts")
    arguments = parser.parse_args()
    train, tests = make_data(("place",), arguments.images, arguments.seeds)
    judge = load_judge(("place",), folder=arguments.judges)
    table = csv.writer(sys.stdout)
    table.writerow(["gan", "drawn", "prompts", "cpu_minutes", "steps", *COLUMNS])
    matcher, minutes = fit_timed(make_chooser(), train.pairs)
    table.writerow(["matcher", "", "", f"{minutes:.1f}"])
    for name, model, minutes in all_fits(train, matcher, arguments.max_iter):
        n_steps = steps_of(model, len(train.pairs))
        rows = rows_of_method(judge, tests, model, minutes, matcher, n_steps)
        for (drawn, prompts, _), row in rows:
            numbers = (f"{row[key]:.5g}" if key in row else "" for key in COLUMNS)
            table.writerow([name, drawn, prompts, f"{minutes:.1f}", n_steps, *numbers])
            sys.stdout.flush()


if __name__ == "__main__":
    main()
