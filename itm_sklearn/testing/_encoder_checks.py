"""What encoders of images, texts and local descriptors promise."""

import tempfile

import numpy as np
from sklearn.base import clone
from sklearn.utils import get_tags

from itm_sklearn.compose import DualEncoder
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing._compare import as_dense, assert_raises, assert_same


def needs(*methods):
    """Mark a check that makes sense only where these methods are."""

    def mark(check):
        check.needs = methods
        return check

    return mark


def check_each_item_gets_one_row(estimator, example):
    """The output is as long as the input."""
    encoded = _fit(estimator, example).transform(example.items)
    assert _n_rows(encoded) == len(example.items)


def check_the_order_of_items_is_the_order_of_rows(estimator, example):
    """Items back to front give rows back to front."""
    estimator = _fit(estimator, example)
    forwards = estimator.transform(example.items)
    backwards = estimator.transform(example.items[::-1])
    for row in range(len(example.items)):
        assert_same(_row(backwards, -row - 1), _row(forwards, row), tolerance=1e-4)


def check_a_row_depends_on_its_item_alone(estimator, example):
    """An item gets the same row in any company."""
    estimator = _fit(estimator, example)
    together = estimator.transform(example.items)
    alone = estimator.transform(example.items[1:2])
    assert_same(_row(alone, 0), _row(together, 1), tolerance=1e-4)


def check_transform_repeats_itself(estimator, example):
    """The same items give the same rows again."""
    estimator = _fit(estimator, example)
    first = estimator.transform(example.items)
    assert_same(estimator.transform(example.items), first)


def check_fit_transform_is_fit_and_then_transform(estimator, example):
    """Both ways lead to the same rows."""
    apart = _fit(clone(estimator), example).transform(example.items)
    assert_same(estimator.fit_transform(example.items), apart)


def check_rows_are_finite_numbers(estimator, example):
    """No NaN, no infinity."""
    encoded = as_dense(_fit(estimator, example).transform(example.items))
    assert np.isfinite(encoded.astype(float)).all()


def check_a_tuple_is_as_good_as_a_list(estimator, example):
    """Any sequence will do."""
    estimator = _fit(estimator, example)
    expected = estimator.transform(list(example.items))
    assert_same(estimator.transform(tuple(example.items)), expected)


@needs("get_feature_names_out")
def check_each_feature_has_a_name_of_its_own(estimator, example):
    """As many different names as columns."""
    estimator = _fit(estimator, example)
    names = estimator.get_feature_names_out()
    assert len(set(names)) == len(names)
    encoded = estimator.transform(example.items)
    if not hasattr(encoded, "batches"):
        assert encoded.shape == (len(example.items), len(names))


@needs("get_feature_names_out")
def check_a_data_frame_comes_out_if_asked_for(estimator, example):
    """`set_output` works, unless rows have no fixed width or are sparse."""
    expected = _fit(clone(estimator), example).transform(example.items)
    if not isinstance(expected, np.ndarray):
        return
    framed = _fit(estimator.set_output(transform="pandas"), example)
    frame = framed.transform(example.items)
    assert list(frame.columns) == list(framed.get_feature_names_out())
    assert_same(frame.to_numpy(), expected)


def check_it_serves_as_a_branch(estimator, example):
    """It encodes one view of pairs, each item once."""
    if example.kind == "texts":
        pairs, branch = ImageTextPairs(texts=example.items), {"text": estimator}
    else:
        index = np.repeat(np.arange(len(example.items)), 2)
        pairs = ImageTextPairs(images=example.items, image_index=index)
        branch = {"image": estimator}
    encoded = DualEncoder(**branch).fit(pairs).transform(pairs)
    view = encoded.texts if example.kind == "texts" else encoded.images
    assert _n_rows(view) == len(example.items)
    assert len(encoded) == len(pairs)


def check_a_cache_changes_nothing(estimator, example):
    """With `memory=`, empty and full, the same codes come out."""
    view = "text" if example.kind == "texts" else "image"
    pairs = ImageTextPairs(**{f"{view}s": example.items})
    expected = DualEncoder(**{view: estimator}).fit_transform(pairs)
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(2):
            encoder = DualEncoder(**{view: estimator}, memory=directory)
            encoded = encoder.fit_transform(pairs)
            assert_same(
                getattr(encoded, f"{view}s"), getattr(expected, f"{view}s"), 1e-4
            )


def check_an_image_without_content_gets_a_row(estimator, example):
    """A black picture and one of a single pixel are encoded, not refused."""
    if example.kind != "images":
        return
    estimator = _fit(estimator, example)
    black = np.zeros((32, 32, 3), dtype=np.uint8)
    encoded = estimator.transform([black, black[:1, :1], *example.items])
    assert _n_rows(encoded) == len(example.items) + 2
    assert np.isfinite(as_dense(encoded).astype(float)).all()


def check_an_image_that_is_not_there_is_named(estimator, example):
    """The path is part of the error."""
    if example.kind != "images":
        return
    estimator = _fit(estimator, example)
    assert_raises(
        (OSError, ValueError),
        lambda: as_dense(estimator.transform(["no-such-photo.jpg"])),
        match="no-such-photo.jpg",
    )


def check_an_empty_image_row_is_all_zero(estimator, example):
    """An image without local descriptors is encoded as nothing at all."""
    if example.kind == "descriptors":
        encoded = as_dense(_fit(estimator, example).transform(example.items))
        empty = [len(item) == 0 for item in example.items]
        assert not encoded[empty].any()


def check_any_script_is_text(estimator, example):
    """Chinese, emoji and combining letters are encoded."""
    if example.kind == "texts":
        estimator = _fit(estimator, example)
        encoded = estimator.transform(["一只小狗在海滩上奔跑", "🐶🏖️", "cafe\u0301"])
        assert np.isfinite(as_dense(encoded).astype(float)).all()


def _fit(estimator, example):
    return (
        estimator.fit(example.items) if get_tags(estimator).requires_fit else estimator
    )


def _n_rows(encoded):
    return encoded.shape[0] if hasattr(encoded, "shape") else len(encoded)


def _row(encoded, row):
    """One row, whatever the rows are kept in."""
    value = encoded[range(_n_rows(encoded))[row]]
    return getattr(value, "descriptors", value)
