"""Texts drawn by three methods, and judged by what the images show.

    python benchmarks/quality/scenes_drawing.py
    python benchmarks/quality/scenes_drawing.py --kinds place relation count

4,000 scenes of 32 x 32 pixels with one object each, in which five combinations of
colour and shape never occur; prompts are 300 captions of scenes like these, and 300 of
scenes that show one of the five. `drawing_judge.py` says how images are judged; its
judge gets real images too, and real images under other prompts: the ceiling and the
floor. With `--mirror` half of each batch is mirrored, with "left" and "right"
exchanged in its captions. "best of 8" is chosen by a matcher that saw what the methods
saw, and "painted again" are real images through the codes of the VQ-VAE.

The columns "diversity" compare eight samples of one prompt: 0 if they are alike.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
import torch
from drawing_judge import HELD_OUT, diversity, load_judge, report
from scenes_matcher import SceneTower, make_matcher

from itm_sklearn.datasets import KINDS, make_scenes
from itm_sklearn.generation import VQVAE, TextToImage
from itm_sklearn.persistence import save

SHARED = {"image_size": 32, "random_state": 0, "verbose": 1}
CODES = {"n_codes": 512, "n_paints": 3, "batch_size": 32, "max_iter": 20, **SHARED}
_PRIOR = {"batch_size": 32, "learning_rate": 3e-3, "text_dropout": 0.1}
METHODS = {
    "vqvae-gpt2": {"max_iter": 5, **_PRIOR},
    "gan": {"max_iter": 10, "n_layers": 1, "n_latents": 16},
    "cvae": {"max_iter": 10, "n_layers": 1, "n_latents": 16},
}
# Scenes of several objects: as many figures, and more that the text leaves open.
_MANY = {"n_layers": 4, "n_latents": 32}
# How the prior is asked; chosen on prompts of other seeds.
ASKED = {"vqvae-gpt2": {"temperature": 0.3, "text_weight": 2.0}}
_EXCHANGED = {"left": "right", "right": "left"}
COLUMNS = (
    *("exact", "colour", "shape", "size", "place", "relation", "count"),
    *("blob", "exact_without_network", "diversity"),
)


def mirror(images, texts, rng):
    """Half of the images as in a mirror, and what is true of them then."""
    chosen = rng.random_sample(len(texts)) < 0.5
    images = np.where(chosen[:, None, None, None], images[:, :, ::-1], images)
    return images, [
        " ".join(_EXCHANGED.get(word, word) for word in text.split()) if swap else text
        for text, swap in zip(texts, chosen, strict=True)
    ]


def make_data(kinds, n_images, seeds=(1, 2)):
    """Training scenes, and both sets of prompts with their scenes."""
    options = {"kinds": kinds, "image_size": 32}
    train = make_scenes(n_images, held_out=HELD_OUT, random_state=0, **options)
    options["captions_per_image"] = 1
    return train, {
        "seen": make_scenes(300, held_out=HELD_OUT, random_state=seeds[0], **options),
        "held_out": make_scenes(
            300, containing=HELD_OUT, random_state=seeds[1], **options
        ),
    }


def fit_timed(model, data):
    """The fitted model and minutes of processor time."""
    start = time.process_time()
    return model.fit(data), (time.process_time() - start) / 60


def steps_of(model, n_rows):
    """Steps that a fit on so many rows has taken."""
    return -(-n_rows // model.batch_size) * model.max_iter


def make_chooser():
    """The unfitted matcher: images of 32 pixels have four cells on a side."""
    with torch.random.fork_rng([]):
        torch.manual_seed(7)
        tower = SceneTower(side=4)
    matcher = make_matcher(max_iter=8, min_df=2, seed=7)
    return matcher.set_params(toweraligner__image_tower=tower)


def facts_of(data):
    """What the prompts state."""
    return [scene.facts for scene in data.scenes]


def shows_several(tests):
    """Whether some scene shows more than one object."""
    return any(facts.kind != "place" for facts in facts_of(tests["seen"]))


def rows_of_real(judge, tests):
    """Ceiling and floor of the judge."""
    for name, data in tests.items():
        facts, images = facts_of(data), data.pairs.images
        yield ("real", name), report(judge, images, facts)
        order = np.random.default_rng(0).permutation(len(facts))
        yield ("other prompts", name), report(judge, images[order], facts)


def rows_of_codes(judge, tests, model, minutes, n_images):
    """Real images, painted again from their codes."""
    for name, data in tests.items():
        painted = model.inverse_transform(model.transform(data.pairs.images))
        row = report(judge, painted, facts_of(data))
        row["steps"] = steps_of(model, n_images)
        row |= {"psnr": model.score(data.pairs.images), "usage": model.usage_}
        yield ("painted again", name, minutes), row


def rows_of_method(judge, tests, model, minutes, matcher, n_steps):
    """One candidate, and the best of eight."""
    for name, data in tests.items():
        facts, texts = facts_of(data), data.pairs.texts
        more = {
            "diversity": diversity(model.sample(texts[:50], 8)),
            "steps": n_steps,
        }
        images = model.predict(texts)
        yield (model.method, name, minutes), report(judge, images, facts) | more
        model.set_params(n_candidates=8, matcher=matcher)
        best = model.predict(texts)
        model.set_params(n_candidates=1)
        yield (f"{model.method}, best of 8", name, minutes), report(judge, best, facts)


def all_rows(judge, train, tests, methods, changes, folder=None):
    """Every row of the table, as soon as it is known; models go into the folder."""
    yield from rows_of_real(judge, tests)
    matcher, _ = fit_timed(make_chooser(), train.pairs)
    codes, code_minutes = None, 0.0
    for method in methods:
        many = _MANY if shows_several(tests) and method in ("gan", "cvae") else {}
        options = {**SHARED, **METHODS[method], **many, **changes}
        if method == "vqvae-gpt2":
            codes, code_minutes = fit_timed(VQVAE(**CODES), train.pairs.images)
            yield from rows_of_codes(
                judge, tests, codes, code_minutes, train.pairs.n_images
            )
            options["encoder"] = codes
        model, minutes = fit_timed(TextToImage(method, **options), train.pairs)
        minutes += code_minutes if method == "vqvae-gpt2" else 0
        model.set_params(**ASKED.get(method, {}))
        if folder:
            save(model, Path(folder, f"{method}.itm"))
        n_steps = steps_of(model, len(train.pairs))
        yield from rows_of_method(judge, tests, model, minutes, matcher, n_steps)


def main():
    """Fit each method; a CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=["place"])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--max-iter", type=int, help="passes, instead of the usual")
    parser.add_argument("--mirror", action="store_true")
    parser.add_argument("--seeds", type=int, nargs=2, default=(1, 2), help="of prompts")
    parser.add_argument("--keep", help="folder that the fitted models are kept in")
    parser.add_argument("--judges", help="folder that keeps the judge between runs")
    arguments = parser.parse_args()
    kinds = tuple(arguments.kinds)
    changes = {"max_iter": arguments.max_iter} if arguments.max_iter else {}
    changes |= {"augment": mirror} if arguments.mirror else {}
    train, tests = make_data(kinds, arguments.images, arguments.seeds)
    judge = load_judge(kinds, folder=arguments.judges)
    table = csv.writer(sys.stdout)
    columns = ["steps", *COLUMNS, "psnr", "usage"]
    table.writerow(["images", "prompts", "cpu_minutes", *columns])
    for (name, prompts, *minutes), row in all_rows(
        judge, train, tests, arguments.methods, changes, arguments.keep
    ):
        numbers = (f"{row[column]:.5g}" if column in row else "" for column in columns)
        table.writerow([name, prompts, *(f"{m:.1f}" for m in minutes or [0]), *numbers])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
