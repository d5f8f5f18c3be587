"""
Why does this sentence fit this picture?
========================================

Segments of the picture and words of the text are hidden, some at a time, and the model
is asked again. Shapley values share its score among them: what did each part do?
"""

# %%
# A model of colours, edges and words, and a pair that it has never seen.
import matplotlib.pyplot as plt
import numpy as np

from itm_sklearn.baselines import make_baseline
from itm_sklearn.datasets import make_scenes
from itm_sklearn.inspection import explain_match
from itm_sklearn.model_selection import pair_similarity, train_test_split_pairs

pairs = make_scenes(800, kinds=["relation"], random_state=0).pairs
train, test = train_test_split_pairs(pairs, test_size=50, random_state=0)
model = make_baseline("color", n_components=32, ridge=3, min_df=2, random_state=0)
model.fit(train)
similarity = pair_similarity(model, test)[np.arange(len(test)), test.image_index]
row = int(np.argmax(similarity))
picture, text = test.images[test.image_index[row]], test.texts[row]
text

# %%
# The values of all segments and words sum to the score, less that of an empty picture
# and an empty text. Orange speaks for the match, blue against it.
explanation = explain_match(
    model, picture, text, segments="grid:4", n_samples=300, random_state=0
)
figure, axes = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained")
explanation.plot(axes)
plt.show()

# %%
# How much of it the text did, and which words did most:
print(f"share of the text: {explanation.text_share:.0%}")
order = np.argsort(-np.abs(explanation.word_scores))
for place in order[:4]:
    print(f"{explanation.words[place]:10s} {explanation.word_scores[place]:+.2f}")
