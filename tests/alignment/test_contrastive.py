"""Contrastive networks: what they learn, from whom, and what comes back."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from itm_sklearn.alignment._network import sort_by_content
from itm_sklearn.metrics import recall_at_k, rsum
from itm_sklearn.pairs import ImageTextPairs
from itm_sklearn.testing import parametrize_with_pair_checks

torch = pytest.importorskip("torch")

from itm_sklearn.alignment import ContrastiveAligner  # noqa: E402

SMALL = {"hidden_layer_sizes": (64,), "random_state": 0}


def _share_topics(n_images, n_texts, seed):
    """Images that show what their texts say, but bent: no linear map finds it."""
    rng = np.random.default_rng(seed)
    weights = np.random.default_rng(0).normal(size=(4, 30))
    topics = rng.normal(size=(n_images, 4))
    images = np.abs(topics @ weights)
    image_index = np.repeat(np.arange(n_images), n_texts)
    texts = topics[image_index] + 0.05 * rng.normal(size=(len(image_index), 4))
    return ImageTextPairs(images, texts, image_index)


@pytest.fixture(scope="module")
def pairs():
    return _share_topics(200, 3, seed=1)


@pytest.fixture(scope="module")
def unseen():
    return _share_topics(60, 3, seed=2)


def _rsum(aligner, pairs):
    projected = aligner.transform(pairs)
    return rsum(pairs.relevance(), projected.texts @ projected.images.T)


@parametrize_with_pair_checks([ContrastiveAligner(8, loss="triplet", **SMALL)])
def test_pair_checks(estimator, check):
    check()


@pytest.mark.parametrize("loss", ["infonce", "sigmoid", "triplet"])
def test_unseen_images_are_found_by_what_no_linear_map_finds(loss, pairs, unseen):
    aligner = ContrastiveAligner(16, loss=loss, max_iter=30, **SMALL)
    projected = (
        aligner.set_params(dropout=0.1, input_dropout=0.0).fit(pairs).transform(unseen)
    )
    similarity = projected.texts @ projected.images.T
    assert recall_at_k(unseen.relevance(), similarity, k=5) > 0.6


def test_vectors_have_length_one(pairs):
    projected = ContrastiveAligner(8, max_iter=1, **SMALL).fit(pairs).transform(pairs)
    for view in (projected.images, projected.texts):
        np.testing.assert_allclose(np.linalg.norm(view, axis=1), 1.0)


def test_numpy_gives_what_torch_was_trained_to_give(pairs):
    """The network is used without torch, so its layers must mean the same there."""
    aligner = ContrastiveAligner(8, max_iter=2, **SMALL).fit(pairs)
    heads = aligner._load_heads().eval()
    images = (pairs.images - aligner.image_mean_) / aligner.image_scale_
    with torch.no_grad():
        expected = heads.image(torch.tensor(images, dtype=torch.float32))
    expected = torch.nn.functional.normalize(expected).numpy()
    np.testing.assert_allclose(
        aligner.transform_image(pairs.images), expected, atol=1e-5
    )


def test_a_fitted_aligner_works_where_torch_is_not_imported(pairs, tmp_path):
    path = tmp_path / "aligner.pickle"
    path.write_bytes(
        pickle.dumps(ContrastiveAligner(8, max_iter=1, **SMALL).fit(pairs))
    )
    program = (
        "import pickle, sys; import numpy as np;"
        f"aligner = pickle.load(open({str(path)!r}, 'rb'));"
        "print(aligner.transform_image(np.ones((2, 30))).shape, 'torch' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "(2, 8) False"


def test_the_random_numbers_of_torch_are_left_alone(pairs):
    before = torch.random.get_rng_state()
    ContrastiveAligner(8, max_iter=1, **SMALL).fit(pairs).partial_fit(pairs)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("loss", ["infonce", "sigmoid"])
def test_the_temperature_is_learned(loss, pairs):
    aligner = ContrastiveAligner(8, loss=loss, temperature=0.5, max_iter=1, **SMALL)
    aligner.fit(pairs)
    assert aligner.temperature_ != 0.5


def test_early_stopping_keeps_the_pass_that_did_best(pairs):
    aligner = ContrastiveAligner(
        8, max_iter=40, early_stopping=True, n_iter_no_change=3, **SMALL
    )
    aligner.fit(pairs)
    assert aligner.n_iter_ == np.argmax(aligner.validation_scores_) + 1
    assert len(aligner.validation_scores_) <= aligner.n_iter_ + 3


def test_without_early_stopping_all_pairs_are_trained_on(pairs):
    aligner = ContrastiveAligner(8, max_iter=4, **SMALL).fit(pairs)
    assert aligner.validation_scores_ == []
    assert aligner.n_iter_ == len(aligner.loss_curve_) == 4


def test_partial_fits_go_on_where_the_last_one_stopped(pairs, unseen):
    aligner = ContrastiveAligner(
        16, dropout=0.1, input_dropout=0.0, learning_rate=1e-3, **SMALL
    )
    scores = []
    for _ in range(3):
        for _ in range(5):
            aligner.partial_fit(pairs)
        scores.append(_rsum(aligner, unseen))
    assert scores[0] < scores[1] < scores[2]
    assert aligner.n_iter_ == len(aligner.loss_curve_) == 15


def test_a_fit_forgets_partial_fits(pairs):
    aligner = ContrastiveAligner(8, max_iter=2, **SMALL).fit(pairs)
    expected = aligner.transform_image(pairs.images)
    aligner.partial_fit(pairs)
    assert not np.allclose(aligner.transform_image(pairs.images), expected)
    np.testing.assert_array_equal(
        aligner.fit(pairs).transform_image(pairs.images), expected
    )


def test_a_sparse_view_gives_what_the_dense_one_gives(pairs):
    words = pairs.map(text=lambda texts: np.maximum(np.abs(texts) - 1, 0))
    aligner = ContrastiveAligner(8, max_iter=2, **SMALL)
    dense = aligner.fit(words)
    # Sparse features are not centred, so the scale and the mean are the same here.
    of_sparse = ContrastiveAligner(8, max_iter=2, **SMALL).fit(
        words.map(text=sparse.csr_array)
    )
    assert of_sparse.transform(words).texts.shape == (600, 8)
    assert not of_sparse.text_mean_.any()
    np.testing.assert_allclose(of_sparse.text_scale_, dense.text_scale_)


def test_a_caption_of_several_images_matches_all_of_them():
    """Half the images share a caption; where ids tell, they are no mismatches."""
    images, texts = np.eye(6), np.eye(6)
    pairs = ImageTextPairs(images, ["dog", "dog", "cat", "cow", "pig", "owl"])
    encoded = pairs.map(text=lambda words: texts)
    ordered = sort_by_content(encoded, encoded.text_id)
    assert ordered.relevance().sum() == 8


def test_the_same_vectors_are_the_same_text_and_the_same_image():
    images = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    texts = np.array([[1.0], [2.0], [2.0]])
    ordered = sort_by_content(ImageTextPairs(images, texts))
    assert ordered.n_images == 2
    assert sorted(ordered.relevance().sum(axis=1)) == [1, 2, 2]


def test_zero_and_minus_zero_are_the_same():
    ordered = sort_by_content(ImageTextPairs(np.array([[0.0], [-0.0]]), np.eye(2)))
    assert ordered.n_images == 1


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_the_order_of_pairs_is_that_of_their_content(make):
    rng = np.random.default_rng(0)
    images, texts = rng.integers(0, 2, (9, 2)) * 1.0, rng.integers(0, 3, (9, 2)) * 1.0
    order = rng.permutation(9)
    first = sort_by_content(ImageTextPairs(make(images), make(texts)))
    second = sort_by_content(ImageTextPairs(make(images[order]), make(texts[order])))
    for name in ("images", "texts"):
        one, other = make(getattr(first, name)), make(getattr(second, name))
        assert abs(one - other).max() == 0
    assert (first.image_index == second.image_index).all()


@pytest.mark.parametrize("widths", [(0,), (16, -3), (2.5,), ("a",)])
def test_widths_that_are_no_widths_are_refused(pairs, widths):
    with pytest.raises(ValueError, match="hidden_layer_sizes=.* must be whole numbers"):
        ContrastiveAligner(hidden_layer_sizes=widths).fit(pairs)
