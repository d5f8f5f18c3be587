"""Look at results: recall curves, examples, reports, and why a pair matches."""

from itm_sklearn.inspection._attention_display import AttentionDisplay
from itm_sklearn.inspection._drawing_display import DrawingDisplay
from itm_sklearn.inspection._embedding_display import EmbeddingDisplay
from itm_sklearn.inspection._examples import ExampleResult, example_results
from itm_sklearn.inspection._explain_dataset import (
    DatasetExplanation,
    explain_dataset,
)
from itm_sklearn.inspection._explain_match import explain_match
from itm_sklearn.inspection._explanation_page import write_explanations
from itm_sklearn.inspection._faithfulness import (
    Faithfulness,
    faithfulness,
    foil_accuracy,
    localisation_auc,
)
from itm_sklearn.inspection._html_report import write_html_report
from itm_sklearn.inspection._hubness import hubness
from itm_sklearn.inspection._keypoint_explanation import KeypointExplanation
from itm_sklearn.inspection._match_explanation import MatchExplanation
from itm_sklearn.inspection._recall_curve import RecallCurveDisplay, recall_curve
from itm_sklearn.inspection._retrieval_report import RetrievalReport
from itm_sklearn.inspection._similarity_display import SimilarityDisplay
from itm_sklearn.inspection._table import format_table, mean_report
from itm_sklearn.inspection._visual_words import explain_visual_words

__all__ = [
    "AttentionDisplay",
    "DatasetExplanation",
    "DrawingDisplay",
    "EmbeddingDisplay",
    "ExampleResult",
    "Faithfulness",
    "KeypointExplanation",
    "MatchExplanation",
    "RecallCurveDisplay",
    "RetrievalReport",
    "SimilarityDisplay",
    "example_results",
    "explain_dataset",
    "explain_match",
    "explain_visual_words",
    "faithfulness",
    "foil_accuracy",
    "format_table",
    "hubness",
    "localisation_auc",
    "mean_report",
    "recall_curve",
    "write_explanations",
    "write_html_report",
]
