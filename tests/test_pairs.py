"""The pair container: rows, images stored once, true matches, tables."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, train_test_split
from sklearn.preprocessing import StandardScaler

from itm_sklearn._views import check_numbers
from itm_sklearn.alignment import ProcrustesAligner
from itm_sklearn.base import matching_rows
from itm_sklearn.image import ORB
from itm_sklearn.matching import SimilarityMatcher
from itm_sklearn.pairs import ImageTextPairs, as_pairs


@pytest.fixture
def pairs():
    return ImageTextPairs(
        images=["dog.jpg", "cat.jpg", "fox.jpg"],
        texts=["a dog", "an animal", "a cat", "an animal", "a fox"],
        image_index=[0, 0, 1, 1, 2],
    )


def test_length_and_shape_count_pairs_not_images(pairs):
    assert len(pairs) == 5
    assert pairs.shape == (5,)
    assert pairs.n_images == 3


def test_without_index_row_i_uses_image_i():
    pairs = ImageTextPairs(["a.jpg", "b.jpg"], ["x", "y"])
    assert pairs.image_index.tolist() == [0, 1]


def test_rows_keep_only_the_images_they_use(pairs):
    subset = pairs[[4, 0, 1]]
    assert subset.images == ["dog.jpg", "fox.jpg"]
    assert subset.image_index.tolist() == [1, 0, 0]
    assert subset.texts == ["a fox", "a dog", "an animal"]


@pytest.mark.parametrize(
    "rows",
    [
        slice(1, 3),
        np.array([1, 2]),
        [False, True, True, False, False],
        np.array([False, True, True, False, False]),
        (np.array([1, 2]), ...),
    ],
)
def test_every_way_to_name_rows_gives_the_same_pairs(pairs, rows):
    assert pairs[rows].texts == ["an animal", "a cat"]
    assert pairs[rows].images == ["dog.jpg", "cat.jpg"]


def test_one_integer_gives_one_pair(pairs):
    assert pairs[-1].texts == ["a fox"]
    assert len(pairs[0]) == 1


def test_no_rows_give_no_pairs(pairs):
    assert len(pairs[[]]) == 0
    assert pairs[[]].n_images == 0


def test_a_row_out_of_range_is_an_error(pairs):
    with pytest.raises(IndexError, match="5"):
        pairs[[5]]


def test_a_text_under_two_images_matches_both(pairs):
    expected = [[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert pairs.relevance().toarray().astype(int).tolist() == expected


def test_true_matches_survive_encoding(pairs):
    encoded = pairs.map(
        image=lambda images: np.zeros((len(images), 4)),
        text=lambda texts: sparse.csr_array((len(texts), 7)),
    )
    assert (encoded.relevance() != pairs.relevance()).nnz == 0
    assert (encoded[[1, 3]].relevance() != pairs[[1, 3]].relevance()).nnz == 0


def test_map_sees_each_image_once(pairs):
    seen = []
    pairs.map(image=lambda images: seen.extend(images) or images)
    assert seen == ["dog.jpg", "cat.jpg", "fox.jpg"]


def test_map_leaves_a_missing_view_missing():
    query = ImageTextPairs(texts=["a dog"])
    assert query.map(image=list, text=lambda texts: np.ones((1, 2))).images is None


def test_map_refuses_a_function_that_loses_items(pairs):
    with pytest.raises(ValueError, match="turned 5 items into 4"):
        pairs.map(text=lambda texts: texts[:-1])


@given(st.data())
def test_selecting_rows_of_rows_is_selecting_the_rows(data):
    n_images = data.draw(st.integers(1, 5))
    index = data.draw(st.lists(st.integers(0, n_images - 1), min_size=1, max_size=12))
    texts = data.draw(
        st.lists(st.sampled_from("abc"), min_size=len(index), max_size=len(index))
    )
    pairs = ImageTextPairs(list(range(n_images)), texts, index)
    numbers = st.integers(0, len(index) - 1)
    rows = data.draw(st.lists(numbers, min_size=1, max_size=12))
    subset = pairs[rows]
    assert subset.texts == [texts[row] for row in rows]
    seen = [subset.images[image] for image in subset.image_index]
    assert seen == [index[row] for row in rows]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abcd")), min_size=1),
)
def test_relevance_equals_a_double_loop_over_texts_and_images(rows):
    index = [image for image, _ in rows]
    texts = [text for _, text in rows]
    relevance = ImageTextPairs(list("vwxyz"), texts, index).relevance().toarray()
    for row, text in enumerate(texts):
        for image in range(5):
            assert relevance[row, image] == ((image, text) in rows)


def test_both_views_missing_is_an_error():
    with pytest.raises(ValueError, match="at least one view"):
        ImageTextPairs()


def test_unequal_views_ask_for_an_image_index():
    with pytest.raises(ValueError, match="2 images and 3 texts: pass image_index"):
        ImageTextPairs(["a", "b"], ["x", "y", "z"])


@pytest.mark.parametrize("index", [[0, 2], [-1, 0]])
def test_an_image_that_is_not_there_is_an_error(index):
    with pytest.raises(ValueError, match="numbered from 0 to 1"):
        ImageTextPairs(["a", "b"], ["x", "y"], index)


def test_an_image_index_of_other_length_is_an_error():
    with pytest.raises(ValueError, match="has 1 rows for 2 texts"):
        ImageTextPairs(["a"], ["x", "y"], [0])


def test_fractions_are_no_image_index():
    with pytest.raises(TypeError, match="float64"):
        ImageTextPairs(["a"], ["x"], [0.0])


def test_a_single_string_is_not_a_list_of_texts():
    with pytest.raises(TypeError, match=r"texts=\[item\]"):
        ImageTextPairs(texts="a dog")


def test_a_text_that_is_no_string_is_named():
    with pytest.raises(TypeError, match=r"texts\[1\] is None, a NoneType"):
        ImageTextPairs(texts=["a dog", None])


def test_relevance_without_images_says_what_is_missing():
    with pytest.raises(ValueError, match="no images"):
        ImageTextPairs(texts=["a"]).relevance()


def test_repr_tells_both_views():
    pairs = ImageTextPairs(np.zeros((2, 3), np.float32), ["x", "y"])
    assert (
        repr(pairs)
        == "ImageTextPairs(2 pairs; 2 images of float32 × 3; 2 texts of str)"
    )


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_rows_of_a_table_with_one_path_share_an_image(make):
    frame = make({"image": ["a.jpg", "b.jpg", "a.jpg"], "text": ["x", "y", "z"]})
    pairs = as_pairs(frame)
    assert pairs.images == ["a.jpg", "b.jpg"]
    assert pairs.image_index.tolist() == [0, 1, 0]
    assert pairs.texts == ["x", "y", "z"]


def test_image_id_decides_which_rows_share_an_image():
    frame = pd.DataFrame(
        {"image": ["a.jpg", "copy.jpg"], "text": ["x", "y"], "image_id": [7, 7]}
    )
    assert as_pairs(frame).images == ["a.jpg"]


def test_a_hugging_face_dataset_is_pairs():
    datasets = pytest.importorskip("datasets")
    rows = {"image": ["a.jpg", "a.jpg"], "caption": ["x", "y"]}
    pairs = as_pairs(datasets.Dataset.from_dict(rows))
    assert pairs.images == ["a.jpg"]
    assert pairs.texts == ["x", "y"]


def test_a_table_comes_back_from_to_frame(pairs):
    back = as_pairs(pairs.to_frame())
    assert (back.images, back.texts) == (pairs.images, pairs.texts)
    assert back.image_index.tolist() == pairs.image_index.tolist()


def test_an_empty_cell_is_named():
    with pytest.raises(ValueError, match="Row 1 of column 'text' is empty"):
        as_pairs(pd.DataFrame({"image": ["a", "b"], "text": ["x", float("nan")]}))


def test_a_table_without_either_column_says_what_it_has():
    with pytest.raises(ValueError, match="columns \\['photo'\\]"):
        as_pairs(pd.DataFrame({"photo": ["a"]}))


def test_a_list_is_not_pairs():
    with pytest.raises(TypeError, match=r"ImageTextPairs\(texts=\[...\]\)"):
        as_pairs(["a dog"])


def test_scikit_learn_splits_pairs_by_rows(pairs):
    train, test = train_test_split(pairs, test_size=2, random_state=0)
    assert len(train) == 3
    assert len(test) == 2
    folds = [len(pairs[rows]) for _, rows in KFold(5).split(pairs)]
    assert folds == [1] * 5


def test_a_masked_array_is_refused_as_its_mask_would_be_lost():
    with pytest.raises(TypeError, match="images is a masked array"):
        ImageTextPairs(np.ma.masked_less([[1.0], [2.0]], 2))


def test_no_matching_pair_is_an_error():
    pairs = ImageTextPairs(texts=["a dog", "a cat"])
    with pytest.raises(ValueError, match="None of the 2 pairs is labelled 1"):
        matching_rows(pairs, [0, 0])


def test_vectors_without_numbers_are_refused():
    with pytest.raises(ValueError, match=r"texts of shape \(2, 0, 3\) hold no number"):
        check_numbers(np.empty((2, 0, 3)), "texts")


PIXELS = np.zeros((2, 8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("images", "texts", "message"),
    [
        (PIXELS, np.eye(2), r"images are of the shape \(8, 8, 3\) each.*DualEncoder"),
        (["a.jpg", "b.jpg"], np.eye(2), "images are strings such as 'a.jpg'"),
        (np.eye(2), ["a dog", "a cat"], "texts are strings such as 'a dog'"),
        (ORB().transform(PIXELS), np.eye(2), "images are local desc.*BagOfVisualWords"),
    ],
)
@pytest.mark.parametrize("step", [ProcrustesAligner(), SimilarityMatcher()])
def test_what_is_no_vector_is_told_the_step_that_is_missing(
    images, texts, message, step
):
    with pytest.raises((TypeError, ValueError), match=message):
        step.fit(ImageTextPairs(images, texts))


def test_sparse_texts_are_told_what_makes_them_dense():
    words = sparse.eye_array(2, format="csr")
    with pytest.raises(TypeError, match=r"texts are sparse.*CCA\(\) before.*Truncated"):
        SimilarityMatcher().fit(ImageTextPairs(np.eye(2), words))


@pytest.mark.parametrize("step", [StandardScaler(), LogisticRegression()])
def test_pairs_are_no_array_and_say_how_to_make_one(step):
    with pytest.raises(TypeError, match="two views and no array.*ConcatFusion"):
        step.fit(ImageTextPairs(np.eye(2), np.eye(2)), [0, 1])


def test_a_picture_among_texts_is_not_printed_whole():
    with pytest.raises(TypeError, match="a ndarray and not a string") as refused:
        ImageTextPairs(texts=list(PIXELS))
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("form", ["coo", "dia", "bsr", "csc", "lil", "dok"])
def test_a_view_may_be_sparse_in_any_format(form, kind):
    words = np.diag([1.0, 2.0, 3.0])
    pairs = ImageTextPairs(words, getattr(sparse, f"{form}_{kind}")(words))
    np.testing.assert_array_equal(pairs[[2, 0]].texts.toarray(), words[[2, 0]])
