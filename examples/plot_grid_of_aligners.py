"""
Let a grid search choose the aligner
====================================

An aligner is a step of a Pipeline, so the step itself can be a value in the grid of
`GridSearchCV`, beside the numbers of each aligner. Folds split images, never
captions, and every candidate is judged by how it retrieves.
"""

# %%
# Colours in cells on one side, 40 axes of weighted words on the other.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from itm_sklearn.alignment import (
    CCA,
    ContrastiveAligner,
    KernelCCA,
    ProcrustesAligner,
    RidgeAligner,
)
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import ImageKFold, retrieval_scoring

pairs = make_scenes(300, random_state=0).pairs
words = make_pipeline(
    TfidfVectorizer(ngram_range=(1, 2), min_df=2), TruncatedSVD(40, random_state=0)
)
colours = ColorHistogram((8, 2, 2), levels=3)
model = Pipeline([("encode", DualEncoder(colours, words)), ("align", CCA())])

# %%
# Five aligners, some with numbers of their own, are one search.
learned = ContrastiveAligner(32, max_iter=10, random_state=0)
grid = [
    {"align": [CCA(32)], "align__ridge": [0.03, 0.3, 3.0]},
    {"align": [KernelCCA(32, random_state=0)], "align__ridge": [0.0003, 0.03]},
    {"align": [RidgeAligner("text")], "align__ridge": [0.1, 1.0]},
    {"align": [ProcrustesAligner(32), learned]},
]
search = GridSearchCV(
    model,
    grid,
    scoring=retrieval_scoring(),
    refit="rsum",
    cv=ImageKFold(3, shuffle=True, random_state=0),
).fit(pairs)
search.best_params_

# %%
# `rsum` is the sum of six recalls in percent, 600 at most. The bars are standard
# deviations over the folds; each fold ranks 100 images.
results = search.cv_results_
names = []
for chosen in results["params"]:
    ridge = f", ridge {chosen['align__ridge']:g}" if "align__ridge" in chosen else ""
    names.append(type(chosen["align"]).__name__ + ridge)
order = np.argsort(results["mean_test_rsum"])

figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.barh(
    np.array(names)[order],
    results["mean_test_rsum"][order],
    xerr=results["std_test_rsum"][order],
    alpha=0.7,
)
ax.set_xlabel("rsum over three folds")
plt.show()
