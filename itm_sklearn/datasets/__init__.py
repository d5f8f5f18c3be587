"""Where pairs come from: generated scenes, and files of captions."""

from itm_sklearn.datasets._describe import describe
from itm_sklearn.datasets._facts import (
    COLOURS,
    KINDS,
    PLACES,
    RELATIONS,
    SHAPES,
    SIZES,
    Facts,
    ObjectFacts,
)
from itm_sklearn.datasets._load_pairs import load_pairs
from itm_sklearn.datasets._load_questions import load_easy_vqa, load_questions
from itm_sklearn.datasets._make_dialogues import make_dialogues
from itm_sklearn.datasets._make_questions import make_questions
from itm_sklearn.datasets._make_scenes import make_scenes
from itm_sklearn.datasets._parse_caption import parse_caption
from itm_sklearn.datasets._questions import QUESTION_TYPES, Question
from itm_sklearn.datasets._readable import drop_unreadable
from itm_sklearn.datasets._render import render
from itm_sklearn.datasets._scene import Scene, SceneObject

__all__ = [
    "COLOURS",
    "KINDS",
    "PLACES",
    "QUESTION_TYPES",
    "RELATIONS",
    "SHAPES",
    "SIZES",
    "Facts",
    "ObjectFacts",
    "Question",
    "Scene",
    "SceneObject",
    "describe",
    "drop_unreadable",
    "load_easy_vqa",
    "load_pairs",
    "load_questions",
    "make_dialogues",
    "make_questions",
    "make_scenes",
    "parse_caption",
    "render",
]
