"""Twelve matches of Flickr8k explained, as one page of pictures to look at.

    python benchmarks/quality/flickr8k_explanations.py --data ../shared/data/flickr8k

EfficientNet-lite0 and MiniLM encode training images and captions; one InfoNCE aligner
brings them together. Of the 1,000 development images every 83rd is explained with its
first caption: chosen by index, none left out. With `--memory` later runs find the codes
of the training images there; perturbed pictures are not kept.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn._load_image import load_image
from itm_sklearn.alignment import ContrastiveAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import load_pairs
from itm_sklearn.image import CNNEncoder
from itm_sklearn.inspection import explain_match, write_explanations
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.text import TransformerTextEncoder

N_SHOWN, EVERY, LONGEST_SIDE = 12, 83, 224


def load(data, split):
    """The pairs of an official split."""
    return load_pairs(
        data / "captions_train_dev.token.txt",
        data / "images",
        images=data / f"Flickr_8k.{split}Images.txt",
    )


def fit(pairs, memory):
    """Encoders and aligner; its cosine is what is explained."""
    pictures = make_pipeline(
        CNNEncoder(crop=False, verbose=1), FunctionTransformer(np.sqrt)
    )
    texts = make_pipeline(TransformerTextEncoder(verbose=1))
    aligner = ContrastiveAligner(
        n_components=512, input_dropout=0.4, max_iter=10, random_state=0, verbose=1
    )
    encoder = DualEncoder(pictures, texts, memory=memory)
    model = make_pipeline(encoder, aligner, SimilarityMatcher(random_state=0))
    model.fit(pairs)
    model[0].set_params(memory=None)
    return model


def main():
    """Fit, explain, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--memory", type=Path)
    parser.add_argument("--images", type=int, default=6000, help="to fit on")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--output", type=Path, default=Path("explanations.html"))
    arguments = parser.parse_args()
    train, dev = load(arguments.data, "train"), load(arguments.data, "dev")
    model = fit(train[train.image_index < arguments.images], arguments.memory)
    found = []
    for number in range(0, N_SHOWN * EVERY, EVERY):
        row = np.flatnonzero(dev.image_index == number)[0]
        start = time.process_time()
        picture = load_image(dev.images[number], max_size=LONGEST_SIDE)
        explanation = explain_match(
            model,
            picture,
            dev.texts[row],
            method="lime",
            segments="slic:30",
            image_fill="blur",
            n_samples=arguments.samples,
            random_state=0,
        )
        found.append(explanation)
        print(
            f"{number:4d}  {explanation.score:.3f} over {explanation.base_score:.3f}, "
            f"words {explanation.text_share:.2f}, {time.process_time() - start:.1f} s: "
            f"{explanation.text}",
            flush=True,
        )
    write_explanations(
        arguments.output,
        found,
        title="Twelve matches of Flickr8k, explained",
        summary="Development images 0, 83, 166, ... with their first caption; LIME.",
    )


if __name__ == "__main__":
    main()
