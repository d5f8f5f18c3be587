"""
Learn from a stream of pairs
============================

Canonical correlation analysis needs means and products of the features, and those
add up. So `CCA.partial_fit` takes pairs chunk by chunk, in any order, and ends where
`fit` on all of them ends. Only one chunk is ever held.
"""

# %%
# What needs no learning comes first: colours in cells, and hashed words.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from itm_sklearn.alignment import CCA, PairMoments
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import evaluate_retrieval

words = HashingVectorizer(n_features=256, alternate_sign=False)
encoder = DualEncoder(ColorHistogram((8, 2, 2), levels=2), words)
test = encoder.fit_transform(make_scenes(200, random_state=99).pairs)


def chunks(n_chunks):
    """Scenes that nobody holds all at once."""
    for seed in range(n_chunks):
        yield encoder.transform(make_scenes(50, random_state=seed).pairs)


# %%
# The recall grows as pairs arrive.
stream = CCA(n_components=32)
n_seen, recalls = [], []
for chunk in chunks(16):
    stream.partial_fit(chunk)
    n_seen.append(len(chunk) + (n_seen[-1] if n_seen else 0))
    evaluation = evaluate_retrieval(stream, test, random_state=0)
    recalls.append(evaluation.report["text_to_image"]["recall@10"])

figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(n_seen, recalls, "o-")
ax.set(xlabel="pairs seen", ylabel="recall@10 of 200 images", ylim=(0, 1))
plt.show()

# %%
# Machines can share the work: each sums its own part, and the sums add up to the
# same model, whoever had which part.
parts = [
    PairMoments().update(chunk.images[chunk.image_index], chunk.texts)
    for chunk in chunks(16)
]
moments = sum(reversed(parts), PairMoments())
elsewhere = CCA(n_components=32).partial_fit(moments)
np.abs(elsewhere.correlations_ - stream.correlations_).max()
