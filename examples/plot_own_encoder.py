"""
Your own encoder: a function, or a torch module
===============================================

Whatever turns a list of images into rows of numbers is an image encoder: a function
is enough. And a torch module can be trained on the pairs themselves, together with
the space in which it meets the texts.
"""

# %%
# A function: nine patches of the picture, each with its mean colour.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import manual_seed, nn

from itm_sklearn.alignment import CCA, TowerAligner
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.model_selection import evaluate_retrieval, train_test_split_pairs

pairs = make_scenes(400, image_size=24, random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=100, random_state=0)


def mean_patches(images):
    """Nine mean colours for each picture of 24 × 24."""
    patches = np.asarray(images).reshape(-1, 3, 8, 3, 8, 3) / 255
    return patches.mean(axis=(2, 4)).reshape(len(images), -1)


words = CountVectorizer(min_df=2)
by_function = make_pipeline(DualEncoder(mean_patches, words), CCA(20)).fit(train)

# %%
# A torch module: two convolutions of its own. `TowerAligner` trains it by the
# contrastive loss; texts come as counts of words, and stay as they are.


def channels_first(images):
    """From bytes (height, width, 3) to numbers (3, height, width)."""
    return np.asarray(images, dtype=np.float32).transpose(0, 3, 1, 2) / 255 - 0.5


manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(3, 16, 5, stride=2, padding=2),
    nn.ReLU(),
    nn.Conv2d(16, 32, 3, stride=2, padding=1),
    nn.ReLU(),
    nn.AdaptiveMaxPool2d(3),
    nn.Flatten(),
)
counts = make_pipeline(words, FunctionTransformer(lambda found: found.toarray()))
by_module = make_pipeline(
    DualEncoder(channels_first, counts),
    TowerAligner(
        network, n_components=64, tower_share=1.0, max_iter=20, random_state=0
    ),
).fit(train)

# %%
# Both are evaluated like any other model.
evaluations = {
    name: evaluate_retrieval(model, test, random_state=0)
    for name, model in {"function": by_function, "module": by_module}.items()
}
figure, ax = plt.subplots(figsize=(5.5, 1.8), layout="constrained")
for height, (name, evaluation) in enumerate(evaluations.items()):
    low, high = evaluation.intervals["text_to_image"]["recall@10"]
    ax.barh(name, evaluation.report["text_to_image"]["recall@10"], alpha=0.7)
    ax.plot([low, high], [height, height], "k")
ax.set(xlim=(0, 1), xlabel="text to image, recall@10 of 100 images")
plt.show()
