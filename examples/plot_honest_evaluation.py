"""
Is one model better, or was it lucky?
=====================================

Two recalls always differ. `evaluate_retrieval` says how sure each of them is, and
`compare_retrieval` whether the difference would be there with other images.
"""

# %%
# Three models that differ in the image encoder alone, and a small test set.
import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import (
    compare_retrieval,
    evaluate_retrieval,
    train_test_split_pairs,
)

pairs = make_scenes(1000, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=150, random_state=0)


def fitted(**settings):
    """The same pipeline with another histogram of colours."""
    text = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
    encoder = DualEncoder(ColorHistogram(**settings), text)
    return make_pipeline(encoder, CCA(32, ridge=3)).fit(train)


cells = fitted(bins=(8, 2, 2), levels=3)
plain = fitted(bins=(8, 2, 2), levels=1)
finer = fitted(bins=(8, 4, 2), levels=3)
evaluate_retrieval(cells, test, random_state=0)

# %%
# `compare_retrieval` draws the same images for both models, so that what they share
# cancels. Its p-value swaps the two models image by image.
against_plain = compare_retrieval(cells, plain, test, random_state=0)
against_finer = compare_retrieval(cells, finer, test, random_state=0)
print(against_finer)

# %%
# An interval that holds zero says: these images do not show which model is better.
metrics = ["recall@1", "recall@5", "recall@10"]
figure, axes = plt.subplots(1, 2, figsize=(7, 2.6), sharex=True, layout="constrained")
for ax, (title, comparison) in zip(
    axes,
    {"against no cells": against_plain, "against finer bins": against_finer}.items(),
    strict=True,
):
    for height, metric in enumerate(metrics):
        low, high = comparison.intervals["text_to_image"][metric]
        p_value = comparison.p_values["text_to_image"][metric]
        ax.plot([low, high], [height, height], color="tab:blue")
        ax.plot(comparison.differences["text_to_image"][metric], height, "o")
        ax.annotate(f"p = {p_value:.3f}", (high, height), fontsize=8)
    ax.axvline(0, color="gray", linestyle=":")
    ax.set(title=title, yticks=range(3), yticklabels=metrics, ylim=(-0.5, 2.7))
plt.show()
