"""
Search pictures by words
========================

A gallery of drawn scenes is searched by sentences that were not written for it. On
one side are colours and edges, on the other weighted words; canonical correlation
analysis brings both into one space, where the nearest pictures are the answer.
"""

# %%
# The model learns from 1,200 scenes and searches among 300 that it has never seen.
import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union

from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import HOG, ColorHistogram
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.model_selection import train_test_split_pairs
from itm_sklearn.retrieval import CrossModalRetriever

pairs = make_scenes(1500, random_state=0).pairs
train, gallery = train_test_split_pairs(pairs, test_size=300, random_state=0)
train

# %%
# A model is a Pipeline of scikit-learn: encoders, an aligner, a matcher.
model = make_pipeline(
    DualEncoder(
        image=make_union(
            ColorHistogram((8, 2, 2), levels=3), HOG(image_size=64, cell_size=16)
        ),
        text=TfidfVectorizer(ngram_range=(1, 2), min_df=2),
    ),
    CCA(n_components=32, ridge=3),
    SimilarityMatcher(random_state=0),
).fit(train)
retriever = CrossModalRetriever(model).fit(gallery)

# %%
# Only the images of the gallery are searched here, so its captions play no part.
queries = [
    "a large red star in the top left",
    "a small blue circle at the bottom",
    "three large green squares",
    "a yellow cross to the left of a purple triangle",
]
found = retriever.retrieve_images(queries, n_neighbors=5)

figure, rows = plt.subplots(len(queries), 5, figsize=(7, 7.4), layout="constrained")
for query, images, scores, axes in zip(
    found.queries, found.items, found.scores, rows, strict=True
):
    axes[0].set_title(query, loc="left", fontsize=10)
    for image, score, ax in zip(images, scores, axes, strict=True):
        ax.imshow(image)
        ax.set_xlabel(f"{score:.2f}", fontsize=8)
        ax.set(xticks=[], yticks=[])

# %%
# The other way round: which sentences of the gallery describe a picture?
picture = gallery.images[7:8]
texts = retriever.retrieve_texts(picture, n_neighbors=4)
for caption, score in zip(texts.items[0], texts.scores[0], strict=True):
    print(f"{score:.2f}  {caption}")

plt.figure(figsize=(1.5, 1.5))
plt.imshow(picture[0])
plt.axis("off")
plt.show()
