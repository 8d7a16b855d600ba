"""Uploads: every bad file gets its status, nothing large is kept, and nothing ever touches a disk."""

import base64
import io
import json
import logging
import tempfile
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from PIL import Image

from tests.support import widget_shop

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]

SEARCH = "/api/xsearch/search/"
TRANSCRIBE = "/api/xsearch/transcribe/"
PAGE = "/search/"


def upload(content, name="photo.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, content, content_type)


def code_of(answer, status):
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"code", "detail"}
    return body["code"]


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "hello" * 100)
    return stream.getvalue()


def many_pixels():
    stream = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(stream, "PNG")
    return stream.getvalue()


BAD_PHOTOS = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 415),
    "html": (b"<!doctype html><title>photo</title>", 415),
    "zip": (zipped(), 415),
    "text": (b"just words", 415),
    "truncated": (widget_shop.photo("red")[:600], 422),
    "signature only": (b"\xff\xd8\xff", 422),
    "empty": (b"", 422),
    "decompression bomb": (many_pixels(), 422),
}


@pytest.mark.parametrize("kind", BAD_PHOTOS)
@pytest.mark.parametrize("address", [SEARCH, PAGE])
def test_bad_photos(client, kind, address):
    content, status = BAD_PHOTOS[kind]
    answer = client.post(address, {"image": upload(content), "q": "red"}, headers={"x-xsearch": "fragment"})
    assert code_of(answer, status) in ("unsupported_media", "unreadable_media")


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"just words", 415), (widget_shop.photo("red"), 415), (b"RIFF\x24\x00\x00\x00WAVEfmt ", 422)],
)
@pytest.mark.parametrize("address", [SEARCH, TRANSCRIBE])
def test_bad_recordings(client, address, content, status):
    code_of(client.post(address, {"audio": upload(content, "speech.webm", "audio/webm")}), status)


@pytest.fixture
def small_limits(settings):
    settings.XSEARCH = widget_shop.XSEARCH | {"IMAGE_MAX_BYTES": 50_000, "AUDIO_MAX_BYTES": 20_000}


@pytest.mark.parametrize("address", [SEARCH, PAGE])
@pytest.mark.parametrize("size", [50_001, 500_000, 3_000_000])
def test_too_large_by_multipart(client, small_limits, address, size):
    body = {"image": upload(b"\xff\xd8\xff" + bytes(size)), "q": "red"}
    assert code_of(client.post(address, body, headers={"x-xsearch": "fragment"}), 413) == "too_large"


@pytest.mark.parametrize("size", [50_001, 500_000, 3_000_000])
def test_too_large_in_json(client, small_limits, size):
    body = json.dumps({"image": base64.b64encode(bytes(size)).decode()})
    assert code_of(client.post(SEARCH, body, content_type="application/json"), 413) == "too_large"


def test_each_field_has_its_own_limit(client, small_limits):
    sound = upload(bytes(30_000), "speech.webm", "audio/webm")
    assert code_of(client.post(TRANSCRIBE, {"audio": sound}), 413) == "too_large"


def test_a_large_request_without_files(client):
    answer = client.post("/api/xsearch/events/", {"query_id": "a" * 3_000_000}, content_type="application/json")
    assert code_of(answer, 413) == "too_large"


def test_a_file_over_the_limit_is_not_collected(client, small_limits, monkeypatch):
    from xsearch.web import uploads

    kept = []
    write = uploads.io.BytesIO

    class Counting(write):
        def write(self, content):
            kept.append(len(content))
            return super().write(content)

    monkeypatch.setattr(uploads.io, "BytesIO", Counting)
    client.post(SEARCH, {"image": upload(bytes(900_000)), "q": "red"})
    assert sum(kept) <= 50_000


def test_a_body_of_unknown_length(client):
    # Django reads nothing of such a body, so the client would be told that its query is empty.
    answer = client.generic("POST", SEARCH, b"", "application/json", headers={"transfer-encoding": "chunked"})
    assert code_of(answer, 400) == "length_required"


def test_files_that_nobody_asked_for(client, stock):
    answer = client.post(SEARCH, {"q": "red", "invoice": upload(b"abc", "a.pdf")})
    assert code_of(answer, 400) == "unknown_parameter"
    assert code_of(client.post(TRANSCRIBE, {"image": upload(b"abc")}), 400)


def test_a_recording_is_needed_to_transcribe(client):
    assert code_of(client.post(TRANSCRIBE, {}), 400) == "bad_parameter"


@pytest.fixture
def no_disk(monkeypatch):
    """Fail whenever a file is made: by Django's upload handler or by the tempfile module."""

    def refuse(*args, **kwargs):
        raise AssertionError("an upload was written to disk")

    monkeypatch.setattr(TemporaryUploadedFile, "__init__", refuse)
    for name in ("NamedTemporaryFile", "TemporaryFile", "mkstemp", "_TemporaryFileWrapper"):
        monkeypatch.setattr(tempfile, name, refuse)


def large_photo():
    """A photo above Django's limit for files in memory (2.5 MB)."""
    stream = io.BytesIO()
    Image.effect_noise((2200, 1800), 80).convert("RGB").save(stream, "JPEG", quality=97)
    assert len(stream.getvalue()) > 2_700_000
    return stream.getvalue()


@pytest.mark.parametrize("address", [SEARCH, PAGE])
def test_photos_stay_in_memory(client, stock, no_disk, address):
    assert client.post(address, {"image": upload(large_photo())}).status_code == 200


def test_the_guard_of_the_last_test_works(rf, no_disk):
    request = rf.post("/", {"image": upload(large_photo())})
    with pytest.raises(AssertionError, match="written to disk"):
        _ = request.FILES


def test_names_and_content_are_not_logged(client, stock, caplog):
    secret = "my-home-address.jpg"
    with caplog.at_level(logging.DEBUG):
        client.post(SEARCH, {"image": upload(widget_shop.photo("red"), secret), "q": "red jacket"})
        client.post(SEARCH, {"image": upload(b"broken" * 5, secret)})
    assert secret not in caplog.text
    assert "broken" not in caplog.text


def test_where_a_photo_was_taken_is_dropped_and_its_orientation_used(client, stock):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    answer = client.post(SEARCH, {"image": upload(widget_shop.photo("green", exif=exif))})
    assert answer.json()["hits"][0]["colour"] == "green"
