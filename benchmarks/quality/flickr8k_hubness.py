"""Hubness corrections on Flickr8k, with and without sight of the test queries.

    python benchmarks/quality/flickr8k_hubness.py --data ../shared/data/flickr8k

Encoders and aligners are those of `flickr8k_aligners.py`; with `--memory` the codes of
the networks are kept there. An aligner is fitted on the 6,000 training images, whose
pairs are also the bank of queries, and ranks the 1,000 development images. With
`--held-out` it is fitted on 5,000 training images and ranks the other 1,000, once for
each setting in `SETTINGS`: of each method the setting with the highest sum of both
R@1 there, over both aligners, is in `CHOSEN`.

Inductive rows answer each query by itself. Transductive rows compare the test queries
with each other, and are not what a search of one query gives.
"""

import argparse
import csv
import sys
from pathlib import Path

from flickr8k_aligners import ALIGNERS, load, make_encoder

from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import (
    is_transductive,
    pair_similarity,
    train_test_split_pairs,
)
from itm_sklearn.retrieval import (
    CSLS,
    InvertedSoftmax,
    QueryBankNormalization,
    TransductiveCorrection,
)

NEIGHBORS = (1, 5, 10, 30, 100, 300)
TEMPERATURES = (0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
SETTINGS = [
    *(CSLS(n_neighbors) for n_neighbors in NEIGHBORS),
    *(InvertedSoftmax(temperature) for temperature in TEMPERATURES),
    *(
        QueryBankNormalization(temperature, n_activated=n_activated)
        for temperature in TEMPERATURES
        for n_activated in (1, 10)
    ),
    *(TransductiveCorrection("csls", n_neighbors=n) for n in NEIGHBORS),
    *(TransductiveCorrection(temperature=t) for t in TEMPERATURES),
    TransductiveCorrection("reciprocal_rank"),
]
CHOSEN = [
    CSLS(30),
    InvertedSoftmax(0.1),
    QueryBankNormalization(0.1, n_activated=10),
    TransductiveCorrection("csls", n_neighbors=10),
    TransductiveCorrection(temperature=0.05),
    TransductiveCorrection("reciprocal_rank"),
]


def evaluate(train, test, corrections):
    """Rows of the table: aligner, correction, whether it cheats, both R@1, rsum."""
    for name in ("CCA", "InfoNCE"):
        aligner = ALIGNERS[name](0).fit(train)
        bank, aligned = aligner.transform(train), aligner.transform(test)
        yield [name, "none", "inductive", *recalls(aligner, test)]
        for correction in corrections:
            mode = "transductive" if is_transductive(correction) else "inductive"
            numbers = recalls(correction.fit(bank), aligned)
            yield [name, str(correction), mode, *numbers]


def recalls(model, pairs):
    """R@1 from image to text and from text to image, and rsum, all in percent."""
    report = retrieval_report(pair_similarity(model, pairs), pairs)
    directions = ("image_to_text", "text_to_image")
    return [*(100 * report[way]["recall@1"] for way in directions), report["rsum"]]


def main():
    """Encode, align, correct, rank; a CSV table on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default="../shared/data/flickr8k")
    parser.add_argument("--memory", help="folder that keeps features between runs")
    parser.add_argument("--held-out", action="store_true", help="leave dev alone")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"No Flickr8k in {arguments.data}: say where with --data.")
    train, corrections = load(arguments.data, "train"), CHOSEN
    if arguments.held_out:
        train, test = train_test_split_pairs(train, test_size=1000, random_state=0)
        corrections = SETTINGS
    else:
        test = load(arguments.data, "dev")
    encoder = make_encoder(arguments.memory)
    train, test = encoder.fit_transform(train), encoder.transform(test)
    table = csv.writer(sys.stdout)
    table.writerow(["aligner", "correction", "mode", "i2t_r1", "t2i_r1", "rsum"])
    for *names, i2t, t2i, total in evaluate(train, test, corrections):
        table.writerow([*names, *(f"{number:.1f}" for number in (i2t, t2i, total))])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
