"""Texts to arrays: every class is a plain scikit-learn transformer."""

from itm_sklearn.text._clip import CLIPTextEncoder
from itm_sklearn.text._transformer import TransformerTextEncoder
from itm_sklearn.text._word2vec import Word2VecEncoder

__all__ = ["CLIPTextEncoder", "TransformerTextEncoder", "Word2VecEncoder"]
