"""
An index that grows, filters, and is saved
==========================================

A retriever searches its gallery through an index. It takes more pairs later, answers
under conditions, forgets what it is told to, and is saved into a directory with
checksums.
"""

# %%
# A model, and a gallery with a column of metadata.
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import make_scenes
from itm_sklearn.model_selection import embed_pairs
from itm_sklearn.retrieval import CrossModalRetriever, ExactIndex, FaissIndex

model = make_baseline("color+hog", n_components=32, ridge=3, min_df=2, random_state=0)
model.fit(make_scenes(300, random_state=0).pairs)


def gallery(seed):
    """Fifty scenes and, for each caption, the kind of its scene."""
    data = make_scenes(50, random_state=seed)
    kinds = [data.scenes[image].kind for image in data.pairs.image_index]
    return data.pairs, {"kind": kinds}


pairs, metadata = gallery(seed=1)
retriever = CrossModalRetriever(model, index=ExactIndex()).fit(pairs, metadata=metadata)
more, more_metadata = gallery(seed=2)
retriever.add(more, metadata=more_metadata)

# %%
# The same question, with and without a condition.
question = ["a large blue star"]
answers = {
    "any scene": retriever.retrieve_images(question, 5),
    "kind == 'count'": retriever.retrieve_images(question, 5, where="kind == 'count'"),
}
figure, rows = plt.subplots(2, 5, figsize=(6, 2.8), layout="constrained")
for (name, answer), axes in zip(answers.items(), rows, strict=True):
    axes[0].set_title(name, loc="left", fontsize=10)
    for image, ax in zip(answer.items[0], axes, strict=True):
        ax.imshow(image)
        ax.axis("off")
plt.show()

# %%
# Saved whole or not at all; a file with one wrong bit is refused when it is read.
with TemporaryDirectory() as directory:
    path = retriever.save(Path(directory) / "gallery")
    print(sorted(file.name.split(".")[0] for file in path.iterdir()))
    again = CrossModalRetriever.load(path)
    print(again.retrieve_images(question, 3).indices)

# %%
# Other indexes find the same, or nearly, in less memory or less time. Indexes work
# without a retriever, too.
vectors = embed_pairs(model, make_scenes(1000, random_state=3).pairs)
exact = ExactIndex().fit(vectors.images).kneighbors(vectors.texts[:200], 10)[1]
for index in (
    ExactIndex(storage="float16"),
    ExactIndex(storage="int8"),
    FaissIndex("hnsw"),
):
    found = index.fit(vectors.images).kneighbors(vectors.texts[:200], 10)[1]
    shared = [len(np.intersect1d(a, b)) for a, b in zip(found, exact, strict=True)]
    print(f"{index}: {np.mean(shared) / 10:.1%} of the ten nearest")
