"""
Captions: fluent is not right
=============================

The simplest captioner finds the training caption that fits a picture best. Its
sentences are flawless, and metrics that count words like them. What a sentence states
is another question, and here it can be asked: each caption is parsed into facts.
"""

# %%
# Some combinations of colour and shape never occur in training. A captioner that copies
# can't say them.
import matplotlib.pyplot as plt
import numpy as np

from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import make_scenes, parse_caption
from itm_sklearn.generation import RetrievalCaptioner
from itm_sklearn.metrics import bleu, exact_match, rouge_l

unseen = [("red", "star"), ("blue", "circle"), ("green", "cross"), ("pink", "square")]
train = make_scenes(1000, held_out=unseen, random_state=0)
tests = {
    "seen before": make_scenes(150, held_out=unseen, random_state=1),
    "never seen": make_scenes(150, containing=unseen, random_state=2),
}
matcher = make_baseline("color+hog", n_components=32, ridge=3, min_df=2, random_state=0)
captioner = RetrievalCaptioner(matcher).fit(train.pairs)


def references(data):
    """The captions of each image."""
    n_images = data.pairs.n_images
    rows = [
        np.flatnonzero(data.pairs.image_index == image) for image in range(n_images)
    ]
    return [[data.pairs.texts[row] for row in found] for found in rows]


scores = {}
for name, data in tests.items():
    said, written = references(data), captioner.predict(data.pairs.images)
    scores[name] = [
        bleu(said, written),
        rouge_l(said, written),
        exact_match(said, written, facts=parse_caption),
    ]
    print(f"{name}: {written[0]!r}, and it shows {said[0][0]!r}")

# %%
# The words overlap nearly as well where the captioner can't be right. So judge captions
# by what they state, too, and look at combinations that training did not hold.
metrics = ["BLEU-4", "ROUGE-L", "all facts right"]
figure, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
for shift, (name, values) in zip((0.2, -0.2), scores.items(), strict=True):
    bars = ax.barh(np.arange(3) + shift, values, height=0.35, label=name)
    ax.bar_label(bars, fmt="%.2f")
ax.set(yticks=range(3), yticklabels=metrics, xlim=(0, 1), xlabel="on 150 scenes each")
ax.legend(title="colour and shape")
plt.show()
