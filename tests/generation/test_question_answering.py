"""Questions are answered by looking, and anything that looks will do."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from itm_sklearn.datasets import make_questions
from itm_sklearn.fusion import ConcatFusion
from itm_sklearn.generation import VisualQuestionAnswering
from itm_sklearn.image import ColorHistogram
from itm_sklearn.model_selection import ImageKFold
from itm_sklearn.pairs import ImageTextPairs

pytest.importorskip("torch")

TYPES = ("colour", "place", "size")


def questions(n_images, seed):
    return make_questions(n_images, types=TYPES, image_size=16, random_state=seed)


@pytest.fixture(scope="module")
def train():
    """Three questions on each of 300 small pictures."""
    return questions(300, seed=0)


@pytest.fixture(scope="module")
def fitted(train):
    """A model that has seen them a few times."""
    return quick(max_iter=20).fit(train.pairs, train.answers)


def quick(*arguments, **settings):
    settings = {"max_iter": 1, "batch_size": 64, "learning_rate": 3e-3} | settings
    return VisualQuestionAnswering(
        *arguments, n_components=32, image_size=16, random_state=0, **settings
    )


def test_new_pictures_are_looked_at(fitted):
    """The question alone leaves eight colours and two sizes to choose from."""
    test = questions(100, seed=1)
    right = fitted.predict(test.pairs) == test.answers
    assert right[test.types == "colour"].mean() > 0.5
    hidden = ImageTextPairs(
        np.zeros_like(test.pairs.images), test.pairs.texts, test.pairs.image_index
    )
    blind = fitted.predict(hidden) == test.answers
    assert blind[test.types == "colour"].mean() < 0.3


def yes_or_no(n_images, seed):
    """Flat pictures; is each of its colour, and of another one?"""
    colours = {
        "red": (200, 0, 0),
        "green": (0, 200, 0),
        "blue": (0, 0, 200),
        "white": (230, 230, 230),
        "black": (20, 20, 20),
        "yellow": (220, 220, 0),
    }
    generator = np.random.RandomState(seed)
    two = [generator.permutation(list(colours))[:2] for _ in range(n_images)]
    images = np.empty((n_images, 16, 16, 3), np.uint8)
    for image, (shown, _) in zip(images, two, strict=True):
        image[:] = colours[shown]
    texts = [f"is it {name}?" for names in two for name in names]
    pairs = ImageTextPairs(images, texts, np.repeat(np.arange(n_images), 2))
    return pairs, ["yes", "no"] * n_images


def test_yes_or_no_is_learned_in_a_few_passes():
    """Neither word nor picture says anything alone: only their product does."""
    model = quick(max_iter=6, n_layers=1).fit(*yes_or_no(300, seed=0))
    assert model.score(*yes_or_no(50, seed=1)) > 0.9


def test_probabilities_are_those_of_the_classes(fitted, train):
    probabilities = fitted.predict_proba(train.pairs[:7])
    assert probabilities.shape == (7, len(fitted.classes_))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    answers = fitted.predict(train.pairs[:7])
    assert (answers == fitted.classes_[probabilities.argmax(axis=1)]).all()
    assert set(fitted.classes_) == set(train.answers)


def test_an_answer_does_not_depend_on_what_else_is_asked(fitted, train):
    together = fitted.predict_proba(train.pairs[:20])
    alone = np.vstack([fitted.predict_proba(train.pairs[[row]]) for row in range(20)])
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("n_components", [33, 100])
def test_any_width_will_do(n_components, train):
    """Odd for two directions, no multiple of 32 for the heads of attention."""
    model = quick().set_params(n_components=n_components)
    assert model.fit(train.pairs[:50], train.answers[:50]).weights_


@pytest.mark.parametrize(
    "fusion", ["concat", "multiply", "bilinear", "average", "weighted"]
)
def test_every_fusion_learns_more_than_the_most_frequent_answer(fusion, train):
    pairs, answers = train.pairs[:500], train.answers[:500]
    model = quick(fusion, max_iter=6).fit(pairs, answers)
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    most_frequent = max((answers == one).mean() for one in set(answers))
    assert model.score(pairs, answers) > most_frequent


def test_bags_of_words_and_a_fusion_estimator_answer_too(train):
    model = VisualQuestionAnswering(
        ConcatFusion(), image=ColorHistogram(), text=CountVectorizer()
    ).fit(train.pairs, train.answers)
    assert model.score(train.pairs, train.answers) > 0.3
    assert model.predict_proba(train.pairs[:2]).shape == (2, len(model.classes_))


def test_a_frozen_transformer_may_look(train):
    model = quick(image=ColorHistogram(4), max_iter=4).fit(train.pairs, train.answers)
    assert "encoder" not in " ".join(model.weights_)
    assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_several_answers_count_by_how_many_gave_them(fitted, train):
    pairs = train.pairs[:3]
    first, second, _ = fitted.predict(pairs)
    given = [[first] * 3 + ["else"], [second, "else", "else"], ["else"]]
    assert fitted.score(pairs, given) == pytest.approx((1 + 1 / 3 + 0) / 3)
    weighted = fitted.score(pairs, given, sample_weight=[1, 0, 0])
    assert weighted == 1


def test_rare_answers_are_left_out(train):
    pairs = train.pairs[:6]
    model = quick(min_count=2).fit(pairs, ["yes", "no", "yes", "no", "maybe", "yes"])
    assert model.classes_.tolist() == ["no", "yes"]


def test_the_same_seed_gives_the_same_model(train):
    pairs, answers = train.pairs[:60], train.answers[:60]
    one, other = (quick().fit(pairs, answers) for _ in range(2))
    for name, weights in one.weights_.items():
        np.testing.assert_array_equal(weights, other.weights_[name])


def test_stock_searches_choose_a_fusion(train):
    rows = slice(0, 120)
    search = GridSearchCV(
        quick(), {"fusion": ["concat", "multiply"]}, cv=ImageKFold(2)
    ).fit(train.pairs[rows], train.answers[rows])
    assert search.best_params_["fusion"] in ("concat", "multiply")
    scores = cross_val_score(
        make_pipeline(quick()), train.pairs[rows], train.answers[rows], cv=ImageKFold(2)
    )
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize(
    ("settings", "answers", "message"),
    [
        ({}, ["yes"] * 5, "6 questions have 5 answers"),
        ({}, ["yes"] * 5 + [[]], r"y\[5\] is empty"),
        ({"min_count": 9}, ["yes"] * 6, "given 6 times"),
        ({"text": CountVectorizer()}, ["yes"] * 6, "leave text='words'"),
        ({"fusion": ConcatFusion()}, ["yes"] * 6, "must be a transformer"),
        ({"fusion": "guess"}, ["yes"] * 6, "guess"),
    ],
)
def test_what_cannot_be_learned_is_named(settings, answers, message, train):
    with pytest.raises(ValueError, match=message):
        quick(**settings).fit(train.pairs[:6], answers)


def test_questions_that_are_cut_are_counted(fitted, train):
    pairs = train.pairs[:3]
    longer = pairs.map(text=lambda texts: [f"{texts[0]} {10 * 'really '}", *texts[1:]])
    with pytest.warns(UserWarning, match="1 of 3 questions have more than max_length"):
        fitted.predict(longer)


def test_questions_want_a_fitted_model(train):
    with pytest.raises(NotFittedError):
        clone(quick()).predict(train.pairs)
