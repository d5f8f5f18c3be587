"""
Hubs: items that everybody finds
================================

In a space of many dimensions a few items are near to most queries. They fill the
result lists, and others are never found. What a hub takes off its score can be
learned from training queries, so that a single new query still gets its answer by
itself.
"""

# %%
# Regression from one view into the other is known for its hubs: predictions lie near
# the mean. Here pictures ask, and the sentences are the items that are found.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import RidgeAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.inspection import hubness
from itm_sklearn.model_selection import (
    evaluate_retrieval,
    is_transductive,
    pair_similarity,
    train_test_split_pairs,
)
from itm_sklearn.retrieval import CSLS, InvertedSoftmax, TransductiveCorrection

pairs = make_scenes(600, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=200, random_state=0)
words = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
encoder = DualEncoder(ColorHistogram((8, 2, 2), levels=3), words).fit(train)
train, test = encoder.transform(train), encoder.transform(test)

# %%
# The corrections stand behind the aligner. The last one compares the test queries
# with each other: what it gains, no search of one query can have.
corrections = {
    "cosine": "passthrough",
    "CSLS": CSLS(10),
    "inverted softmax": InvertedSoftmax(0.2),
    "dual softmax": TransductiveCorrection(temperature=0.1),
}
counts = {}
for name, correction in corrections.items():
    model = make_pipeline(RidgeAligner("image"), correction).fit(train)
    similarity = np.asarray(pair_similarity(model, test))
    found = hubness(similarity)["image_to_text"]
    rsum = evaluate_retrieval(model, test, random_state=0).report["rsum"]
    first = np.argsort(-similarity.T, axis=1)[:, :10]
    counts[name] = np.bincount(first.ravel(), minlength=len(test))
    mode = "transductive" if is_transductive(model) else ""
    print(
        f"{name:17s} rsum {rsum:5.1f}, never found {found['never_found']:5.1%}, "
        f"skewness {found['skewness']:4.2f} {mode}"
    )

# %%
# How often each sentence is among the first ten, from the most found to the least.
figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for name, count in counts.items():
    ax.plot(np.sort(count)[::-1], label=name)
ax.axhline(test.n_images * 10 / len(test), color="gray", linestyle=":", label="even")
ax.set(xlabel="sentences, the most found first", ylabel="pictures that find it")
ax.legend()
plt.show()
