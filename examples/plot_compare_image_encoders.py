"""
Compare classical image encoders
================================

Five ways to describe a picture without a network, each behind the same texts, the
same aligner and the same split. Which differences are more than luck? Every recall
comes with its interval.
"""

# %%
# The images are drawn, so this ranking is about drawings. The page on choosing an
# image encoder has the same table for photos.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import HOG, ORB, SIFT, BagOfVisualWords, ColorHistogram
from itm_sklearn.model_selection import evaluate_retrieval, train_test_split_pairs

pairs = make_scenes(300, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=100, random_state=0)

# %%
# Descriptors of keypoints become a vector by counting visual words. The other
# encoders give a vector at once.
ENCODERS = {
    "SIFT words": make_pipeline(SIFT(100), BagOfVisualWords(200, random_state=0)),
    "ORB words": make_pipeline(ORB(100), BagOfVisualWords(200, random_state=0)),
    "edges": HOG(image_size=64, cell_size=16),
    "colours": ColorHistogram((8, 2, 2)),
    "colours in cells": ColorHistogram((8, 2, 2), levels=3),
}

evaluations = {}
for name, encoder in ENCODERS.items():
    text = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
    model = make_pipeline(DualEncoder(encoder, text), CCA(32, ridge=3)).fit(train)
    evaluations[name] = evaluate_retrieval(model, test, random_state=0)

# %%
# One evaluation in full: both directions, every metric, and what was ranked.
print(evaluations["colours in cells"])

# %%
# The intervals are those of a bootstrap over images. Where two of them overlap, ask
# `compare_retrieval`: intervals of two models share the luck of the images.
metric = "recall@10"
values = [each.report["text_to_image"][metric] for each in evaluations.values()]
limits = np.array([e.intervals["text_to_image"][metric] for e in evaluations.values()])

figure, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
below, above = values - limits[:, 0], limits[:, 1] - values
ax.barh(list(evaluations), values, xerr=[below, above], color="tab:blue", alpha=0.7)
ax.axvline(10 / test.n_images, color="gray", linestyle=":", label="chance")
ax.set(xlim=(0, 1), xlabel=f"text to image, {metric} of {test.n_images} images")
ax.legend()
plt.show()
