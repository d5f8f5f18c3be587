"""
Captions of one image on both sides of a split
==============================================

An image has several captions that say the same. If rows are split instead of images,
a model meets test images in training. Here every image gets the captions of another
image, so that there is nothing to be learned: whoever does better than chance has
seen the answers.
"""

# %%
# All captions of a scene go to one other scene.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold, cross_validate
from sklearn.pipeline import make_pipeline

from itm_sklearn import ImageTextPairs
from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import (
    ImageKFold,
    check_leakage,
    retrieval_scoring,
)

right = make_scenes(200, captions_per_image=4, random_state=0).pairs
others = np.random.default_rng(0).permutation(right.n_images)
pairs = ImageTextPairs(right.images, right.texts, others[right.image_index])

# %%
# Both splitters cut the same rows into four parts. `check_leakage` sees the
# difference at once.
splitters = {
    "KFold (rows)": KFold(4, shuffle=True, random_state=0),
    "ImageKFold (images)": ImageKFold(4, shuffle=True, random_state=0),
}
for name, splitter in splitters.items():
    train, test = next(splitter.split(pairs))
    report = check_leakage(pairs[train], pairs[test])
    print(f"{name}: {report.n_leaked_images} of {pairs[test].n_images} images leaked")

# %%
# Galleries of 50 images each, so that both are asked the same question. Chance is
# 10 in 50.
model = make_pipeline(
    DualEncoder(
        ColorHistogram((8, 4, 4), levels=3), TfidfVectorizer(ngram_range=(1, 2))
    ),
    CCA(ridge=0.01),
)
scoring = retrieval_scoring(gallery_size=50, random_state=0)
recalls = {}
for name, splitter in splitters.items():
    scores = cross_validate(model, pairs, cv=splitter, scoring=scoring)
    recalls[name] = scores["test_t2i_recall_at_10"]
    print(f"{name}: recall@10 {recalls[name].mean():.2f} of 50 images")

figure, ax = plt.subplots(figsize=(5.5, 2), layout="constrained")
for height, (name, values) in enumerate(recalls.items()):
    ax.barh(name, values.mean(), alpha=0.7)
    ax.plot(values, [height] * len(values), "k.")
ax.axvline(10 / 50, color="gray", linestyle=":", label="chance")
ax.set(xlim=(0, 1), xlabel="text to image, recall@10 of 50 images")
ax.legend()
plt.show()
