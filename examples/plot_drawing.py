"""
Texts become images
===================

`TextToImage` learns P(x | y): what images look like of which a text is true. Scenes
whose facts are known tell whether a drawing shows what was asked for.
"""

# %%
# One object in each scene, and some combinations of colour and shape that never occur.
# The variational model is the quickest of the three methods to learn.
import matplotlib.pyplot as plt
import numpy as np

from itm_sklearn.datasets import make_scenes
from itm_sklearn.generation import VQVAE, TextToImage
from itm_sklearn.inspection import DrawingDisplay

unseen = [("red", "star"), ("blue", "circle"), ("green", "cross")]
options = {"kinds": "place", "held_out": unseen, "image_size": 32}
train = make_scenes(2000, captions_per_image=1, random_state=0, **options)
quick = {"batch_size": 32, "max_iter": 14, "random_state": 0}
model = TextToImage("cvae", n_layers=1, n_latents=16, **quick).fit(train.pairs)

# %%
# Each row has four samples of one text: what the text leaves open is drawn by lot, such
# as the ground and where in its third of the picture an object lies. The last row is a
# combination that training did not hold. Colours and places are learned first, and
# shapes last, of which a minute of training gives but some.
texts = [
    "a large yellow square in the centre",
    "a large yellow square on the left",
    "a large purple square on the left",
    "a small red circle at the top",
    "a large red star in the lower right",
]
DrawingDisplay.from_estimator(model, texts, n=4)
plt.show()

# %%
# The log-likelihood turns the model into a matcher: is an image more probable with its
# own text, or with that of another image?
test = make_scenes(100, captions_per_image=1, random_state=1, **options).pairs
own = model.score_pairs(test)
other = model.score_pairs(np.roll(test.texts, 1).tolist(), test.images)
print(f"more probable with its own text: {np.mean(own > other):.2f} of the images")

# %%
# "vqvae-gpt2" writes an image as a sentence. Its words are the codes of a `VQVAE`,
# which is a transformer like any other: images in, whole numbers out, and back.
codes = VQVAE(n_paints=3, **quick).fit(train.pairs.images)
pictures = test.images[:6]
written = codes.transform(pictures)
again = codes.inverse_transform(written)
names = [f"{len(np.unique(row))} codes" for row in written]
DrawingDisplay(["images", "painted again"], [pictures, again], names=names).plot()
print(f"{written.shape[1]} numbers an image, {codes.score(test.images):.1f} dB")
plt.show()
