"""A list of matchers with names, whose parameters can be reached and searched."""

from sklearn.base import clone
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.parallel import Parallel, delayed

__all__ = ["NamedMatchers"]


class NamedMatchers(_BaseComposition):
    """Base of estimators with the parameters `estimators` and `n_jobs`."""

    def get_params(self, deep=True):
        """Parameters of the fusion and of its matchers.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the matchers, by name, and their parameters.

        Returns
        -------
        parameters : dict
            Values by name.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params):
        """Set parameters of the fusion, replace matchers or set their parameters.

        Parameters
        ----------
        **params : dict
            Values by name; the name of a matcher replaces it, ``name__parameter``
            sets one of its parameters.

        Returns
        -------
        self : ScoreFusion
            The fusion.
        """
        self._set_params("estimators", **params)
        return self

    def _check_estimators(self):
        if not self.estimators:
            raise ValueError(
                "estimators=[] is empty: give matchers with names, such as "
                "[('sift', pipe_a), ('cnn', pipe_b)]."
            )
        for entry in self.estimators:
            # A Pipeline of two steps is as long as a pair.
            if not isinstance(entry, tuple | list) or len(entry) != 2:
                raise TypeError(
                    f"estimators holds {entry!r}: give each matcher with a name, such "
                    "as ('sift', pipe_a)."
                )
        names, matchers = zip(*self.estimators, strict=True)
        self._validate_names(names)
        matchers = [matcher for matcher in matchers if matcher != "drop"]
        if not matchers:
            raise ValueError("All estimators are dropped: keep one.")
        return matchers

    def _fit_all(self, matchers, pairs, labels=None):
        return Parallel(n_jobs=self.n_jobs)(
            delayed(_fit)(clone(matcher), pairs, labels) for matcher in matchers
        )


def _fit(matcher, pairs, labels):
    return matcher.fit(pairs, labels)
