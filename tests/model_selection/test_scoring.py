"""Retrieval scores inside scikit-learn's own cross-validation and searches."""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_val_score,
    cross_validate,
)
from sklearn.preprocessing import FunctionTransformer

from itm_sklearn.metrics import retrieval_report
from itm_sklearn.model_selection import (
    ImageKFold,
    ImageShuffleSplit,
    pair_similarity,
    retrieval_scoring,
)
from itm_sklearn.pairs import ImageTextPairs

pd = pytest.importorskip("pandas")

NAMES = {
    "rsum",
    "mean_recall",
    *(f"{way}_recall_at_{k}" for way in ("t2i", "i2t") for k in (1, 5, 10)),
    "neg_t2i_median_rank",
    "neg_i2t_median_rank",
    "normalized_rank_score",
}


class CountsWords(BaseEstimator):
    """Images are numbers; a text fits if it has as many words."""

    def fit(self, X, y=None):
        self.n_seen_ = len(X)
        return self

    def similarity(self, X):
        words = np.array([len(text.split()) for text in X.texts])
        return -np.abs(words[:, np.newaxis] - np.array(X.images))


class CountsWordsClassifier(ClassifierMixin, CountsWords):
    """The same in the eyes of scikit-learn's searches as a matcher."""


def table(n_images=30):
    """A data frame in which image n has the captions of n words."""
    images = np.repeat(np.arange(n_images), 2)
    return pd.DataFrame({"image": images, "text": ["word " * n for n in images]})


def test_scores_say_what_the_report_says(pairs, aligner):
    aligner.fit(pairs)
    report = retrieval_report(pair_similarity(aligner, pairs), pairs)
    scores = retrieval_scoring()(aligner, pairs)
    assert set(scores) == NAMES
    text_to_image, image_to_text = report["text_to_image"], report["image_to_text"]
    assert scores["rsum"] == report["rsum"]
    assert scores["mean_recall"] == pytest.approx(report["rsum"] / 600)
    assert scores["t2i_recall_at_5"] == text_to_image["recall@5"]
    assert scores["i2t_recall_at_1"] == image_to_text["recall@1"]
    assert scores["neg_t2i_median_rank"] == -text_to_image["median_rank"]
    assert scores["neg_i2t_median_rank"] == -image_to_text["median_rank"]
    shares = [way["mean_normalized_rank"] for way in (text_to_image, image_to_text)]
    assert scores["normalized_rank_score"] == pytest.approx(1 - np.mean(shares))


def test_constant_similarity_scores_nothing(pairs):
    constant = CountsWords()
    constant.similarity = lambda X: np.zeros((len(X), X.n_images))
    scores = retrieval_scoring()(constant, pairs)
    assert scores["rsum"] == 0
    assert scores["normalized_rank_score"] == 0
    assert scores["neg_t2i_median_rank"] == -60


def test_cross_validate_reports_every_score_for_every_fold(pairs, aligner):
    scores = cross_validate(
        aligner,
        pairs,
        cv=ImageKFold(3),
        scoring=retrieval_scoring(),
        error_score="raise",
    )
    assert {f"test_{name}" for name in NAMES} <= set(scores)
    assert scores["test_mean_recall"].shape == (3,)
    assert scores["test_mean_recall"].min() > 0.5


def test_a_data_frame_works_like_pairs():
    """Every fold is perfect because the number of words tells the image."""
    scores = cross_validate(
        CountsWords(), table(), cv=ImageKFold(3), scoring=retrieval_scoring()
    )
    assert scores["test_rsum"] == pytest.approx(600)


def test_grid_search_refits_the_best_rsum(pairs, aligner):
    search = GridSearchCV(
        aligner,
        {"alpha": [1e-3, 1e6]},
        scoring=retrieval_scoring(),
        refit="rsum",
        cv=ImageKFold(3, shuffle=True, random_state=0),
        error_score="raise",
    ).fit(pairs)
    results = search.cv_results_
    assert search.best_score_ == results["mean_test_rsum"].max()
    assert {f"mean_test_{name}" for name in NAMES} <= set(results)


@pytest.mark.parametrize("cv", [ImageKFold(2), ImageShuffleSplit(2, random_state=0)])
def test_halving_search_takes_a_single_metric(pairs, aligner, cv):
    search = HalvingGridSearchCV(
        aligner,
        {"alpha": [1e-3, 1, 1e6]},
        scoring=retrieval_scoring(metric="rsum"),
        cv=cv,
        min_resources=40,
        random_state=0,
        error_score="raise",
    ).fit(pairs)
    assert len(search.n_resources_) == 2
    assert search.best_score_ > 300


def test_halving_search_takes_a_data_frame():
    search = HalvingGridSearchCV(
        CountsWords(),
        {},
        scoring=retrieval_scoring(metric="mean_recall"),
        cv=ImageKFold(2),
        random_state=0,
        error_score="raise",
    ).fit(table())
    assert search.best_score_ == pytest.approx(1)


def test_a_single_metric_is_a_number(pairs, aligner):
    every = cross_validate(
        aligner, pairs, cv=ImageKFold(2), scoring=retrieval_scoring()
    )["test_rsum"]
    one = cross_val_score(
        aligner, pairs, cv=ImageKFold(2), scoring=retrieval_scoring(metric="rsum")
    )
    assert one.tolist() == every.tolist()


def test_an_unknown_metric_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'t2i_recall_at_5' .*t2i_recall_at_1, "):
        retrieval_scoring(ks=(1,), metric="t2i_recall_at_5")


def test_galleries_of_a_set_size_make_folds_comparable(pairs):
    """Random vectors: recall depends on the gallery and not on the folds."""
    rng = np.random.default_rng(0)
    noise = ImageTextPairs(rng.normal(size=(600, 4)), rng.normal(size=(600, 4)))
    means = {
        size: [
            cross_val_score(
                FunctionTransformer(),
                noise,
                cv=ImageKFold(n_splits),
                scoring=retrieval_scoring(
                    gallery_size=size, metric="t2i_recall_at_10", random_state=0
                ),
            ).mean()
            for n_splits in (2, 10)
        ]
        for size in (None, 30)
    }
    assert means[None][1] > 4 * means[None][0]
    assert means[30] == pytest.approx([10 / 30] * 2, abs=0.05)


def test_galleries_are_disjoint_and_keep_all_captions(pairs, aligner):
    seen = []

    class Recorder(CountsWords):
        def similarity(self, X):
            seen.append(X)
            return np.zeros((len(X), X.n_images))

    retrieval_scoring(gallery_size=25, random_state=0)(Recorder(), pairs)
    assert [gallery.n_images for gallery in seen] == [25, 25]
    rows = [row.tobytes() for gallery in seen for row in gallery.images]
    assert len(set(rows)) == 50
    for gallery in seen:
        images = [row.tobytes() for row in gallery.images]
        used = np.isin([row.tobytes() for row in pairs.images], images)
        assert len(gallery) == used[pairs.image_index].sum()


def test_one_gallery_of_all_images_is_the_whole_evaluation(pairs, aligner):
    aligner.fit(pairs)
    whole = retrieval_scoring()(aligner, pairs)
    assert retrieval_scoring(gallery_size=60)(aligner, pairs) == pytest.approx(whole)


def test_the_seed_decides_the_galleries(pairs, aligner):
    aligner.fit(pairs)
    scores = [
        retrieval_scoring(gallery_size=20, random_state=seed)(aligner, pairs)
        for seed in (0, 0, 1)
    ]
    assert scores[0] == scores[1] != scores[2]


def test_a_gallery_larger_than_the_fold_is_an_error(pairs, aligner):
    with pytest.raises(ValueError, match="gallery_size=61 is more than the 60 images"):
        retrieval_scoring(gallery_size=61)(aligner.fit(pairs), pairs)


def test_rows_labelled_as_mismatches_are_left_out(pairs, aligner):
    aligner.fit(pairs)
    wrong = pairs.image_index < 10
    labels = np.where(wrong, 0, 1)
    expected = retrieval_scoring()(aligner, pairs[~wrong])
    assert retrieval_scoring()(aligner, pairs, labels) == expected


def test_the_scorer_survives_pickle_and_clone():
    scoring = retrieval_scoring((1, 2), gallery_size=9, random_state=0)
    assert pickle.loads(pickle.dumps(scoring)) == scoring
    assert hash(scoring) == hash(
        retrieval_scoring([1, 2], gallery_size=9, random_state=0)
    )
    search = GridSearchCV(CountsWords(), {}, scoring=scoring)
    assert clone(search).scoring == scoring


def test_repr_is_the_call_that_makes_it():
    scoring = retrieval_scoring(gallery_size=9, random_state=0)
    expected = "retrieval_scoring(ks=(1, 5, 10), gallery_size=9, random_state=0)"
    assert repr(scoring) == expected


def test_weights_are_refused_only_where_there_are_some(pairs, aligner):
    scoring = retrieval_scoring()
    aligner.fit(pairs)
    assert scoring(aligner, pairs, sample_weight=None) == scoring(aligner, pairs)
    with pytest.raises(ValueError, match="no use for sample_weight"):
        scoring(aligner, pairs, sample_weight=np.ones(len(pairs)))


def test_metadata_routing_changes_no_score(pairs, aligner):
    def scores():
        return cross_validate(
            aligner, pairs, cv=ImageKFold(2), scoring=retrieval_scoring()
        )["test_rsum"].tolist()

    expected = scores()
    with sklearn.config_context(enable_metadata_routing=True):
        assert scores() == expected


@pytest.mark.parametrize("size", [0, -3])
def test_a_gallery_needs_an_image(size):
    with pytest.raises(ValueError, match=f"gallery_size == {size}"):
        retrieval_scoring(gallery_size=size)


def test_halving_search_over_a_matcher_needs_no_labels():
    """With the smallest sample given; otherwise scikit-learn counts classes."""
    search = HalvingGridSearchCV(
        CountsWordsClassifier(),
        {},
        scoring=retrieval_scoring(metric="rsum"),
        cv=ImageKFold(2),
        min_resources=20,
        random_state=0,
        error_score="raise",
    ).fit(table())
    assert search.best_score_ == pytest.approx(600)
