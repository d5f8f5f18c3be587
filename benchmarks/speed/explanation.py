"""Explained pairs a second at 400 perturbations, beside captum on the same model.

    python benchmarks/speed/explanation.py --repeat 5

A small network over scenes of 64 x 64 is explained with 16 segments and all words as
players. KernelShap of captum gets the same segments and covers; it asks for one
perturbation at a time by default, or for as many in a batch as it is told to. All
methods take turns in one process on one thread; the table holds medians of CPU seconds
for a pair, and the mean distance to Shapley values from 20,000 coalitions, as a share
of their mean size.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from itm_sklearn.datasets import make_scenes
from itm_sklearn.inspection import explain_match
from itm_sklearn.pairs import ImageTextPairs

sys.path.append(str(Path(__file__).parents[1] / "quality"))
from scenes_matcher import fit_matcher

N_SAMPLES = 400
SETTINGS = {"method": "shap", "segments": "grid:4"}


def explain_by_captum(model, image, text, at_once):
    """KernelShap over pixels and words; scores of segments, then of words."""
    from captum.attr import KernelShap

    words = text.split()
    labels = np.arange(64) * 4 // 64
    labels = torch.tensor(4 * labels[:, None] + labels)

    def score(images, shown):
        texts = [
            " ".join(w for w, kept in zip(words, row, strict=True) if kept)
            for row in shown.numpy() > 0
        ]
        pairs = ImageTextPairs(images.numpy().astype(np.uint8), texts)
        return torch.tensor(model.decision_function(pairs))

    cover = torch.tensor(np.rint(np.median(image.reshape(-1, 3), axis=0)))
    found = KernelShap(score).attribute(
        (torch.tensor(image[None]).float(), torch.ones(1, len(words))),
        (cover.float().expand(1, *image.shape), torch.zeros(1, len(words))),
        feature_mask=(
            labels[None, :, :, None].expand(1, *image.shape),
            16 + torch.arange(len(words))[None],
        ),
        n_samples=N_SAMPLES,
        perturbations_per_eval=at_once,
        return_input_shape=False,
    )
    return found.numpy().ravel()


def explain(model, image, text, n_samples=N_SAMPLES):
    """Scores of segments, then of words."""
    options = {**SETTINGS, "n_samples": n_samples, "random_state": 0}
    found = explain_match(model, image, text, **options)
    return np.concatenate([found.segment_scores, found.word_scores])


def main():
    """Compare, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    methods = {
        "explain_match": explain,
        "captum, 400 at once": lambda *match: explain_by_captum(*match, 400),
        "captum, 1 at once": lambda *match: explain_by_captum(*match, 1),
    }
    with threadpool_limits(1):
        model = fit_matcher(600, max_iter=5, min_df=2)
        pairs = make_scenes(arguments.pairs, captions_per_image=1, random_state=7).pairs
        matches = list(zip(pairs.images, pairs.texts, strict=True))
        errors, seconds = ({name: [] for name in methods} for _ in range(2))
        for match in matches:
            truth = explain(model, *match, n_samples=20_000)
            for name, method in methods.items():
                error = np.abs(method(model, *match) - truth).mean()
                errors[name].append(error / np.abs(truth).mean())
        for _ in range(arguments.repeat):
            for name, method in methods.items():
                start = time.process_time()
                for match in matches:
                    method(model, *match)
                spent = (time.process_time() - start) / len(matches)
                seconds[name].append(spent)
    print(f"{'method':22}{'CPU s a pair':>14}{'pairs a s':>11}{'error':>8}")
    for name in methods:
        spent = np.median(seconds[name])
        print(f"{name:22}{spent:14.3f}{1 / spent:11.2f}{np.mean(errors[name]):8.3f}")


if __name__ == "__main__":
    main()
