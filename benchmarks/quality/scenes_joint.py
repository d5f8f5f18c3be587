"""Images and texts from one hidden vector: what a `JointVAE` makes of the other view.

    python benchmarks/quality/scenes_joint.py

Scenes, prompts and judge are those of `scenes_drawing.py`. "painted": the most probable
image of each prompt, read by the judge. "written": the text of each image, which is
right if it states all facts of the scene and no other. "drawn pairs" are made of
nothing; they are right if the judge reads in the image what the text states.
"""

import argparse
import csv
import sys

from drawing_judge import by_slot, exact, facts_read, load_judge, parse, report
from scenes_drawing import COLUMNS, SHARED, facts_of, fit_timed, make_data, steps_of

from itm_sklearn.generation import JointVAE

OPTIONS = {"n_layers": 1, "max_iter": 10, **SHARED}


def row_of_texts(wanted, texts):
    """How well texts state the wanted facts."""
    stated = [parse(text) for text in texts]
    return {"exact": exact(wanted, stated).mean(), **by_slot(wanted, stated)}


def row_of_pairs(judge, pairs):
    """How often image and text of a pair agree."""
    stated = [parse(text) for text in pairs.texts]
    legible = [row for row, facts in enumerate(stated) if facts is not None]
    seen = facts_read(judge, pairs.images)
    agree = exact([stated[row] for row in legible], [seen[row] for row in legible])
    return {"exact": agree.sum() / len(stated)}


def all_rows(judge, tests, model):
    """Every row of the table, by what was made of which prompts."""
    for name, data in tests.items():
        facts = facts_of(data)
        painted = model.predict_image(data.pairs.texts)
        yield ("painted", name), report(judge, painted, facts)
        written = model.predict_text(data.pairs.images)
        yield ("written", name), row_of_texts(facts, written)
    yield ("drawn pairs", "none"), row_of_pairs(judge, model.sample(300))


def main():
    """Fit the model; a CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--max-iter", type=int, default=OPTIONS["max_iter"])
    parser.add_argument("--latents", type=int, default=32)
    parser.add_argument("--judges", help="folder that keeps the judge between runs")
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 2))
    arguments = parser.parse_args()
    train, tests = make_data(("place",), arguments.images, arguments.seeds)
    judge = load_judge(("place",), folder=arguments.judges)
    options = {**OPTIONS, "max_iter": arguments.max_iter}
    model, minutes = fit_timed(JointVAE(arguments.latents, **options), train.pairs)
    n_steps = steps_of(model, len(train.pairs))
    table = csv.writer(sys.stdout)
    columns = [column for column in COLUMNS if column != "diversity"]
    table.writerow(["made", "prompts", "cpu_minutes", "steps", *columns])
    for made, row in all_rows(judge, tests, model):
        numbers = (f"{row[column]:.5g}" if column in row else "" for column in columns)
        table.writerow([*made, f"{minutes:.1f}", n_steps, *numbers])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
