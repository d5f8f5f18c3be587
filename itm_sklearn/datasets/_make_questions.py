"""Questions about generated scenes, so balanced that the question alone says little."""

from collections import Counter
from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state, check_scalar

from itm_sklearn.datasets._make_scenes import allowed_looks, make_scenes
from itm_sklearn.datasets._questions import ASK, QUESTION_TYPES
from itm_sklearn.pairs import ImageTextPairs

__all__ = ["make_questions"]


def make_questions(
    n_images,
    *,
    questions_per_image=4,
    types=QUESTION_TYPES,
    random_state=None,
    **scenes,
):
    """Pictures of simple scenes with questions and their answers.

    Of the questions that can be asked of a scene, those are taken whose type, and then
    whose answer, was asked for least so far: yes and no are equally frequent, and so
    are the eight colours. What a question asks for in vain is one attribute away from
    what is there, and is a combination of colour and shape that may occur.

    Parameters
    ----------
    n_images : int
        How many pictures to make.
    questions_per_image : int, default=4
        Different questions about each picture, at most 8.
    types : sequence of str, default=QUESTION_TYPES
        What may be asked: "exist" (is there one?), "verify" (is it so?), "count",
        "colour", "shape", "size", "relation" (where is it, seen from another?) and
        "place" (where is it in the picture?).
    random_state : int, RandomState instance or None, default=None
        The same seed gives the same data on every machine.
    **scenes : dict
        `image_size`, `held_out`, `containing` and `kinds` of `make_scenes`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        pairs : ImageTextPairs
            Images as of `make_scenes`, and the questions as texts.
        answers : ndarray of str of shape (n_pairs,)
            A word each: "yes", "no", "0" to "4", a colour, shape, size, relation or
            place.
        types : ndarray of str of shape (n_pairs,)
            The type of each question.
        scenes : list of Scene
            What each image shows.

    See Also
    --------
    make_dialogues : Questions that follow on one another.

    Examples
    --------
    >>> from itm_sklearn.datasets import make_questions
    >>> data = make_questions(500, image_size=32, random_state=0)
    >>> len(data.pairs), data.pairs.texts[0], str(data.answers[0])
    (2000, 'can a small yellow cross be seen?', 'yes')
    >>> asked = data.types == "exist"
    >>> bool(abs((data.answers[asked] == "yes").mean() - 0.5) < 0.01)
    True
    """
    check_scalar(questions_per_image, "questions_per_image", Integral, min_val=1)
    types = _check_types(types)
    rng = check_random_state(random_state)
    seed = rng.randint(2**31, dtype=np.int64)
    data = make_scenes(n_images, captions_per_image=1, random_state=seed, **scenes)
    looks = allowed_looks(scenes.get("held_out"))
    chooser = _Chooser(rng, types, looks)
    asked = [chooser.choose(scene.facts, questions_per_image) for scene in data.scenes]
    questions = [question for some in asked for question in some]
    pairs = ImageTextPairs(
        data.pairs.images,
        [question.text for question in questions],
        np.repeat(np.arange(n_images), [len(some) for some in asked]),
    )
    return Bunch(
        pairs=pairs,
        answers=np.array([question.answer for question in questions]),
        types=np.array([question.type for question in questions]),
        scenes=data.scenes,
    )


def _check_types(types):
    # A single name is a sequence of letters.
    types = (types,) if isinstance(types, str) else tuple(types)
    if not types or not set(types) <= set(QUESTION_TYPES):
        raise ValueError(f"types={types!r} must be some of {QUESTION_TYPES}.")
    return types


class _Chooser:
    """Takes the question that was asked for least, by type and by answer."""

    def __init__(self, rng, types, looks):
        self.rng, self.types, self.looks = rng, types, looks
        self.counts = Counter()

    def choose(self, facts, n_questions):
        """Different questions about a scene."""
        chosen = {}
        for _ in range(n_questions):
            options = [
                question
                for type_ in self.types
                for question in ASK[type_](self.rng, facts, self.looks)
                if question.text not in chosen
            ]
            if not options:
                break
            question = min(options, key=self._how_often)
            chosen[question.text] = question
            self.counts.update([question.type, (question.type, question.answer)])
        return chosen.values()

    def _how_often(self, question):
        counts = self.counts
        by_answer = counts[question.type, question.answer]
        return counts[question.type], by_answer, self.rng.random_sample()
