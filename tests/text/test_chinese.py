"""Captions in Chinese work from a file to an answer, with characters or with jieba."""

import csv

import numpy as np
import pytest
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from itm_sklearn import ImageTextPairs, load, save
from itm_sklearn.alignment import CCA
from itm_sklearn.baselines import make_baseline
from itm_sklearn.compose import DualEncoder
from itm_sklearn.datasets import COLOURS, PLACES, SHAPES, load_pairs, make_scenes
from itm_sklearn.image import ColorHistogram
from itm_sklearn.metrics import recall_at_k
from itm_sklearn.model_selection import (
    ImageKFold,
    pair_similarity,
    retrieval_scoring,
    train_test_split_pairs,
)
from itm_sklearn.retrieval import CrossModalRetriever
from itm_sklearn.text import Word2VecEncoder

COLOUR_WORDS = dict(zip(COLOURS, "红橙黄绿青蓝紫粉", strict=True))
SHAPE_WORDS = dict(
    zip(SHAPES, ["圆形", "方形", "三角形", "星形", "十字形"], strict=True)
)
PLACE_WORDS = dict(
    zip(
        PLACES,
        [
            *("左上角", "上方", "右上角", "左侧", "中央"),
            *("右侧", "左下角", "下方", "右下角"),
        ],
        strict=True,
    )
)
CHANCE = 10 / 50


def sentences(facts):
    thing = facts.objects[0]
    size = {"small": "小", "large": "大"}[thing.size]
    name = f"{COLOUR_WORDS[thing.colour]}色的{size}{SHAPE_WORDS[thing.shape]}"
    place = PLACE_WORDS[facts.place]
    return [f"画面{place}有一个{name}", f"一个{name}位于画面的{place}"]


@pytest.fixture(scope="module")
def pairs():
    data = make_scenes(200, kinds=["place"], image_size=32, random_state=0)
    captions = [text for scene in data.scenes for text in sentences(scene.facts)]
    return ImageTextPairs(data.pairs.images, captions, np.repeat(np.arange(200), 2))


@pytest.fixture(scope="module")
def parts(pairs):
    return train_test_split_pairs(pairs, test_size=50, random_state=0)


def recall(text_encoder, parts):
    train, test = parts
    encoder = DualEncoder(ColorHistogram((8, 2, 2)), text_encoder)
    model = make_pipeline(encoder, CCA(16, ridge=1)).fit(train)
    return recall_at_k(test.relevance(), pair_similarity(model, test), k=10)


def test_characters_retrieve_far_above_chance(parts):
    characters = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2)
    assert recall(characters, parts) > 3 * CHANCE


def test_jieba_words_retrieve_far_above_chance(parts):
    jieba = pytest.importorskip("jieba")
    jieba.setLogLevel("ERROR")
    words = TfidfVectorizer(tokenizer=lambda text: jieba.lcut(text), token_pattern=None)
    assert recall(words, parts) > 3 * CHANCE


def test_word2vec_reads_chinese_without_a_tokenizer(parts):
    pytest.importorskip("gensim")
    signs = Word2VecEncoder(n_components=24, min_count=1, random_state=0)
    assert recall(signs, parts) > 2 * CHANCE


def test_runs_of_letters_learn_nothing_from_chinese(parts):
    """The trap that the documentation warns of; should it close, tell so there."""
    assert recall(TfidfVectorizer(), parts) < 2 * CHANCE


def test_a_baseline_of_characters_goes_through_a_grid_search(parts):
    train, test = parts
    search = GridSearchCV(
        make_baseline("color", "characters", n_components=16, random_state=0),
        {"cca__ridge": [0.3, 3.0]},
        scoring=retrieval_scoring(),
        refit="rsum",
        cv=ImageKFold(2),
    ).fit(train)
    found = recall_at_k(test.relevance(), pair_similarity(search, test), k=10)
    assert found > 3 * CHANCE


def test_chinese_captions_go_from_a_file_through_a_saved_model_to_an_answer(
    pairs, tmp_path
):
    for number, image in enumerate(pairs.images):
        Image.fromarray(image).save(tmp_path / f"图{number}.png")
    with (tmp_path / "说明.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "text"])
        rows.writerows(
            (f"图{image}.png", text)
            for image, text in zip(pairs.image_index, pairs.texts, strict=True)
        )
    read = load_pairs(tmp_path / "说明.csv", image_dir=tmp_path)
    assert list(read.texts) == list(pairs.texts)

    model = make_baseline("color", "characters", n_components=16, random_state=0)
    again = load(save(model.fit(read), tmp_path / "模型.itm"))
    found = CrossModalRetriever(again).fit(read).retrieve_images(["红色的大圆形"], 5)
    assert all("图" in str(path) for path in found.items[0])
    described = [pairs.texts[2 * image] for image in found.indices[0]]
    assert sum("红" in text for text in described) >= 3
