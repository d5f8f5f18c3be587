"""From a query and a gallery to a ranked list: searches, and indexes behind them."""

from itm_sklearn.retrieval._exact_index import ExactIndex
from itm_sklearn.retrieval._reranker import Reranker
from itm_sklearn.retrieval._result import RetrievalResult
from itm_sklearn.retrieval._retriever import CrossModalRetriever

__all__ = ["CrossModalRetriever", "ExactIndex", "Reranker", "RetrievalResult"]
