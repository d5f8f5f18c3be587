"""
A recall without its gallery means nothing
==========================================

The same model, the same test images, and a recall that is anything between poor and
excellent: it depends on how many images each query is ranked among. And a model that
says nothing at all may look perfect, if ties are counted in its favour.
"""

# %%
# One model, evaluated in galleries of growing size. `gallery_size=` cuts the test
# images into random galleries that have no image in common.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.metrics import recall_at_k
from itm_sklearn.model_selection import (
    evaluate_retrieval,
    pair_similarity,
    train_test_split_pairs,
)

pairs = make_scenes(800, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=400, random_state=0)
words = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
encoder = DualEncoder(ColorHistogram((8, 2, 2), levels=3), words)
model = make_pipeline(encoder, CCA(32, ridge=3)).fit(train)

sizes = [10, 20, 50, 100, 200, 400]
reports = []
for size in sizes:
    evaluation = evaluate_retrieval(model, test, gallery_size=size, random_state=0)
    reports.append(evaluation.report["text_to_image"])
    print(
        f"{size:4d} images: recall@1 {reports[-1]['recall@1']:.2f}, "
        f"normalised rank {reports[-1]['mean_normalized_rank']:.3f}"
    )

# %%
# The mean normalised rank is the share of wrong images that stand before the first
# right one. It hardly moves with the gallery, so it can be compared between papers.
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for metric in ("recall@1", "recall@10", "mean_normalized_rank"):
    ax.semilogx(sizes, [report[metric] for report in reports], "o-", label=metric)
ax.set(xticks=sizes, xticklabels=sizes, xlabel="images in the gallery", ylim=(0, 1.02))
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# Ties. A constant score ranks nothing. Counted as "how many score strictly more", it
# would be right every time; here ties count against the model.
relevance = test.relevance().toarray()
constant = np.zeros(relevance.shape)
right = np.where(relevance, constant, -np.inf).max(axis=1)
naive = np.mean((constant > right[:, None]).sum(axis=1) == 0)
print(f"naive recall@1 of a constant: {naive:.0%}")
print(f"recall_at_k of a constant:    {recall_at_k(relevance, constant, k=1):.0%}")
similarity = pair_similarity(model, test)
print(f"recall_at_k of the model:     {recall_at_k(relevance, similarity, k=1):.0%}")
