"""Files of captions: what is written must be read, and nothing dropped in silence."""

import csv
import json
from contextlib import suppress
from io import BytesIO, StringIO
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from itm_sklearn.datasets import drop_unreadable, load_pairs
from itm_sklearn.pairs import ImageTextPairs

# No deadline: a busy machine is no defect.
unhurried = settings(deadline=None, max_examples=60)

NAMES = ["dog.jpg", "a cat, asleep.jpg", "été.png", "sub/fox#1.jpg", "it's.jpg"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    (folder / "sub").mkdir()
    for name in NAMES:
        Image.new("L", (1, 1)).save(folder / name, format="PNG")
    return folder


@pytest.fixture
def write(tmp_path, folder):
    def write(content, name="captions.txt"):
        path = tmp_path / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    return write


def encoded_picture():
    content = BytesIO()
    Image.new("RGB", (40, 30), "red").save(content, format="PNG")
    return content.getvalue()


PICTURE = encoded_picture()


def as_csv(rows, delimiter=",", newline="\r\n"):
    file = StringIO(newline="")
    # Python 3.11 leaves a lone carriage return unquoted if lines end otherwise.
    returns = any("\r" in text for _, text in rows)
    writer = csv.writer(
        file,
        delimiter=delimiter,
        lineterminator=newline,
        quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL,
    )
    writer.writerow(["image", "caption"])
    writer.writerows(rows)
    return file.getvalue()


def as_jsonl(rows):
    records = [{"file_name": name, "text": caption} for name, caption in rows]
    return "\n".join(json.dumps(record) for record in records)


def as_coco(rows):
    numbers = {name: number for number, (name, _) in enumerate(rows, start=7)}
    return json.dumps(
        {
            "images": [{"id": n, "file_name": name} for name, n in numbers.items()],
            "annotations": [
                {"image_id": numbers[name], "caption": caption}
                for name, caption in rows
            ],
        }
    )


def as_karpathy(rows):
    images = [
        {"filename": name, "split": "train", "sentences": [{"raw": caption}]}
        for name, caption in rows
    ]
    return json.dumps({"images": images, "dataset": "some"})


def as_flickr(rows):
    lines = [f"{name}#{number}\t{text}" for number, (name, text) in enumerate(rows)]
    return "\r\n".join(lines)


captions = st.text().filter(str.strip)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))
lines = lines.filter(str.strip)


def rows_of(texts):
    return st.lists(st.tuples(st.sampled_from(NAMES), texts), min_size=1, max_size=8)


def check_round_trip(rows, content, folder, path):
    """The file gives the rows back, in order, and each image once."""
    path.write_bytes(content.encode())
    pairs = load_pairs(path, folder)
    names = list(dict.fromkeys(name for name, _ in rows))
    assert pairs.images == [str(folder / name) for name in names]
    assert pairs.texts == [normalize("NFC", text.strip()) for _, text in rows]
    assert [names[image] for image in pairs.image_index] == [name for name, _ in rows]


@unhurried
@given(
    rows_of(captions),
    st.sampled_from(",;|\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\ufeff"]),
)
def test_tables_with_any_text_come_back(folder, rows, delimiter, newline, mark):
    content = mark + as_csv(rows, delimiter, newline)
    check_round_trip(rows, content, folder, folder / "table.txt")


@unhurried
@given(rows_of(captions))
def test_json_lines_with_any_text_come_back(folder, rows):
    check_round_trip(rows, as_jsonl(rows), folder, folder / "lines.jsonl")


@unhurried
@given(rows_of(captions), st.sampled_from(["captions.json", "captions"]))
def test_coco_captions_with_any_text_come_back(folder, rows, name):
    check_round_trip(rows, as_coco(rows), folder, folder / name)


@unhurried
@given(rows_of(captions), st.sampled_from(["dataset.json", "dataset"]))
def test_karpathy_splits_with_any_text_come_back(folder, rows, name):
    check_round_trip(rows, as_karpathy(rows), folder, folder / name)


@unhurried
@given(rows_of(lines))
def test_flickr_tokens_with_any_line_come_back(folder, rows):
    check_round_trip(rows, as_flickr(rows), folder, folder / "token.txt")


@unhurried
@given(st.text(), st.sampled_from(["captions.txt", "captions.json", "c.jsonl"]))
def test_any_other_text_is_refused_with_the_name_of_the_file(folder, content, name):
    (folder / name).write_bytes(content.encode())
    with pytest.raises(ValueError, match=name.replace(".", r"\.")):
        load_pairs(folder / name)


KEYS = ["images", "annotations", "sentences", "id", "image_id", "raw"]
KEYS += ["filename", "file_name", "caption", "filepath", "split"]
anything = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["dog.jpg", "a dog"]),
    lambda parts: (
        st.lists(parts, max_size=2)
        | st.dictionaries(st.sampled_from(KEYS), parts, max_size=4)
    ),
)


@unhurried
@given(
    st.dictionaries(st.sampled_from(KEYS[:3]), anything),
    st.sampled_from(["coco", "karpathy", "jsonl"]),
)
def test_json_of_any_shape_is_read_or_refused_with_a_value_error(
    folder, content, format
):
    (folder / "odd.json").write_text(json.dumps(content))
    with suppress(ValueError, FileNotFoundError):
        assert len(load_pairs(folder / "odd.json", folder, format=format))


def test_a_frame_written_by_pandas_gives_the_same_pairs(folder):
    dog = str(folder / "dog.jpg")
    pairs = ImageTextPairs([dog], ['a dog, "big"\nand brown', "a pet"], [0, 0])
    pairs.to_frame().to_csv(folder / "frame.csv", index=False)
    again = load_pairs(folder / "frame.csv")
    assert again.images == [dog]
    assert again.texts == pairs.texts


def test_without_a_folder_names_start_where_the_file_is(folder):
    path = folder / "beside.csv"
    path.write_text("image,text\ndog.jpg,a dog\n")
    assert load_pairs(str(path)).images == [str(folder / "dog.jpg")]


def test_absolute_names_stay_as_they_are(write, folder):
    path = write(f"image,text\n{folder / 'dog.jpg'},a dog\n")
    assert load_pairs(path, "elsewhere").images == [str(folder / "dog.jpg")]


def test_a_format_can_be_forced(write, folder):
    path = write("image,text,a\tb\ndog.jpg,x,y\n")
    assert load_pairs(path, folder, format="csv").texts == ["x"]


def test_a_list_of_captions_in_json_lines_gives_a_row_for_each(write, folder):
    path = write('{"image": "dog.jpg", "captions": ["a dog", "a pet"]}')
    pairs = load_pairs(path, folder)
    assert pairs.texts == ["a dog", "a pet"]
    assert pairs.image_index.tolist() == [0, 0]


def test_two_spellings_of_the_same_letters_are_one_text(write, folder):
    path = write("image,text\ndog.jpg,caf\u00e9\ndog.jpg,cafe\u0301\n")
    assert load_pairs(path, folder).text_id.tolist() == [0, 0]


def test_another_encoding_can_be_named(write, folder):
    path = write("image,text\ndog.jpg,été\n".encode("utf-16"))
    assert load_pairs(path, folder, encoding="utf-16").texts == ["été"]


KARPATHY = json.dumps(
    {
        "images": [
            {
                "filename": "fox#1.jpg",
                "filepath": "sub",
                "split": "train",
                "sentences": [{"raw": "a fox"}],
            },
            {"filename": "dog.jpg", "split": "val", "sentences": [{"raw": "a dog"}]},
            {"filename": "été.png", "split": "restval", "sentences": [{"raw": "sun"}]},
        ]
    }
)


@pytest.mark.parametrize(
    ("split", "texts"),
    [
        (None, ["a fox", "a dog", "sun"]),
        ("val", ["a dog"]),
        (("train", "restval"), ["a fox", "sun"]),
    ],
)
def test_only_the_splits_asked_for_are_kept(write, folder, split, texts):
    assert load_pairs(write(KARPATHY), folder, split=split).texts == texts


def test_the_file_path_of_karpathy_is_part_of_the_name(write, folder):
    pairs = load_pairs(write(KARPATHY), folder, split="train")
    assert pairs.images == [str(folder / "sub" / "fox#1.jpg")]


def test_an_unknown_split_is_refused_with_those_there_are(write, folder):
    with pytest.raises(ValueError, match="'test', .* are: restval, train, val"):
        load_pairs(write(KARPATHY), folder, split="test")


def test_a_split_of_a_file_without_splits_is_refused(write, folder):
    path = write("dog.jpg#0\ta dog")
    with pytest.raises(ValueError, match="split='train', .* are: none"):
        load_pairs(path, folder, split="train")


TWO = "dog.jpg#0\ta dog\nété.png#0\tsummer\ndog.jpg#1\ta pet\n"


def test_only_the_images_of_a_list_file_are_kept(write, folder):
    names = write("\ufeffdog.jpg\r\n\r\n", "names.txt")
    pairs = load_pairs(write(TWO), folder, images=names)
    assert pairs.texts == ["a dog", "a pet"]
    assert pairs.images == [str(folder / "dog.jpg")]


def test_only_the_images_of_a_sequence_are_kept(write, folder):
    assert load_pairs(write(TWO), folder, images=["été.png"]).texts == ["summer"]


def test_listed_images_without_a_caption_stop_the_run(write, folder):
    with pytest.raises(ValueError, match="1 of the 2 names in images=.*: cow.jpg"):
        load_pairs(write(TWO), folder, images=["dog.jpg", "cow.jpg"])


def test_listed_images_without_a_caption_can_be_left_out(write, folder):
    with pytest.warns(UserWarning, match="cow.jpg. They are left out"):
        pairs = load_pairs(
            write(TWO), folder, images=["dog.jpg", "cow.jpg"], on_error="warn"
        )
    assert len(pairs) == 2


MISSING = "image,text\n" + "".join(f"{n}.jpg,caption\n" for n in range(9)) * 2


def test_missing_images_stop_the_run_with_the_first_few_names(write, folder):
    path = write(MISSING + "dog.jpg,a dog\n")
    with pytest.raises(FileNotFoundError) as caught:
        load_pairs(path, folder)
    assert (
        "9 of 10 images are not there: 0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg and 4 more"
        in str(caught.value)
    )
    assert str(folder) in str(caught.value)


def test_missing_images_can_be_left_out_with_one_warning(write, folder):
    path = write(MISSING + "dog.jpg,a dog\n")
    with pytest.warns(UserWarning, match="9 of 10 images") as caught:
        pairs = load_pairs(path, folder, on_error="warn")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert pairs.texts == ["a dog"]


def broken(folder):
    """A file of captions about an image, half of one, and none at all."""
    (folder / "dog.png").write_bytes(PICTURE)
    (folder / "half.png").write_bytes(PICTURE[: len(PICTURE) // 2])
    (folder / "text.png").write_text("no image")
    names = ("half.png", "dog.png", "text.png", "dog.png")
    rows = "".join(f"{name},of {name} {row}\n" for row, name in enumerate(names))
    path = folder / "captions.csv"
    path.write_text("image,text\n" + rows)
    return path


def test_broken_images_are_left_out_with_the_reasons(tmp_path):
    path = broken(tmp_path)
    with pytest.warns(UserWarning, match="2 of 3 images can't be read") as caught:
        pairs = load_pairs(path, on_error="warn")
    assert pairs.texts == ["of dog.png 1", "of dog.png 3"]
    assert pairs.images == [str(tmp_path / "dog.png")]
    (warning,) = caught
    assert "half.png' can't be read: " in str(warning.message)
    assert "text.png' can't be read: its content is no known" in str(warning.message)
    assert warning.filename == __file__


def test_broken_images_are_skipped_without_a_word(tmp_path):
    assert len(load_pairs(broken(tmp_path), on_error="skip")) == 2


def test_pairs_from_elsewhere_lose_their_unreadable_images(tmp_path):
    pairs = load_pairs(broken(tmp_path))
    assert len(drop_unreadable(pairs.to_frame(), on_error="skip")) == 2
    with pytest.raises(ValueError, match=r"2 of 3 .*half.*text.*on_error='warn'"):
        drop_unreadable(pairs, on_error="raise")
    good = drop_unreadable(pairs, on_error="skip")
    assert drop_unreadable(good) is good


def test_texts_alone_have_no_images_to_be_read():
    with pytest.raises(ValueError, match="has no images"):
        drop_unreadable(ImageTextPairs(texts=["a dog"]))


def test_images_of_other_splits_need_not_be_there(write, folder):
    path = write("image,text,split\ndog.jpg,a dog,train\ncow.jpg,a cow, test\n")
    assert load_pairs(path, folder, split="train").texts == ["a dog"]


def test_blank_captions_stop_the_run_by_name_and_line(write, folder):
    path = write('image,text\ndog.jpg,a dog\nété.png,"  "\n')
    with pytest.raises(
        ValueError, match=r"1 of 2 captions are blank: été.png \(line 3"
    ):
        load_pairs(path, folder)


def test_blank_captions_can_be_left_out_with_a_warning(write, folder):
    path = write("dog.jpg#0\ta dog\nété.png#0\t\n")
    with pytest.warns(UserWarning, match="1 of 2 captions are blank"):
        pairs = load_pairs(path, folder, on_error="warn")
    assert pairs.n_images == 1


def test_no_image_left_is_an_error_even_when_dropping(write, folder):
    path = write("cow.jpg#0\ta cow")
    with pytest.raises(ValueError, match=r"cow.jpg.*there is no such file.*No pair is"):
        load_pairs(path, folder, on_error="skip")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("image,text\n", "leaves no pair"),
        ("dog.jpg,a dog\n", "line 1: the columns .* hold no images"),
        ("image,question\ndog.jpg,why\n", "line 1: .* hold no captions"),
        ("image,text\n\ndog.jpg,a dog, brown\n", "line 3: 3 fields, but the 2 columns"),
        ("image,text\r\ndog.jpg\r\n", "line 2: 1 fields"),
        ('image,text\na,"b\nc"\ndog.jpg,"a dog\nx\n', "line 4: unexpected end of data"),
        ('image,text\ndog.jpg,"a" dog\n', "line 2: ',' expected after"),
        ("image,text\n,a dog\n", "line 2: the caption 'a dog' has no name"),
        (
            b"image,text\ndog.jpg,\xe9t\xe9\n",
            r"line 2: the bytes b'\\xe9' are not utf-8",
        ),
        ("dog.jpg#0\ta dog\nno tab\n", "line 2: 'no tab' is not of the form"),
        ('{"image": "a", "text": "b"}\n{"image": "a"}', "line 2: .* is no object with"),
        ('{"image": "a", "text": "b"}\n{"image"', "line 2: no JSON"),
        ('{"image": "a", "text": 3}', "line 1: 3 should be a string"),
        ('{"images": [', "line 1: no JSON"),
        ('{"data": []}', "neither the 'images' and 'annotations' of COCO"),
        ('{"images": [{"id": 1}], "annotations": []}', r"images\[0\]: no 'file_name'"),
        (
            '{"images": [], "annotations": [{"image_id": 5, "caption": "a"}]}',
            r"annotations\[0\]: image_id=5 is not under 'images'",
        ),
        ('{"images": [{"filename": "a"}]}', r"images\[0\]: no 'sentences'"),
        ('{"images": [3]}', r"images\[0\]: no 'filename' in 3"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(write, folder, content, problem):
    with pytest.raises(ValueError, match=problem) as caught:
        load_pairs(write(content), folder)
    assert "captions.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"on_error": "drop"}, "on_error='drop'"),
        ({"format": "xml"}, "format='xml'"),
    ],
)
def test_an_unknown_choice_is_refused(write, folder, arguments, problem):
    with pytest.raises(ValueError, match=problem):
        load_pairs(write(TWO), folder, **arguments)


def test_a_folder_is_no_file_of_captions(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder.*is image_dir"):
        load_pairs(tmp_path)
