"""Look at results: recall curves, examples, tables and one page with them all."""

from itm_sklearn.inspection._embedding_display import EmbeddingDisplay
from itm_sklearn.inspection._examples import ExampleResult, example_results
from itm_sklearn.inspection._html_report import write_html_report
from itm_sklearn.inspection._hubness import hubness
from itm_sklearn.inspection._recall_curve import RecallCurveDisplay, recall_curve
from itm_sklearn.inspection._retrieval_report import RetrievalReport
from itm_sklearn.inspection._similarity_display import SimilarityDisplay
from itm_sklearn.inspection._table import format_table, mean_report

__all__ = [
    "EmbeddingDisplay",
    "ExampleResult",
    "RecallCurveDisplay",
    "RetrievalReport",
    "SimilarityDisplay",
    "example_results",
    "format_table",
    "hubness",
    "mean_report",
    "recall_curve",
    "write_html_report",
]
