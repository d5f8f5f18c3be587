"""Are explanations right? On captioned scenes it is known what makes a match.

    python benchmarks/quality/scenes_explanation.py --pairs 100

A matcher is fitted on scenes (`scenes_matcher.py`); pairs of other scenes are
explained by every method, by an explanation drawn by lot, and by captum's KernelShap
with the same segments, fill and number of perturbations. Printed are, as means over
the pairs,

* insertion and deletion: areas under the score, as a share of the way from the score
  of nothing to that of the pair, as parts are shown or hidden in the order of their
  scores: both views in one order, the picture alone, the words alone;
* localisation: the ROC-AUC of the map on the pixels of the objects;
* foil: how often the one wrong word of a caption gets the lowest score;
* seconds of CPU for a pair.

Then the maps of single words (method "interactions") on scenes of two objects that
look different: the ROC-AUC of the right object's pixels against the other's. And
localisation with the weights of each layer of the matcher in another order, which has
to be chance. Settings were chosen on pairs of seed 7.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import torch
from scenes_matcher import fit_matcher, put_in_wrong_word, with_shuffled_weights
from sklearn.metrics import roc_auc_score

from itm_sklearn.datasets import make_scenes
from itm_sklearn.inspection import (
    explain_match,
    faithfulness,
    foil_accuracy,
    localisation_auc,
)
from itm_sklearn.pairs import ImageTextPairs

METHODS = ("occlusion", "lime", "shap", "interactions", "gradient")
SETTINGS = {"segments": "slic:30", "n_samples": 400, "random_state": 0}


def explain_by_lot(model, image, text, rng):
    """Segments and words with scores drawn by lot."""
    found = explain_match(model, image, text, method="occlusion", **SETTINGS)
    return replace(
        found,
        segment_scores=rng.normal(size=len(found.segment_scores)),
        word_scores=rng.normal(size=len(found.words)),
    )


def explain_by_captum(model, image, text, seed=0):
    """KernelShap of captum over pixels and words, in as few batches as it can."""
    from captum.attr import KernelShap

    like = explain_match(model, image, text, method="occlusion", **SETTINGS)
    n_segments, n_words = len(like.segment_scores), len(like.words)

    def score(images, words):
        texts = [
            " ".join(w for w, kept in zip(like.words, row, strict=True) if kept)
            for row in words.numpy() > 0
        ]
        pictures = images.numpy().astype(np.uint8)
        return torch.tensor(model.decision_function(ImageTextPairs(pictures, texts)))

    cover = np.rint(np.median(like.image.reshape(-1, 3), axis=0))
    labels = torch.tensor(like.segments)[None, :, :, None].expand(1, *like.image.shape)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        scores = KernelShap(score).attribute(
            (torch.tensor(like.image[None].astype(np.float32)), torch.ones(1, n_words)),
            (
                torch.tensor(cover, dtype=torch.float32).expand(1, *like.image.shape),
                torch.zeros(1, n_words),
            ),
            feature_mask=(labels, n_segments + torch.arange(n_words)[None]),
            n_samples=SETTINGS["n_samples"],
            perturbations_per_eval=SETTINGS["n_samples"],
            return_input_shape=False,
        )
    scores = scores.numpy().ravel()
    return replace(
        like, segment_scores=scores[:n_segments], word_scores=scores[n_segments:]
    )


def make_explainers(rng):
    """For each name a function of model, image and text."""

    def by(method):
        return lambda *match: explain_match(*match, method=method, **SETTINGS)

    explainers = {"random": lambda *match: explain_by_lot(*match, rng)}
    explainers |= {method: by(method) for method in METHODS}
    return explainers | {"captum KernelShap": explain_by_captum}


def explain_all(explain, model, data):
    """The explanation of each pair."""
    matches = zip(data.pairs.images, data.pairs.texts, strict=True)
    return [explain(model, *match) for match in matches]


def mean_localisation(found, data):
    """Mean ROC-AUC on the pixels of all objects."""
    pairs = zip(found, data.masks > 0, strict=True)
    return np.mean([localisation_auc(each, mask) for each, mask in pairs])


def judge(explain, model, data, foils):
    """All numbers of one method."""
    start = time.process_time()
    found = explain_all(explain, model, data)
    seconds = (time.process_time() - start) / len(found)
    areas = [
        faithfulness(model, each) for each in found if each.score > each.base_score
    ]
    wrong = [
        explain(model, image, text)
        for image, (text, _) in zip(data.pairs.images, foils, strict=True)
    ]
    places = [place for _, place in foils]
    names = ("insertion", "deletion", "image_gain", "text_gain")
    means = [np.mean([getattr(each, name) for each in areas]) for name in names]
    gain = means[0] - means[1]
    numbers = [
        *means[:2],
        gain,
        *means[2:],
        mean_localisation(found, data),
        foil_accuracy(wrong, places),
    ]
    return numbers, seconds, found


def find_objects(found, data):
    """For each word of one of two objects: whether its map shows that one."""
    aucs = []
    for each, scene, mask in zip(found, data.scenes, data.masks, strict=True):
        for number, thing in enumerate(scene.objects, start=1):
            others = {(o.colour, o.shape) for o in scene.objects if o is not thing}
            if scene.kind != "relation":
                continue
            for place, word in enumerate(each.words):
                mine = word in (thing.colour, thing.shape)
                if mine and not any(word in look for look in others):
                    objects = mask > 0
                    values = each.word_map(place)[objects]
                    aucs.append(roc_auc_score(mask[objects] == number, values))
    return np.mean(aucs), len(aucs)


def read_arguments():
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=24000, help="to fit on")
    parser.add_argument("--pairs", type=int, default=100, help="to explain")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--matcher", type=Path, help="file that keeps it between runs")
    parser.add_argument("--methods", nargs="*", help="some of those of the table")
    return parser.parse_args()


def main():
    """Fit, explain, judge, print."""
    arguments = read_arguments()
    torch.set_num_threads(1)
    model = load_matcher(arguments)
    rng = np.random.default_rng(arguments.seed)
    data = make_scenes(
        arguments.pairs, captions_per_image=1, random_state=arguments.seed
    )
    foils = [
        put_in_wrong_word(text, scene.facts, rng)
        for text, scene in zip(data.pairs.texts, data.scenes, strict=True)
    ]
    n_words = np.mean([1 / len(text.split()) for text, _ in foils])
    print(f"{len(foils)} pairs; a guess names {n_words:.2f} of the wrong words.")
    heads = "insertion deletion gain picture words localised foil CPU-s"
    print(f"{'method':18}" + "".join(f"{head:>10}" for head in heads.split()))
    explainers = make_explainers(rng)
    for name in arguments.methods or explainers:
        numbers, seconds, found = judge(explainers[name], model, data, foils)
        cells = "".join(f"{number:10.3f}" for number in (*numbers, seconds))
        print(f"{name:18}{cells}", flush=True)
        if name == "interactions":
            share, count = find_objects(found, data)
            print(f"  maps of {count} words show the right object: {share:.3f}")
        if name in ("lime", "shap"):
            found = explain_all(explainers[name], with_shuffled_weights(model), data)
            share = mean_localisation(found, data)
            print(f"  with shuffled weights localised: {share:.3f}", flush=True)


def load_matcher(arguments):
    """The matcher of an earlier run, or a new one."""
    path = arguments.matcher
    if path is not None and path.exists():
        return joblib.load(path)
    model = fit_matcher(arguments.images)
    if path is not None:
        joblib.dump(model, path)
    return model


if __name__ == "__main__":
    main()
