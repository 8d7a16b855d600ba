"""Pictures: every odd kind comes out upright, RGB and bare; every bad one with the error of the contract."""

import contextlib
import io
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xsearch.media import MediaTooLarge, MediaUnreadable, MediaUnsupported, crop_image, load_image
from xsearch.media import image as image_module

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image, form="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def close_to(pixel, colour, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


def png_of_size(width, height):
    """A PNG whose header claims a size and whose pixels are missing."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_allowed_format_is_read(form):
    image = load_image(encoded(Image.new("RGB", (40, 30), RED), form))
    assert (image.mode, image.size) == ("RGB", (40, 30))
    assert close_to(image.getpixel((20, 15)), RED)


@pytest.mark.parametrize("form", ["PPM", "TGA", "ICO", "EPS", "PCX", "PDF"])
def test_other_formats_that_pillow_knows_are_refused(form):
    with pytest.raises(MediaUnsupported, match="Allowed are JPEG"):
        load_image(encoded(Image.new("RGB", (32, 32), RED), form))


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<!doctype html><html></html>", b"PK\x03\x04" + b"\0" * 60, b"red"],
    ids=["svg", "html", "zip", "text"],
)
def test_other_files_named_jpg_are_refused_with_what_is_allowed(tmp_path, content):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(MediaUnsupported, match="Allowed are JPEG, PNG") as caught:
        load_image(path)
    assert (caught.value.status, caught.value.code) == (415, "unsupported_media")


def test_an_empty_file_is_unreadable():
    with pytest.raises(MediaUnreadable, match="empty") as caught:
        load_image(b"")
    assert (caught.value.status, caught.value.code) == (422, "unreadable_media")


def test_a_missing_file_is_unreadable_and_its_folder_is_not_told(tmp_path):
    with pytest.raises(MediaUnreadable) as caught:
        load_image(tmp_path / "gone.jpg")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_truncated_pictures_are_unreadable(form):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), form)
    with pytest.raises(MediaUnreadable, match="damaged"):
        load_image(content[: len(content) // 2])


@pytest.mark.parametrize("head", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP"])
def test_garbage_behind_a_right_signature_is_unreadable(head):
    with pytest.raises(MediaUnreadable):
        load_image(head + bytes(range(256)))


def test_a_decompression_bomb_is_detected_from_its_header():
    with pytest.raises(MediaUnreadable, match="more than 50 megapixels"):
        load_image(png_of_size(10_000, 10_000))
    with pytest.raises(MediaUnreadable, match="more than 50 megapixels"):
        load_image(png_of_size(60_000, 60_000))


def test_the_limit_of_pixels_can_be_set(settings):
    content = encoded(Image.new("RGB", (100, 100)))
    assert load_image(content, max_pixels=10_000).size == (100, 100)
    with pytest.raises(MediaUnreadable):
        load_image(content, max_pixels=9_999)
    settings.XSEARCH = {"IMAGE_MAX_PIXELS": 9_999}
    with pytest.raises(MediaUnreadable):
        load_image(content)


def test_too_many_bytes_are_refused_without_reading_on():
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size=-1):
            self.given += size
            return b"\xff" * size

    source = Endless()
    with pytest.raises(MediaTooLarge) as caught:
        load_image(source, max_bytes=1000)
    assert (caught.value.status, caught.value.code) == (413, "too_large")
    assert source.given <= 1001


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_too_many_bytes_in_memory_are_refused(kind):
    with pytest.raises(MediaTooLarge):
        load_image(kind(encoded(Image.new("RGB", (40, 30)))), max_bytes=20)


def test_every_kind_of_source_is_read_and_file_objects_stay_open(tmp_path):
    content = encoded(Image.new("RGB", (8, 6), RED))
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    file = io.BytesIO(content)
    for source in (content, bytearray(content), memoryview(content), str(path), path, file):
        assert load_image(source).size == (8, 6)
    assert not file.closed


def test_a_stream_that_gives_a_little_at_a_time_is_read_to_its_end():
    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    assert load_image(Slow(encoded(Image.new("RGB", (8, 6))))).size == (8, 6)


def test_a_file_opened_as_text_is_the_callers_mistake(tmp_path):
    path = tmp_path / "photo.txt"
    path.write_text("text")
    with path.open() as file, pytest.raises(TypeError, match="'rb'"):
        load_image(file)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = Image.new("RGB", (40, 20), WHITE)
    upright.paste(RED, (0, 0, 10, 10))  # red at the top left, where it must end up
    stored = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for form in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        image = load_image(encoded(stored, form, exif=exif))
        assert image.size == (40, 20), form
        assert close_to(image.getpixel((3, 3)), RED, 40), form
        assert close_to(image.getpixel((37, 17)), WHITE, 40), form


def test_no_metadata_is_left():
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)
    content = encoded(Image.new("RGB", (20, 20), RED), "JPEG", exif=exif, comment=b"secret", icc_profile=b"profile")
    image = load_image(content)
    assert type(image) is Image.Image
    assert image.info == {}
    assert dict(image.getexif()) == {}
    assert b"Camera" not in encoded(image, "JPEG")


def test_corrupt_exif_neither_fails_nor_warns():
    content = encoded(Image.new("RGB", (20, 20), RED), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xfe" * 40)
    assert load_image(content).size == (20, 20)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 128, (128, 128, 128)),
        ("1", 1, WHITE),
        ("LA", (0, 0), WHITE),
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBA", (255, 0, 0, 255), RED),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
        ("I;16", 32896, (128, 128, 128)),
    ],
)
def test_modes_become_rgb_on_white(mode, colour, expected):
    assert close_to(load_image(encoded(Image.new(mode, (10, 10), colour))).getpixel((5, 5)), expected, 1)


def test_cmyk_becomes_rgb():
    for form in ("JPEG", "TIFF"):
        assert close_to(load_image(encoded(Image.new("CMYK", (10, 10), (0, 255, 255, 0)), form)).getpixel((5, 5)), RED)


def test_sixteen_bit_colour_becomes_eight_bit():
    rows = b"".join(b"\0" + struct.pack(">HHH", 0xFFFF, 0x8080, 0) * 4 for _ in range(4))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert load_image(content).getpixel((1, 1)) == (255, 128, 0)


def test_floating_point_pixels_are_scaled():
    values = np.array([[0.0, 0.5], [1.0, np.nan]], dtype=np.float32)
    image = load_image(encoded(Image.fromarray(values), "TIFF"))
    assert [image.getpixel(at)[0] for at in ((0, 0), (1, 0), (0, 1), (1, 1))] == [0, 128, 255, 0]


def test_palette_pictures_keep_colours_and_transparency():
    image = Image.new("P", (10, 10), 1)
    image.putpalette([*BLUE, *GREEN])
    image.paste(0, (0, 0, 5, 10))
    assert load_image(encoded(image)).getpixel((8, 5)) == GREEN
    see_through = load_image(encoded(image, transparency=0))
    assert see_through.getpixel((2, 5)) == WHITE
    assert see_through.getpixel((8, 5)) == GREEN


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_animations_the_first_frame_is_taken(form):
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, GREEN, BLUE)]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    assert close_to(load_image(content).getpixel((10, 10)), RED)


def test_huge_jpegs_are_decoded_small_and_others_in_full():
    big = Image.new("RGB", (4400, 2200), RED)
    assert load_image(encoded(big, "JPEG")).size == (1100, 550)
    assert load_image(encoded(big.resize((1000, 1000)), "JPEG")).size == (1000, 1000)
    assert min(load_image(encoded(big, "JPEG")).size) >= image_module.DRAFT_SIDE


def test_nothing_is_written_to_disk(monkeypatch):
    opened = []
    real_open = io.open

    def spy(file, mode="r", *args, **kwargs):
        opened.append((file, mode))
        return real_open(file, mode, *args, **kwargs)

    monkeypatch.setattr("builtins.open", spy)
    monkeypatch.setattr(io, "open", spy)
    load_image(encoded(Image.new("RGB", (20, 20), RED), "JPEG"))
    assert [mode for _, mode in opened if set(mode) & set("wax+")] == []


def test_threads_that_decode_at_once_leave_the_warning_filters_as_they_were():
    before = list(warnings.filters)
    content = encoded(Image.new("RGB", (300, 300), RED), "PNG")
    threads = [threading.Thread(target=lambda: [load_image(content) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


def test_a_crop_is_given_in_fractions():
    image = Image.new("RGB", (100, 50), WHITE)
    image.paste(RED, (50, 25, 100, 50))
    part = crop_image(image, (0.5, 0.5, 0.5, 0.5))
    assert part.size == (50, 25)
    assert part.getcolors() == [(50 * 25, RED)]
    assert crop_image(image, (0.999, 0.999, 0.0005, 0.0005)).size == (1, 1)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 0, 1), (-0.1, 0, 0.5, 0.5), (0.6, 0, 0.5, 0.5), (0, 0, 1), (float("nan"), 0, 1, 1), (1, 0, 0.001, 1)],
)
def test_a_crop_outside_the_picture_is_refused_with_the_cure(box):
    with pytest.raises(ValueError, match="crop"):
        crop_image(Image.new("RGB", (10, 10)), box)


def test_hostile_variations_raise_nothing_but_media_errors():
    random = np.random.default_rng(1)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"):
        original = np.frombuffer(encoded(Image.new("RGB", (24, 24), RED), form), np.uint8)
        for _ in range(30):
            content = original.copy()
            content[random.integers(0, len(content), 4)] = random.integers(0, 255, 4)
            with contextlib.suppress(MediaUnreadable, MediaUnsupported):
                assert load_image(content.tobytes(), max_pixels=1_000_000).mode == "RGB"


def test_real_photos_are_read(data_dir: Path):
    for path in sorted((data_dir / "shops" / "eshop" / "images").iterdir())[:5]:
        assert load_image(path).mode == "RGB"
