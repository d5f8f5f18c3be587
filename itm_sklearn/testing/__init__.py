"""Checks that any two-view estimator should pass, ours and yours.

scikit-learn's own suite says little about estimators of pictures, strings and pairs.
This one asks what users of pairs rely on. Run both.
"""

from itm_sklearn.testing._discovery import all_estimators
from itm_sklearn.testing._suite import pair_checks, parametrize_with_pair_checks

__all__ = ["all_estimators", "pair_checks", "parametrize_with_pair_checks"]
