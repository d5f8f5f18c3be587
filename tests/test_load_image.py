import os
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from itm_sklearn import _load_image
from itm_sklearn._load_image import image_content, load_image, unreadable_images


@pytest.fixture
def photo():
    """A smooth picture whose four corners differ."""
    rows, columns = np.mgrid[0:24, 0:40]
    return np.stack([rows * 10, columns * 6, rows + columns], axis=2).astype(np.uint8)


def encoded(image, kind, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_a_picture_is_the_same_through_every_door(photo, tmp_path):
    path = tmp_path / "photo.png"
    content = encoded(photo, "PNG")
    path.write_bytes(content)
    doors = [path, str(path), np.str_(path), content, bytearray(content)]
    doors += [memoryview(content), Image.fromarray(photo), photo]
    doors += [{"bytes": content, "path": None}, {"bytes": None, "path": str(path)}]
    for door in doors:
        np.testing.assert_array_equal(load_image(door), photo)


def test_gray_is_the_same_from_a_file_and_from_an_array(photo):
    gray = load_image(photo, mode="L")
    assert gray.shape == (24, 40)
    np.testing.assert_array_equal(load_image(encoded(photo, "PNG"), mode="L"), gray)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(photo, orientation):
    """The expected pictures follow the table of the EXIF standard."""
    upright = {
        1: photo,
        2: photo[:, ::-1],
        3: photo[::-1, ::-1],
        4: photo[::-1],
        5: photo.transpose(1, 0, 2),
        6: np.rot90(photo, -1),
        7: photo.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(photo),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(photo, "PNG", exif=exif)
    np.testing.assert_array_equal(load_image(content), upright[orientation])


def test_gray_is_repeated_in_three_channels():
    gray = np.arange(6, dtype=np.uint8).reshape(2, 3)
    for door in (gray, gray[:, :, None], Image.fromarray(gray)):
        np.testing.assert_array_equal(load_image(door), np.dstack([gray] * 3))


def test_a_palette_is_looked_up():
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putdata([0, 1])
    assert load_image(encoded(picture, "GIF")).tolist() == [[[255, 0, 0], [0, 0, 255]]]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "RGB"])
def test_hidden_colours_under_transparency_become_white(mode):
    picture = Image.new("RGBA", (2, 2), (0, 0, 0, 0)).convert(mode)
    options = {"P": {"transparency": 0}, "RGB": {"transparency": (0, 0, 0)}}
    if mode == "PA":
        # Older versions of Pillow make it opaque.
        picture.putalpha(0)
        assert (load_image(picture) == 255).all()
        return
    content = encoded(picture, "PNG", **options.get(mode, {}))
    assert (load_image(content) == 255).all()


def test_half_transparent_red_is_pink_in_an_array_too():
    picture = np.full((1, 1, 4), [255, 0, 0, 51], dtype=np.uint8)
    assert load_image(picture).tolist() == [[[255, 204, 204]]]


def test_gray_with_alpha_is_laid_on_white():
    picture = np.array([[[0, 0], [0, 255]]], dtype=np.uint8)
    assert load_image(picture, mode="L").tolist() == [[255, 0]]


def test_cmyk_has_three_channels_and_the_right_colours(photo):
    picture = Image.fromarray(photo).convert("CMYK")
    pixels = load_image(encoded(picture, "JPEG", quality=100, subsampling=0))
    assert pixels.shape == photo.shape
    assert np.abs(pixels.astype(int) - photo).mean() < 2


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "LAB"])
def test_other_colour_spaces_come_back_as_rgb(photo, mode):
    picture = Image.fromarray(photo)
    if mode == "LAB":
        spaces = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
        picture = ImageCms.profileToProfile(picture, *spaces, outputMode="LAB")
    else:
        picture = picture.convert(mode)
    difference = np.abs(load_image(picture).astype(int) - photo)
    assert difference.mean() < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_gray_is_scaled_not_saturated(kind):
    values = np.array([[0, 257, 32_896, 65_535]], dtype=np.uint16)
    expected = [[0, 1, 128, 255]]
    assert load_image(encoded(values, kind), mode="L").tolist() == expected
    assert load_image(values, mode="L").tolist() == expected


def test_pillows_32_bit_mode_holds_16_bit_values():
    picture = Image.fromarray(np.array([[0, 65_535]], dtype=np.uint16)).convert("I")
    assert load_image(picture, mode="L").tolist() == [[0, 255]]


def test_a_32_bit_integer_file_holds_16_bit_values():
    values = np.array([[0, 32_896, 65_535]], dtype=np.int32)
    assert load_image(encoded(values, "TIFF"), mode="L").tolist() == [[0, 128, 255]]


def test_a_float_file_keeps_its_brightness():
    values = np.array([[0.0, 0.5, 1.0]], dtype=np.float32)
    assert load_image(encoded(values, "TIFF"), mode="L").tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.2, 1.0], [0, 51, 255]),
        ([0.0, 51.0, 255.0], [0, 51, 255]),
        ([False, True, True], [0, 255, 255]),
        ([0, 1, 255], [0, 1, 255]),
    ],
)
def test_the_range_rule_for_arrays(values, expected):
    assert load_image(np.array([values]), mode="L").tolist() == [expected]


def test_one_bit_images_are_black_and_white():
    picture = Image.fromarray(np.array([[True, False]]))
    assert load_image(encoded(picture, "PNG"), mode="L").tolist() == [[255, 0]]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation_is_taken(kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    red, _, blue = load_image(content)[4, 4]
    assert red > 240
    assert blue < 15


def test_a_frame_that_the_caller_chose_is_kept():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with Image.open(BytesIO(content)) as picture:
        picture.seek(1)
        assert load_image(picture)[4, 4].tolist() == [0, 0, 255]


def test_max_size_bounds_the_longest_side_and_keeps_the_shape():
    picture = np.zeros((30, 60, 3), dtype=np.uint8)
    assert load_image(picture, max_size=20).shape == (10, 20, 3)
    assert load_image(picture, max_size=60).shape == (30, 60, 3)
    assert load_image(picture[:1], max_size=7).shape == (1, 7, 3)


def test_min_size_enlarges_only_smaller_images():
    picture = np.zeros((30, 60, 3), dtype=np.uint8)
    assert load_image(picture, min_size=120).shape == (60, 120, 3)
    assert load_image(picture, min_size=60) is picture


def test_a_jpeg_shrunk_while_it_is_decoded_looks_like_one_shrunk_after(photo):
    large = np.asarray(Image.fromarray(photo).resize((800, 480)))
    content = encoded(large, "JPEG", quality=95)
    shrunk = load_image(content, max_size=80)
    assert shrunk.shape == (48, 80, 3)
    after = load_image(load_image(content), max_size=80)
    assert np.abs(shrunk.astype(int) - after).mean() < 2


def test_the_image_of_the_caller_is_left_as_it_was(photo):
    with Image.open(BytesIO(encoded(photo, "JPEG"))) as picture:
        load_image(picture, mode="L", max_size=5)
        assert picture.size == (40, 24)
        assert picture.mode == "RGB"


def claiming(width, height):
    """A tiny PNG whose header says that it is large."""
    content = bytearray(encoded(Image.new("1", (1, 1)), "PNG"))
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    content = claiming(9_000, 9_000)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", pytest.fail)
    with pytest.raises(ValueError, match="81,000,000 pixels, more than max_pixels"):
        load_image(content)


def test_a_bomb_beyond_pillows_own_limit_gives_the_same_kind_of_error():
    content = claiming(20_000, 20_000)
    with pytest.raises(ValueError, match=r"can't be read: it has too many pixels"):
        load_image(content)


def test_an_image_without_pixels_is_refused():
    with pytest.raises(ValueError, match="its size is 0 x 5"):
        load_image(Image.new("RGB", (0, 5)))


def test_max_pixels_can_be_lowered(photo):
    with pytest.raises(ValueError, match="40 x 24 are 960 pixels"):
        load_image(encoded(photo, "PNG"), max_pixels=959)
    assert load_image(encoded(photo, "PNG"), max_pixels=960).shape == photo.shape


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.9, 0.4])
def test_a_truncated_file_is_an_error(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    content = encoded(noise, kind)
    with pytest.raises(ValueError, match=r"given as \d+ bytes .* can't be read"):
        load_image(content[: int(share * len(content))])


def test_the_error_names_the_file_and_why(tmp_path):
    missing, empty, garbage = (
        tmp_path / name for name in ("missing.jpg", "empty.jpg", "garbage.jpg")
    )
    empty.write_bytes(b"")
    garbage.write_bytes(b"no image at all")
    reasons = {
        missing: "there is no such file",
        empty: "it is empty",
        garbage: "its content is no known image format",
        tmp_path: "it is a directory",
    }
    for path, reason in reasons.items():
        with pytest.raises(ValueError, match=reason) as caught:
            load_image(path)
        assert str(path) in str(caught.value)


def test_a_file_that_would_run_a_program_is_no_image():
    """Pillow draws PostScript by calling Ghostscript."""
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"
    with pytest.raises(ValueError, match="no known image format"):
        load_image(script)


def test_a_format_that_pillow_was_built_without_is_no_obstacle(monkeypatch):
    monkeypatch.setattr(_load_image, "_FORMATS", [*_load_image._FORMATS, "UNHEARD-OF"])
    _load_image._formats.cache_clear()
    with pytest.raises(ValueError, match="no known image format"):
        load_image(b"garbage")


@pytest.mark.parametrize(
    ("values", "match"),
    [
        (np.zeros((3, 20, 30)), "np.moveaxis"),
        (np.zeros((0, 5)), "is no image"),
        (np.zeros(5), "is no image"),
        (np.full((2, 2), np.nan), "from nan to nan"),
        (np.full((2, 2), 256), r"from 256 to 256, beyond 0\.\.255"),
        (np.full((2, 2), -0.1), r"from -0.1 to -0.1, beyond 0\.\.1"),
    ],
)
def test_an_array_that_is_no_image_is_an_error(values, match):
    with pytest.raises(ValueError, match=match):
        load_image(values)


@pytest.mark.parametrize("item", [None, 5, ["a.jpg"], np.array([["a"]])])
def test_an_item_of_another_kind_is_a_type_error(item):
    with pytest.raises(TypeError, match="is no image"):
        load_image(item)


def test_an_unknown_mode_is_an_error(photo):
    with pytest.raises(ValueError, match="mode='BGR' is neither"):
        load_image(photo, mode="BGR")


def test_content_tells_images_apart_by_their_pixels(photo, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(photo, "PNG"))
    same = [image_content(item) for item in (path, str(path), path.read_bytes())]
    assert len(set(same)) == 1
    pixels = [image_content(item) for item in (photo, Image.fromarray(photo))]
    assert pixels[0] == pixels[1]
    darker = photo // 2
    turned = photo.reshape(40, 24, 3)
    others = [image_content(item) for item in (darker, turned, photo.astype(float))]
    assert len({*pixels, *others}) == 4


def test_content_of_a_missing_file_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="'nowhere.jpg' can't be read: there is no"):
        image_content("nowhere.jpg")


def test_the_limit_is_raised_by_an_environment_variable(photo, monkeypatch):
    monkeypatch.setenv("ITM_MAX_PIXELS", "959")
    with pytest.raises(ValueError, match="which the environment variable ITM_MAX"):
        load_image(encoded(photo, "PNG"))
    monkeypatch.setenv("ITM_MAX_PIXELS", "960")
    assert load_image(encoded(photo, "PNG")).shape == photo.shape


def test_a_limit_above_pillows_own_holds(monkeypatch):
    """Pillow warns of 100 pixels here, and refuses 200."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    content = encoded(Image.new("L", (30, 10)), "PNG")
    assert load_image(content, max_pixels=300).shape == (10, 30, 3)
    with pytest.raises(ValueError, match="300 pixels, more than max_pixels=299"):
        load_image(content, max_pixels=299)


def test_a_limit_that_is_no_number_is_an_error(photo, monkeypatch):
    monkeypatch.setenv("ITM_MAX_PIXELS", "many")
    with pytest.raises(ValueError, match="ITM_MAX_PIXELS='many' is no number"):
        load_image(encoded(photo, "PNG"))


def test_an_address_is_not_fetched():
    with pytest.raises(ValueError, match="it is an address, so fetch it first"):
        load_image("https://example.org/dog.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
@pytest.mark.parametrize("read", [load_image, image_content])
def test_a_pipe_is_not_waited_for(read, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match="it is no regular file"):
        read(tmp_path / "pipe.jpg")


def test_a_full_memory_is_not_blamed_on_the_image(photo, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(MemoryError):
        load_image(encoded(photo, "PNG"))


def test_unreadable_images_are_named_by_their_numbers(photo):
    good = encoded(photo, "JPEG")
    problems = unreadable_images([good, b"no image", photo, good[:300], None])
    assert list(problems) == [1, 3, 4]
    assert "no known image format" in problems[1]
