"""Dialogues about generated scenes, whose later questions only make sense by the first.

"How large is it?" is about what was spoken of last; "the other one" is what was not.
"""

from dataclasses import dataclass, field
from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state, check_scalar

from itm_sklearn.datasets._describe import SIZE_WORDS
from itm_sklearn.datasets._make_scenes import make_scenes
from itm_sklearn.datasets._questions import ask_for, pick
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["make_dialogues"]

_ATTRIBUTES = ("colour", "shape", "size")
_OF_IT = {
    "colour": ("what colour is it?", "which colour is it?"),
    "shape": ("what shape is it?", "which shape is it?"),
    "size": ("how large is it?", "is it small or large?"),
}
_OF_THE_OTHER = {
    "colour": ("what colour is the other one?", "which colour is the other one?"),
    "shape": ("what shape is the other one?", "which shape is the other one?"),
    "size": ("how large is the other one?", "is the other one small or large?"),
}


def make_dialogues(
    n_images,
    *,
    n_turns=4,
    image_size=64,
    held_out=None,
    containing=None,
    random_state=None,
):
    """Pictures of two objects with dialogues: each question follows on the last one.

    The first question names one of the objects by what tells it from the other. Later
    ones ask about "it", the object spoken of last, or about "the other one", which
    from then on is "it".

    Parameters
    ----------
    n_images : int
        How many pictures to make, each with one dialogue.
    n_turns : int, default=4
        Questions in a dialogue, from 1 to 6; there may be fewer when all is said.
    image_size : int, default=64
        Width and height in pixels, at least 16.
    held_out, containing : sequence, default=None
        As for `make_scenes`.
    random_state : int, RandomState instance or None, default=None
        The same seed gives the same data on every machine.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        pairs : ImageTextPairs
            A row for each turn. Its text has a line for each thing said so far:
            questions and answers in turn, and last the question to answer.
        answers : ndarray of str of shape (n_rows,)
            A word each: a colour, shape or size.
        needs_history : ndarray of bool of shape (n_rows,)
            Whether the last question alone has two answers in the picture.
        scenes : list of Scene
            What each image shows.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_dialogues
    >>> data = make_dialogues(10, image_size=32, random_state=0)
    >>> print(data.pairs.texts[2])
    which colour is the large cross?
    green
    how large is the other one?
    small
    what colour is it?
    >>> str(data.answers[2]), bool(data.needs_history[2])
    ('yellow', True)
    """
    check_scalar(n_turns, "n_turns", Integral, min_val=1, max_val=6)
    rng = check_random_state(random_state)
    data = make_scenes(
        n_images,
        captions_per_image=1,
        image_size=image_size,
        held_out=held_out,
        containing=containing,
        kinds="relation",
        random_state=rng.randint(2**31, dtype=np.int64),
    )
    talks = [_Talk(rng, scene.facts).hold(n_turns) for scene in data.scenes]
    pairs = ImageTextPairs(
        data.pairs.images,
        [said for talk in talks for said in talk.texts],
        np.repeat(np.arange(n_images), [len(talk.texts) for talk in talks]),
    )
    return Bunch(
        pairs=pairs,
        answers=np.array([answer for talk in talks for answer in talk.answers]),
        needs_history=np.array([needs for talk in talks for needs in talk.needs]),
        scenes=data.scenes,
    )


@dataclass
class _Talk:
    """One dialogue: what was said, and what it was about last."""

    rng: object
    facts: object
    texts: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    needs: list = field(default_factory=list)

    def hold(self, n_turns):
        """Ask until nothing is left to ask."""
        order = self.rng.permutation(2)
        self.it, self.other = (self.facts.objects[number] for number in order)
        self.known = {self.it: set(), self.other: set()}
        self._open()
        for _ in range(n_turns - 1):
            if not self._go_on():
                break
        return self

    def _open(self):
        questions = [
            question
            for attribute in _ATTRIBUTES
            for question in ask_for(self.rng, self.facts, self.it, attribute)
        ]
        question = pick(self.rng, questions)
        self._say(question.text, question.type, needs=False)
        # What the object was named by is no secret.
        self.known[self.it].update(_named(question.text, self.it))

    def _go_on(self):
        """Ask about it or about the other one; whether there was anything to ask."""
        options = [
            (thing, attribute)
            for thing in (self.it, self.other)
            for attribute in _ATTRIBUTES
            if attribute not in self.known[thing]
        ]
        if not options:
            return False
        thing, attribute = pick(self.rng, options)
        texts = _OF_IT if thing == self.it else _OF_THE_OTHER
        if thing != self.it:
            self.it, self.other = self.other, self.it
        needs = getattr(self.it, attribute) != getattr(self.other, attribute)
        self._say(pick(self.rng, texts[attribute]), attribute, needs=needs)
        return True

    def _say(self, text, attribute, *, needs):
        before = [self.texts[-1], self.answers[-1]] if self.texts else []
        self.texts.append("\n".join([*before, text]))
        self.answers.append(getattr(self.it, attribute))
        self.needs.append(needs)
        self.known[self.it].add(attribute)


def _named(text, thing):
    """The attributes by which a text names an object."""
    words = set(text.strip("?").split())
    ways = {
        "colour": {thing.colour},
        "shape": {thing.shape},
        "size": set(SIZE_WORDS[thing.size]),
    }
    return [attribute for attribute in _ATTRIBUTES if words & ways[attribute]]
