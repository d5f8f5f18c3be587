"""
A probability of a match, and a threshold
=========================================

Does this sentence describe this picture? A similarity of 0.6 is no answer. A matcher
learns what a score is worth, from pairs and sampled mismatches, and says a
probability that can be trusted, if it learns from images the aligner was not fitted
on.
"""

# %%
# Three parts: the aligner learns from the first, the probabilities from the second,
# and the third tells whether they are right.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, brier_score_loss
from sklearn.pipeline import make_pipeline

from itm_sklearn import ImageTextPairs
from itm_sklearn.alignment import CCA
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.matching import SimilarityMatcher, sample_mismatches
from itm_sklearn.model_selection import train_test_split_pairs

pairs = make_scenes(1000, random_state=0).pairs
train, rest = train_test_split_pairs(pairs, test_size=600, random_state=0)
held_out, test = train_test_split_pairs(rest, test_size=300, random_state=0)
words = TfidfVectorizer(ngram_range=(1, 2), min_df=2)
encoder = DualEncoder(ColorHistogram((8, 2, 2), levels=3), words)
aligner = make_pipeline(encoder, CCA(32, ridge=1)).fit(train)

# %%
# The test: every caption with its image, and with another one.
rows, images = sample_mismatches(test, random_state=0)
judged = ImageTextPairs(
    test.images,
    [*test.texts, *(test.texts[row] for row in rows)],
    np.concatenate([test.image_index, images]),
)
labels = np.repeat([1, 0], [len(test), len(rows)])

figure, ax = plt.subplots(figsize=(4.5, 4.2), layout="constrained")
learned_on = {"the aligner's own images": train, "images held out": held_out}
for name, learned in learned_on.items():
    matcher = SimilarityMatcher(random_state=0)
    model = make_pipeline(FrozenEstimator(aligner), matcher).fit(learned)
    told = model.predict_proba(judged)[:, 1]
    print(
        f"{name}: Brier score {brier_score_loss(labels, told):.3f}, accuracy "
        f"{accuracy_score(labels, model.predict(judged)):.3f} at threshold "
        f"{matcher.threshold_:.2f}"
    )
    CalibrationDisplay.from_predictions(labels, told, n_bins=8, name=name, ax=ax)
plt.show()

# %%
# The threshold serves what is asked of it, by any scorer of scikit-learn. For few
# false alarms ask for precision, or give the number itself.
for aim in ("balanced_accuracy", "f1", 0.7):
    matcher = SimilarityMatcher(threshold=aim, random_state=0)
    model = make_pipeline(FrozenEstimator(aligner), matcher).fit(held_out)
    called = model.predict(judged)
    found, false = called[labels == 1].mean(), called[labels == 0].mean()
    print(f"{aim}: finds {found:.0%} of the matches, {false:.0%} false alarms")
