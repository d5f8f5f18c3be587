"""
Captions in Chinese
===================

Chinese is written without spaces. To `TfidfVectorizer` a run of letters is a word, so
a whole clause becomes one word that never comes again. Single characters and pairs of
them cure that, and so does a tokenizer such as jieba (``pip install jieba``).
"""

# %%
# Two sentences for each scene, written from what it shows.
import jieba
import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from itm_sklearn import ImageTextPairs
from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import COLOURS, PLACES, SHAPES, make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import evaluate_retrieval, train_test_split_pairs
from itm_sklearn.retrieval import CrossModalRetriever

names = ["左上角", "上方", "右上角", "左侧", "中央", "右侧", "左下角", "下方", "右下角"]
places = dict(zip(PLACES, names, strict=True))
shapes = dict(zip(SHAPES, ["圆形", "方形", "三角形", "星形", "十字形"], strict=True))
colours = dict(zip(COLOURS, "红橙黄绿青蓝紫粉", strict=True))


def write(facts):
    """Two Chinese sentences that state the same facts."""
    thing = facts.objects[0]
    size = {"small": "小", "large": "大"}[thing.size]
    one = f"{colours[thing.colour]}色的{size}{shapes[thing.shape]}"
    if facts.count > 1:
        number = " 一两三四"[facts.count]
        return [f"图中有{number}个{one}", f"{number}个{one}"]
    place = places[facts.place]
    return [f"画面{place}有一个{one}", f"一个{one}位于画面{place}"]


data = make_scenes(500, kinds=["place", "count"], random_state=0)
captions = [sentence for scene in data.scenes for sentence in write(scene.facts)]
pairs = ImageTextPairs(data.pairs.images, captions, np.repeat(np.arange(500), 2))
train, test = train_test_split_pairs(pairs, test_size=100, random_state=0)
print(*captions[:4], sep="\n")

# %%
# The same model with three ways to cut a sentence. jieba stands in a function, since
# ``jieba.lcut`` itself holds a lock and can't be copied, as every search does.
jieba.setLogLevel("ERROR")
texts = {
    "runs of letters": TfidfVectorizer(min_df=2),
    "characters": TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2),
    "words by jieba": TfidfVectorizer(
        tokenizer=lambda text: jieba.lcut(text), token_pattern=None
    ),
}
for way, vectorizer in texts.items():
    encoder = DualEncoder(ColorHistogram((8, 2, 2), levels=3), vectorizer)
    model = make_pipeline(encoder, CCA(32, ridge=3)).fit(train)
    found = evaluate_retrieval(model, test, random_state=0).report["text_to_image"]
    print(f"{way}: recall@10 {found['recall@10']:.2f} of {test.n_images} images")

# %%
# A question in Chinese: "three large red stars".
found = CrossModalRetriever(model).fit(test).retrieve_images(["三个红色的大星形"], 5)
figure, axes = plt.subplots(1, 5, figsize=(6, 1.4), layout="constrained")
for image, ax in zip(found.items[0], axes, strict=True):
    ax.imshow(image)
    ax.axis("off")
plt.show()
