"""Bags of visual words are taken apart exactly: nothing is drawn, nothing left over."""

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.alignment import CCA
from itm_sklearn.baselines import make_baseline
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import make_scenes
from itm_sklearn.image import ORB, BagOfVisualWords
from itm_sklearn.inspection import explain_visual_words
from itm_sklearn.inspection._visual_words import _share_among_words
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.retrieval import CrossModalRetriever

PAIRS = make_scenes(40, captions_per_image=1, random_state=0).pairs


def fit(bag, text):
    keypoints = make_pipeline(ORB(max_keypoints=40), bag)
    steps = [DualEncoder(keypoints, text), CCA(8), SimilarityMatcher(random_state=0)]
    return make_pipeline(*steps).fit(PAIRS)


BAGS = {
    "hard": BagOfVisualWords(20, random_state=0),
    "soft with idf": BagOfVisualWords(
        20, assignment="soft", use_idf=True, random_state=0
    ),
    "pyramid": BagOfVisualWords(12, levels=2, norm="l1", random_state=0),
}
TEXTS = {
    "bigrams": TfidfVectorizer(ngram_range=(1, 2)),
    "reduced": make_pipeline(CountVectorizer(), TruncatedSVD(10, random_state=0)),
    "without stop words": TfidfVectorizer(stop_words="english"),
}


@pytest.fixture(scope="module")
def baseline():
    return make_baseline("sift", n_words=20, n_components=8, random_state=0).fit(PAIRS)


@pytest.mark.parametrize(("bag", "text"), list(zip(BAGS, TEXTS, strict=True)))
def test_the_terms_add_up_to_the_score_of_the_model(bag, text):
    fitted = fit(BAGS[bag], TEXTS[text])
    for row in (0, 7):
        pair = PAIRS[[row]]
        found = explain_visual_words(fitted, pair.images[0], pair.texts[0])
        expected = fitted.decision_function(pair)[0]
        assert found.score == pytest.approx(expected, abs=1e-5)
        assert abs(found.residual) < 1e-9


def test_scores_are_shapley_values_of_the_product(baseline):
    """Half of what each two do together goes to each, beside what it does alone."""
    found = explain_visual_words(baseline, PAIRS.images[0], PAIRS.texts[0])
    alone = found.keypoint_scores - found.interactions.sum(axis=0) / 2
    words_alone = found.word_scores - found.interactions.sum(axis=1) / 2
    total = found.base_score + alone.sum() + words_alone.sum()
    assert total + found.interactions.sum() == pytest.approx(found.score)
    words, keypoints = np.abs(found.word_scores), np.abs(found.keypoint_scores)
    assert found.text_share == pytest.approx(
        words.sum() / (words.sum() + keypoints.sum())
    )


def test_a_word_does_what_the_vector_loses_without_it(baseline):
    """The length of the text's vector held as it is, which makes the score linear."""
    image, text = PAIRS.images[0], PAIRS.texts[0]
    found = explain_visual_words(baseline, image, text)
    _, shares = _share_among_words(baseline[0].text_encoder_, text)
    cca = baseline[1]
    vector = cca.transform_image(baseline[0].image_encoder_.transform([image]))[0]
    rows = np.asarray(shares.sum(axis=0)) - shares[[2]].toarray()
    whole = cca.transform_text(np.atleast_2d(shares.sum(axis=0)))[0]
    without = cca.transform_text(np.atleast_2d(rows))[0]
    lost = vector @ (whole - without) / np.linalg.norm(vector) / np.linalg.norm(whole)
    together = found.interactions[2].sum()
    assert lost == pytest.approx(found.word_scores[2] + together / 2, abs=1e-6)


def test_a_term_of_two_words_is_shared_between_them():
    vectorizer = CountVectorizer(ngram_range=(1, 2)).fit(["red dog"])
    words, shares = _share_among_words(vectorizer, "Red dog, red!")
    assert words == ["Red", "dog,", "red!"]
    columns = [vectorizer.vocabulary_[term] for term in ("red", "dog", "red dog")]
    expected = [[1, 0, 0.5], [0, 1, 0.5], [1, 0, 0]]
    np.testing.assert_allclose(shares.toarray()[:, columns], expected)


def test_words_that_the_vectorizer_does_not_know_do_nothing(baseline):
    found = explain_visual_words(baseline, PAIRS.images[0], "xylophone circle")
    assert found.word_scores[0] == 0
    assert found.word_scores[1] != 0


def test_a_retriever_is_taken_apart_by_its_model(baseline):
    retriever = CrossModalRetriever(baseline).fit(PAIRS)
    one, other = (
        explain_visual_words(each, PAIRS.images[1], PAIRS.texts[1])
        for each in (baseline, retriever)
    )
    np.testing.assert_array_equal(one.keypoint_scores, other.keypoint_scores)


def test_a_picture_without_keypoints_leaves_the_words_alone(baseline):
    flat = np.zeros((32, 32, 3), np.uint8)
    found = explain_visual_words(baseline, flat, PAIRS.texts[0])
    assert len(found.keypoint_scores) == 0
    assert abs(found.residual) < 1e-9


def test_an_aligner_at_the_end_is_taken_apart_by_its_cosine(baseline):
    found = explain_visual_words(baseline[:-1], PAIRS.images[2], PAIRS.texts[5])
    same = explain_visual_words(baseline, PAIRS.images[2], PAIRS.texts[5])
    assert found.score == same.score


def test_a_step_that_bends_is_refused():
    encoder = DualEncoder(make_pipeline(ORB(), BAGS["hard"]), TfidfVectorizer())
    bend = FunctionTransformer(lambda pairs: pairs.map(image=np.square))
    fitted = make_pipeline(encoder, bend, CCA(4)).fit(PAIRS)
    with pytest.raises(ValueError, match="not linear"):
        explain_visual_words(fitted, PAIRS.images[0], PAIRS.texts[0])


def test_other_features_are_refused():
    fitted = make_baseline("color", n_components=4, random_state=0).fit(PAIRS)
    with pytest.raises(TypeError, match="BagOfVisualWords"):
        explain_visual_words(fitted, PAIRS.images[0], PAIRS.texts[0])


def test_letters_can_not_be_shared_among_words():
    vectorizer = CountVectorizer(analyzer="char").fit(["red"])
    with pytest.raises(ValueError, match='analyzer="word"'):
        _share_among_words(vectorizer, "red dog")


@pytest.mark.parametrize("text", ["", "red"])
def test_words_are_needed_to_share_among(text):
    vectorizer = FunctionTransformer() if text else CountVectorizer().fit(["red"])
    with pytest.raises(TypeError, match="has no vocabulary, or text=.* no words"):
        _share_among_words(vectorizer, text)


def test_a_plot_has_a_circle_for_each_keypoint(baseline):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    found = explain_visual_words(baseline, PAIRS.images[0], PAIRS.texts[0])
    axes = found.plot()
    (circles,) = axes[0].collections
    assert len(circles.get_offsets()) == len(found.keypoint_scores) > 0
    pyplot.close("all")
