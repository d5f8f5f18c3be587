"""What comes out of pairs as something new: captions, answers to questions, images."""

from itm_sklearn.generation._captioner import Captioner
from itm_sklearn.generation._dialogue import Chat, VisualDialogue
from itm_sklearn.generation._joint_vae import JointVAE
from itm_sklearn.generation._question_answering import VisualQuestionAnswering
from itm_sklearn.generation._retrieval_captioner import RetrievalCaptioner
from itm_sklearn.generation._text_to_image import TextToImage
from itm_sklearn.generation._vqvae import VQVAE
from itm_sklearn.generation._writing import CaptionScoreMixin

__all__ = [
    "VQVAE",
    "CaptionScoreMixin",
    "Captioner",
    "Chat",
    "JointVAE",
    "RetrievalCaptioner",
    "TextToImage",
    "VisualDialogue",
    "VisualQuestionAnswering",
]
