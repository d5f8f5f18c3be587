"""What a fusion is trained to tell: classes, numbers, or matches from mismatches."""

from dataclasses import dataclass

import numpy as np
from sklearn.preprocessing import LabelEncoder, StandardScaler
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length

__all__ = ["Target", "read_target"]


@dataclass(frozen=True)
class Target:
    """The target as a network is to see it, and of what kind it is."""

    kind: str
    values: np.ndarray | None = None

    @property
    def n_outputs(self):
        """How many numbers the network has to tell."""
        if self.kind == "matches":
            return 1
        if self.kind == "classes":
            return int(self.values.max()) + 1
        return self.values.shape[1]


def read_target(y, n_pairs):
    """The target that `y` stands for; without `y`, whether a pair is a match."""
    if y is None:
        return Target("matches")
    y = np.asarray(y)
    check_consistent_length(y, range(n_pairs))
    if type_of_target(y).startswith("continuous"):
        numbers = y.reshape(n_pairs, -1)
        return Target("numbers", StandardScaler().fit_transform(numbers))
    return Target("classes", LabelEncoder().fit_transform(y))
