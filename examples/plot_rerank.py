"""
Two stages: search fast, then look closely
==========================================

A first stage that is cheap scores everything and chooses candidates. A second one,
which may be a hundred times slower, scores only those. Here the first stage sees
colours, and the second one also cells and edges.
"""

# %%
# All features are computed at once; each stage takes its columns.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import HOG, ColorHistogram
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import evaluate_retrieval, train_test_split_pairs
from itm_sklearn.retrieval import Reranker

pairs = make_scenes(800, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=400, random_state=0)
encoder = DualEncoder(
    make_union(
        ColorHistogram((8, 2, 2)),
        ColorHistogram((8, 2, 2), levels=3),
        HOG(image_size=64, cell_size=16),
    ),
    TfidfVectorizer(ngram_range=(1, 2), min_df=2),
).fit(train)
train, test = encoder.transform(train), encoder.transform(test)


def first_columns(images):
    """The colours of the whole picture alone."""
    return images[:, :32]


fast = make_pipeline(
    DualEncoder(image=FunctionTransformer(first_columns)),
    CCA(16, ridge=1),
    SimilarityMatcher(),
).fit(train)
close = make_pipeline(CCA(32, ridge=3), SimilarityMatcher()).fit(train)

# %%
# How many candidates are enough? `weight` is what the second stage counts: 1 forgets
# the scores of the first.
report = {
    name: evaluate_retrieval(model, test, random_state=0).report["text_to_image"]
    for name, model in {"fast": fast, "close": close}.items()
}
sizes = [1, 5, 10, 20, 50, 100, 400]
recalls = []
for size in sizes:
    both = Reranker(fast, close, n_candidates=size, weight=0.8).fit(train)
    evaluation = evaluate_retrieval(both, test, n_bootstrap=100, random_state=0)
    recalls.append(evaluation.report["text_to_image"]["recall@5"])
    print(f"{size:4d} candidates: {size / test.n_images:6.1%} of the work")

# %%
# A part of the work of the second stage brings most of what it can bring.
figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.semilogx(sizes, recalls, "o-", label="both stages")
for name, style in {"fast": ":", "close": "--"}.items():
    level = report[name]["recall@5"]
    ax.axhline(level, color="gray", linestyle=style, label=f"{name} stage alone")
ax.set(xticks=sizes, xticklabels=sizes, xlabel="candidates", ylabel="recall@5")
ax.set_ylim(0, np.ceil(10 * max(recalls)) / 10)
ax.minorticks_off()
ax.legend()
plt.show()
