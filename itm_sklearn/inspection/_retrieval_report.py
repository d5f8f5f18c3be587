"""Several models on the same pairs: all that there is to see, on one page."""

from dataclasses import replace

import numpy as np

from itm_sklearn.inspection._directions import DIRECTIONS
from itm_sklearn.inspection._examples import example_results
from itm_sklearn.inspection._html_report import write_html_report
from itm_sklearn.inspection._hubness import hubness
from itm_sklearn.inspection._recall_curve import recall_curve
from itm_sklearn.model_selection import (
    evaluate_retrieval,
    is_transductive,
    pair_similarity,
)
from itm_sklearn.pairs import as_pairs

__all__ = ["RetrievalReport"]


class RetrievalReport:
    """Numbers with intervals, curves, hubs, best and worst queries of several models.

    It is recommended to create it with `from_estimators` or `from_predictions`.

    Parameters
    ----------
    evaluations : dict of str to RetrievalEvaluation
        From the name of a model to its metrics and intervals.
    curves : dict of str to dict
        From the name of a model to its recall at 1, 2, ... for each direction.
    hubs : dict of str to dict
        From the name of a model to its `hubness`.
    highlights : dict of str to list of ExampleResult
        Best and worst queries of the model with the highest rsum, by heading; of
        models that are transductive only if all are.

    See Also
    --------
    itm_sklearn.model_selection.compare_retrieval : Whether one is better than another.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from itm_sklearn.inspection import RetrievalReport
    >>> from itm_sklearn.pairs import ImageTextPairs
    >>> pictures = list(np.arange(0, 250, 60)[:, None, None] + np.zeros((5, 4, 4)))
    >>> pairs = ImageTextPairs(pictures, ["night", "dusk", "gray", "fog", "snow"])
    >>> scores = {"oracle": np.eye(5), "opposite": -np.eye(5)}
    >>> report = RetrievalReport.from_predictions(pairs, scores, ks=(1,))
    >>> report.evaluations["oracle"].report["rsum"]
    200.0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = report.write(f"{folder}/page.html").read_text(encoding="utf8")
    >>> "Worst queries of oracle" in page
    True
    """

    def __init__(self, *, evaluations, curves, hubs, highlights):
        self.evaluations = evaluations
        self.curves = curves
        self.hubs = hubs
        self.highlights = highlights

    @classmethod
    def from_estimators(cls, models, pairs, **options):
        """A report on fitted estimators, on pairs that none of them has seen.

        Parameters
        ----------
        models : dict of str to estimator
            From a name to a matcher, aligner or retriever, or a Pipeline or search
            over one.
        pairs : ImageTextPairs or DataFrame
            Queries of either view, with the other view as the gallery.
        **options : dict
            As for `from_predictions`.

        Returns
        -------
        report : RetrievalReport
            To be written.
        """
        pairs = as_pairs(pairs)
        scores = {name: pair_similarity(model, pairs) for name, model in models.items()}
        marked = [name for name, model in models.items() if is_transductive(model)]
        return cls.from_predictions(pairs, scores, transductive=marked, **options)

    @classmethod
    def from_predictions(
        cls,
        pairs,
        similarities,
        *,
        ks=(1, 5, 10),
        n_examples=4,
        n_bootstrap=1000,
        transductive=(),
        random_state=0,
    ):
        """A report on given scores.

        Parameters
        ----------
        pairs : ImageTextPairs or DataFrame
            Queries of either view, with the other view as the gallery.
        similarities : dict of str to array-like
            From the name of a model to its scores, of shape (n_texts, n_images) or
            (2, n_texts, n_images); the highest ranks first.
        ks : sequence of int, default=(1, 5, 10)
            At which numbers of results the recall is taken.
        n_examples : int, default=4
            How many of the best and of the worst queries are shown, a direction.
        n_bootstrap : int, default=1000
            How many times the images are resampled for the intervals.
        transductive : sequence of str, default=()
            Names of the models whose scores depend on the other queries. They are
            marked, and none of them is called the best.
        random_state : int, default=0
            Draws the resamples.

        Returns
        -------
        report : RetrievalReport
            To be written.
        """
        pairs = as_pairs(pairs)
        scores = {name: np.asarray(each) for name, each in similarities.items()}
        settings = {"ks": ks, "n_bootstrap": n_bootstrap, "random_state": random_state}
        evaluations = {
            name: replace(
                evaluate_retrieval(each, pairs, **settings),
                transductive=name in transductive,
            )
            for name, each in scores.items()
        }
        best = max(evaluations, key=lambda name: _merit(evaluations[name]))
        return cls(
            evaluations=evaluations,
            curves={name: recall_curve(pairs, each) for name, each in scores.items()},
            hubs={name: hubness(each) for name, each in scores.items()},
            highlights=_highlights(best, scores[best], pairs, n_examples),
        )

    def write(self, path, *, title="Image-text retrieval", summary="", facts=None):
        """Write the page, which needs nothing beside it.

        Parameters
        ----------
        path : str or Path
            The page; an existing file is replaced once the new one is complete.
        title : str, default="Image-text retrieval"
            Heading of the page.
        summary : str, default=""
            A paragraph under the heading.
        facts : dict of str to object, default=None
            Further settings and circumstances.

        Returns
        -------
        path : Path
            Where the page is.
        """
        return write_html_report(
            path,
            {name: each.report for name, each in self.evaluations.items()},
            title=title,
            summary=summary,
            curves=self.curves,
            evaluations=self.evaluations,
            hubs=self.hubs,
            highlights=self.highlights,
            facts=self._facts() | (facts or {}),
        )

    def _facts(self):
        """What it takes to have the numbers again."""
        one = next(iter(self.evaluations.values()))
        ties = {
            name: " and ".join(f"{100 * tied:.1f} %" for tied in each.tie_rate.values())
            for name, each in self.evaluations.items()
        }
        seed = f"random_state={one.random_state}"
        return {
            "Images": one.n_images,
            "Intervals": f"{one.n_bootstrap} resamples, {seed}",
            "Ties, which count against": ", ".join(f"{k} {v}" for k, v in ties.items()),
            "Versions": ", ".join(f"{k} {v}" for k, v in one.versions.items()),
        }


def _merit(evaluation):
    """What the best model has most of."""
    return not evaluation.transductive, evaluation.report["rsum"]


def _highlights(name, scores, pairs, n_examples):
    """The best and the worst queries of a model, text queries first."""
    return {
        f"{choice.capitalize()} queries of {name}": [
            example
            for direction in DIRECTIONS
            for example in example_results(
                scores, pairs, n_queries=n_examples, direction=direction, choice=choice
            )
        ]
        for choice in ("best", "worst")
    }
