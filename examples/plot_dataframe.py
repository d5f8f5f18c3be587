"""
A DataFrame in, a DataFrame out
===============================

Captions often come as a table with the columns ``image`` and ``text``. Such a table
is accepted wherever pairs are: to fit, to search, to evaluate.
"""

# %%
# Pictures as files, and a table with a row for each caption.
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import pandas as pd
from PIL import Image

from itm_sklearn import as_pairs
from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import load_pairs, make_scenes
from itm_sklearn.model_selection import evaluate_retrieval, train_test_split_pairs
from itm_sklearn.retrieval import CrossModalRetriever

folder = TemporaryDirectory()
scenes = make_scenes(250, random_state=0).pairs
for number, image in enumerate(scenes.images):
    Image.fromarray(image).save(Path(folder.name) / f"{number}.png")
names = [f"{number}.png" for number in scenes.image_index]
table = pd.DataFrame({"image": names, "text": list(scenes.texts)})
table.to_csv(Path(folder.name) / "captions.csv", index=False)
table.head()

# %%
# `load_pairs` reads the file and finds the pictures; rows with the same file share
# one image.
pairs = load_pairs(Path(folder.name) / "captions.csv", image_dir=folder.name)
train, test = train_test_split_pairs(pairs, test_size=50, random_state=0)
pairs

# %%
# Back to a table, which a model takes as it is.
frame = train.to_frame()
model = make_baseline("color+hog", n_components=32, ridge=3, min_df=2).fit(frame)
as_pairs(frame)

# %%
# Results are tables, too: the metrics with their intervals,
evaluate_retrieval(model, test.to_frame(), random_state=0).to_frame().round(3)

# %%
# and what was found.
retriever = CrossModalRetriever(model).fit(test)
found = retriever.retrieve_images(["a small green cross at the top"], n_neighbors=4)
found.to_frame().assign(item=lambda rows: rows["item"].map(lambda p: Path(p).name))

# %%
figure, axes = plt.subplots(1, 4, figsize=(5, 1.5), layout="constrained")
for path, ax in zip(found.items[0], axes, strict=True):
    ax.imshow(Image.open(path))
    ax.axis("off")
plt.show()
folder.cleanup()
