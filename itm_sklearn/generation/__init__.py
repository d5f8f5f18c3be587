"""What comes out of pairs as something new: captions, and answers to questions."""

from itm_sklearn.generation._captioner import Captioner
from itm_sklearn.generation._dialogue import Chat, VisualDialogue
from itm_sklearn.generation._question_answering import VisualQuestionAnswering
from itm_sklearn.generation._retrieval_captioner import RetrievalCaptioner
from itm_sklearn.generation._writing import CaptionScoreMixin

__all__ = [
    "CaptionScoreMixin",
    "Captioner",
    "Chat",
    "RetrievalCaptioner",
    "VisualDialogue",
    "VisualQuestionAnswering",
]
