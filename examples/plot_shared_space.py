"""
Look into the shared space
==========================

Two pictures of a model: all scores of a few pairs, and both views in the plane with
a line from each text to its image.
"""

# %%
# A model of colours, edges and words.
import matplotlib.pyplot as plt

from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import make_scenes
from itm_sklearn.inspection import (
    EmbeddingDisplay,
    RecallCurveDisplay,
    SimilarityDisplay,
)
from itm_sklearn.model_selection import train_test_split_pairs

pairs = make_scenes(800, captions_per_image=1, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=100, random_state=0)
model = make_baseline("color+hog", n_components=32, ridge=3, min_df=2).fit(train)

# %%
# A row for each text, a column for each image, a dot where they belong together. A
# good model is bright along the diagonal; a column that is bright from top to bottom is
# a hub.
figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
SimilarityDisplay.from_estimator(model, test[:8], ax=ax)
plt.show()

# %%
# The plane shows two directions of 32. Short lines are pairs that the space brings
# together.
figure, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
EmbeddingDisplay.from_estimator(model, test[:40], ax=ax)
plt.show()

# %%
# How far down one has to look: the recall at every k, in both directions.
figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
RecallCurveDisplay.from_estimator(model, test, ax=ax)
plt.show()
