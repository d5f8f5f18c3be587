"""What goes into models of generation: the wrong things are named."""

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.generation import VisualDialogue, VisualQuestionAnswering
from itm_sklearn.generation._inputs import (
    captioned_pairs,
    encode_stream,
    image_view,
    paired_texts,
    text_view,
)
from itm_sklearn.image import SIFT
from itm_sklearn.pairs import ImageTextPairs

PIXELS = np.zeros((2, 8, 8, 3), np.uint8)


def test_captions_are_strings():
    with pytest.raises(TypeError, match="texts that are no strings"):
        captioned_pairs(ImageTextPairs(PIXELS, np.eye(2)))


@pytest.mark.parametrize("captions", ["a dog", ["a dog"]])
def test_each_image_has_its_captions(captions):
    with pytest.raises(ValueError, match=r"2 images, but y=.*a dog"):
        captioned_pairs(PIXELS, captions)


def test_a_view_that_is_asked_for_is_there():
    with pytest.raises(ValueError, match="has no images to describe"):
        image_view(ImageTextPairs(texts=["a dog"]))
    with pytest.raises(ValueError, match="has no texts to draw"):
        text_view(ImageTextPairs(PIXELS))
    with pytest.raises(ValueError, match="There are texts, but y=None"):
        paired_texts(["a dog"])


def test_an_encoder_gives_vectors_tokens_or_maps():
    with pytest.raises(TypeError, match="ragged rows.*BagOfVisualWords"):
        encode_stream(SIFT(), PIXELS)
    flat = FunctionTransformer(lambda images: np.zeros(len(images)))
    with pytest.raises(ValueError, match=r"features of the shape \(2,\)"):
        encode_stream(flat, PIXELS)


@pytest.mark.parametrize("model", [VisualQuestionAnswering(), VisualDialogue()])
def test_pictures_with_answers_but_no_questions_are_no_pairs(model):
    """Their y is no caption, and the error must not ask for one."""
    with pytest.raises(TypeError, match="Expected ImageTextPairs.*got ndarray"):
        model.fit(PIXELS, ["yes", "no"])
