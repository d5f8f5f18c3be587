"""Dialogues about an image: questions that are answered by what was said before."""

from numbers import Integral

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    _fit_context,
    clone,
)
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted

from itm_sklearn.generation._inputs import captioned_pairs
from itm_sklearn.generation._question_answering import VisualQuestionAnswering
from itm_sklearn.pairs import ImageTextPairs, as_pairs

__all__ = ["Chat", "VisualDialogue"]

# Stands between what was said, which would run together as words alone.
_BETWEEN = " then "


class VisualDialogue(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Answer the last question of a dialogue about an image.

    A dialogue is a text with a line for each thing said: questions and answers in
    turn, and last the question to answer. A classifier of pairs reads it backwards,
    so that the question is always in the same place, and what was said last is near.

    Parameters
    ----------
    answerer : classifier of pairs, default=None
        What is trained, with ``fit(pairs, answers)`` and ``predict_proba(pairs)``.
        None is ``VisualQuestionAnswering()``.
    n_turns : int, default=None
        How many earlier questions, with their answers, are remembered. None is all
        of them, 0 hides the history.

    Attributes
    ----------
    answerer_ : classifier of pairs
        The fitted answerer.
    classes_ : ndarray of str
        The answers that it knows.

    See Also
    --------
    itm_sklearn.datasets.make_dialogues : Dialogues about "it" and "the other one".

    Examples
    --------
    >>> from itm_sklearn.datasets import make_dialogues
    >>> from itm_sklearn.generation import VisualDialogue, VisualQuestionAnswering
    >>> data = make_dialogues(30, image_size=16, random_state=0)
    >>> answerer = VisualQuestionAnswering(
    ...     n_components=32, image_size=16, max_iter=1, random_state=0
    ... )
    >>> model = VisualDialogue(answerer).fit(data.pairs, data.answers)
    >>> chat = model.chat(data.pairs.images[0])
    >>> first = chat.ask("which colour is the large cross?")
    >>> second = chat.ask("what shape is the other one?")
    >>> chat.lines[0], len(chat.lines)
    ('which colour is the large cross?', 4)
    """

    _parameter_constraints: dict = {
        "answerer": [HasMethods(["fit", "predict_proba"]), None],
        "n_turns": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(self, answerer=None, *, n_turns=None):
        self.answerer = answerer
        self.n_turns = n_turns

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y):
        """Learn to answer.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Images, with dialogues as texts.
        y : sequence of str, or of lists of str, of length n_pairs
            The answer to the last question of each.

        Returns
        -------
        self : VisualDialogue
            The fitted model.
        """
        answerer = self.answerer
        if answerer is None:
            answerer = VisualQuestionAnswering()
        self.answerer_ = clone(answerer).fit(self._read(X), y)
        return self

    def _read(self, X):
        """The same pairs, with each dialogue as one text for the answerer."""
        return captioned_pairs(as_pairs(X)).map(
            text=lambda texts: [backwards(text, self.n_turns) for text in texts]
        )

    def predict(self, X):
        """The most probable answer to the last question of each dialogue.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            Images, with dialogues as texts.

        Returns
        -------
        answers : ndarray of str of shape (n_pairs,)
            Some of `classes_`.
        """
        check_is_fitted(self)
        return self.answerer_.predict(self._read(X))

    def predict_proba(self, X):
        """The probability of each answer.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            As for `predict`.

        Returns
        -------
        probabilities : ndarray of shape (n_pairs, n_classes)
            Columns as in `classes_`.
        """
        check_is_fitted(self)
        return self.answerer_.predict_proba(self._read(X))

    def rank(self, X, candidates):
        """Candidates for each answer, the most probable first.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            As for `predict`.
        candidates : sequence of n_pairs sequences of str
            What might be said. Answers that are no class come last, as given.

        Returns
        -------
        ranked : list of n_pairs lists of str
            The same candidates in order.
        """
        probabilities = self.predict_proba(X)
        if len(candidates) != len(probabilities):
            raise ValueError(
                f"{len(probabilities)} dialogues have {len(candidates)} lists of "
                "candidates: give each one."
            )
        column = {answer: number for number, answer in enumerate(self.classes_)}
        ranked = []
        for row, options in zip(probabilities, candidates, strict=True):
            scores = [row[column[one]] if one in column else -1.0 for one in options]
            order = np.argsort(-np.array(scores), kind="stable")
            ranked.append([options[number] for number in order])
        return ranked

    def score(self, X, y, sample_weight=None):
        """The score of the answerer: accuracy, soft with several answers.

        Parameters
        ----------
        X : ImageTextPairs or DataFrame
            As for `predict`.
        y : sequence of str, or of lists of str
            The answers.
        sample_weight : array-like of shape (n_pairs,), default=None
            Weights of the turns.

        Returns
        -------
        score : float
            From 0 to 1.
        """
        check_is_fitted(self)
        return self.answerer_.score(self._read(X), y, sample_weight=sample_weight)

    def chat(self, image):
        """Begin a dialogue about an image.

        Parameters
        ----------
        image : path, bytes, PIL image or array
            The image.

        Returns
        -------
        chat : Chat
            Something to ``ask``.
        """
        check_is_fitted(self)
        return Chat(self, image)

    @property
    def classes_(self):
        """The answers that the answerer knows."""
        check_is_fitted(self)
        return self.answerer_.classes_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "answerer_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class Chat:
    """A dialogue under way, from `VisualDialogue.chat`.

    Parameters
    ----------
    model : VisualDialogue
        Who answers.
    image : path, bytes, PIL image or array
        What it is about.

    Attributes
    ----------
    lines : list of str
        Questions and answers so far, in turn.

    Examples
    --------
    >>> from itm_sklearn.generation import Chat
    >>> class SaysYes:
    ...     def predict(self, pairs):
    ...         return ["yes"]
    >>> chat = Chat(SaysYes(), "dog.jpg")
    >>> chat.ask("is there a dog?")
    'yes'
    >>> chat.lines
    ['is there a dog?', 'yes']
    """

    def __init__(self, model, image):
        self.model, self.image = model, image
        self.lines = []

    def ask(self, question):
        """The answer to a question, which is remembered with it.

        Parameters
        ----------
        question : str
            One line.

        Returns
        -------
        answer : str
            One of the classes of the model.
        """
        if not isinstance(question, str) or not question.strip() or "\n" in question:
            raise ValueError(f"question={question!r} must be one line of text.")
        said = "\n".join([*self.lines, question])
        answer = str(self.model.predict(ImageTextPairs([self.image], [said]))[0])
        self.lines += [question, answer]
        return answer

    def __repr__(self):
        return f"Chat({len(self.lines) // 2} questions)"


def backwards(dialogue, n_turns=None):
    r"""The last question first, then what was said before it, up to some turns.

    Examples
    --------
    >>> backwards("what is it?\na cup\nwhat colour?", 1)
    'what colour? then a cup then what is it?'
    >>> backwards("what is it?\na cup\nwhat colour?", 0)
    'what colour?'
    """
    lines = dialogue.split("\n")[::-1]
    if n_turns is not None:
        lines = lines[: 2 * n_turns + 1]
    return _BETWEEN.join(lines)
