"""
Choose a fusion by grid search
==============================

A fusion turns a pair into one vector, for any classifier behind it. Here the picture
shows the colour of an object well and its shape badly, and half the words of each
caption are lost. Both views together know more than either alone. How are they best
put together?
"""

# %%
# Forty classes: a colour and a shape.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.fusion import (
    AverageFusion,
    ConcatFusion,
    ProductFusion,
    WeightedFusion,
)
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import ImageKFold

data = make_scenes(400, kinds=["place"], captions_per_image=2, random_state=0)
shown = [scene.objects[0] for scene in data.scenes]
classes = np.array([f"{thing.colour} {thing.shape}" for thing in shown])
y = classes[data.pairs.image_index]

draw = np.random.default_rng(0)


def lose_words(texts):
    """Keep every second word, by lot."""
    return [" ".join(w for w in text.split() if draw.random() < 0.5) for text in texts]


pairs = data.pairs.map(text=lose_words)
print(pairs.texts[:3], y[:3])

# %%
# Side by side, the views may differ in width. The other fusions need one space, so
# `CCA` stands before them.
words = make_pipeline(TfidfVectorizer(min_df=2), TruncatedSVD(24, random_state=0))
classify = LogisticRegression(C=10, max_iter=500)
encode = DualEncoder(ColorHistogram((8, 2, 2)), words)
steps = [("encode", encode), ("align", CCA(16)), ("fuse", None), ("classify", classify)]
grid = [
    {"align": ["passthrough"], "fuse": [ConcatFusion()]},
    {"fuse": [ConcatFusion(), AverageFusion(), ProductFusion()]},
    {"fuse": [WeightedFusion([0.3, 0.7]), WeightedFusion([0.7, 0.3])]},
]
folds = ImageKFold(3, shuffle=True, random_state=0)
search = GridSearchCV(Pipeline(steps), grid, cv=folds).fit(pairs, y)

# %%
# Each view alone is the line to beat.
alone = {}
for name, weights in {"images alone": [1, 0], "texts alone": [0, 1]}.items():
    model = Pipeline(steps).set_params(fuse=WeightedFusion(weights))
    alone[name] = cross_val_score(model, pairs, y, cv=folds).mean()

names = [str(chosen["fuse"]) for chosen in search.cv_results_["params"]]
names[0] += ", no CCA"
scores = alone | dict(zip(names, search.cv_results_["mean_test_score"], strict=True))
figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
ax.barh(list(scores), list(scores.values()), alpha=0.7)
ax.set_xlabel("accuracy over three folds, 40 classes")
plt.show()
