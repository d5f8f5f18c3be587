"""From a query and a gallery to a ranked list: searches, and indexes behind them."""

from itm_sklearn.retrieval._exact_index import ExactIndex
from itm_sklearn.retrieval._faiss_index import FaissIndex
from itm_sklearn.retrieval._hubness import CSLS, InvertedSoftmax
from itm_sklearn.retrieval._milvus_index import MilvusIndex
from itm_sklearn.retrieval._query_bank import QueryBankNormalization
from itm_sklearn.retrieval._reranker import Reranker
from itm_sklearn.retrieval._result import RetrievalResult
from itm_sklearn.retrieval._retriever import CrossModalRetriever
from itm_sklearn.retrieval._transductive import TransductiveCorrection

__all__ = [
    "CSLS",
    "CrossModalRetriever",
    "ExactIndex",
    "FaissIndex",
    "InvertedSoftmax",
    "MilvusIndex",
    "QueryBankNormalization",
    "Reranker",
    "RetrievalResult",
    "TransductiveCorrection",
]
