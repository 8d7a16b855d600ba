"""The app of the encoder server: what it answers, what it refuses, and that nothing of it is kept."""

import base64
import io
import json
import logging
import os
import sys
import threading
from wsgiref.util import setup_testing_defaults

import numpy as np
import pytest
from PIL import Image
from urllib3 import encode_multipart_formdata

from tests.support.encoders import BrokenEncoder, HashEncoder, PickyEncoder
from tests.support.indexing import picture
from tests.support.remote_services import ask, local_service
from tools.measure_encoder import measure
from xsearch.encoders.builtin import BuiltinEncoder
from xsearch.encoders.remote import RemoteEncoder
from xsearch.encoders.remote.protocols import sound_bytes
from xsearch.media import Waveform
from xsearch.serving.app import EncoderApp, Limits, batcher_of


@pytest.fixture
def made():
    """Return a function that makes an app; their threads end with the test."""
    batchers = []

    def make(encoder=None, limits=None, **options):
        encoder = encoder or HashEncoder(4)
        batchers.append(batcher_of(encoder))
        return EncoderApp("test", encoder, batchers[-1], limits or Limits(), **options)

    yield make
    for batcher in batchers:
        batcher.close()


def call(app, path, body=None, query="", **environ):
    """Call the app as a server does, and return status, decoded answer and headers."""
    environ = {"PATH_INFO": path, "QUERY_STRING": query, **environ}
    setup_testing_defaults(environ)
    if body is not None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        environ |= {"REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(content)}
        environ.setdefault("CONTENT_LENGTH", str(len(content)))
    got = []
    answer = b"".join(app(environ, lambda status, headers: got.extend((status, dict(headers)))))
    return int(got[0].split()[0]), json.loads(answer), got[1]


def upload(app, path, *files, **environ):
    fields = [("item", (f"{number}.bin", file)) for number, file in enumerate(files)]
    body, content_type = encode_multipart_formdata(fields)
    return call(app, path, body, CONTENT_TYPE=content_type, **environ)


def vectors(answer):
    rows = np.frombuffer(base64.b64decode(answer["vectors"]), "<f4")
    return rows.reshape(-1, answer["dimension"])


def test_the_info_says_what_is_served(made):
    status, info, _ = call(made(), "/")
    assert (status, info) == (
        200,
        {"name": "test", "fingerprint": "hash:4:1", "dimension": 4, "modalities": ["image", "text"],
         "max_items": 100, "max_bytes": 64 * 1024 * 1024},
    )  # fmt: skip


def test_texts_are_encoded_in_their_order(made):
    status, answer, _ = call(made(), "/encode/text", {"items": ["a", "b"]})
    assert (status, answer["fingerprint"]) == (200, "hash:4:1")
    assert vectors(answer) == pytest.approx(HashEncoder(4).encode_batch("text", ["a", "b"]))


def test_vectors_come_as_numbers_when_asked_for(made):
    _, answer, _ = call(made(), "/encode/text", {"items": ["a"]}, query="encoding_format=float")
    assert answer["vectors"] == HashEncoder(4).encode_batch("text", ["a"]).tolist()


def test_photos_of_any_format_are_encoded_upright(made):
    turned = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    stream = io.BytesIO()
    turned.save(stream, "PNG", exif=exif)
    status, answer, _ = upload(made(), "/encode/image", picture(1), stream.getvalue())
    upright = [Image.open(io.BytesIO(picture(1))).convert("RGB"), turned.transpose(Image.Transpose.ROTATE_180)]
    assert status == 200
    assert vectors(answer) == pytest.approx(HashEncoder(4).encode_batch("image", upright))


def test_two_step_encoders_get_prepared_photos(made):
    _, answer, _ = upload(made(BuiltinEncoder()), "/encode/image", picture(1, (90, 60)))
    photo = Image.open(io.BytesIO(picture(1, (90, 60)))).convert("RGB")
    assert vectors(answer) == pytest.approx(BuiltinEncoder().encode_batch("image", [photo]), abs=1e-5)


def test_nothing_to_encode_gives_no_vectors(made):
    assert vectors(call(made(), "/encode/text", {"items": []})[1]).shape == (0, 4)


def test_the_other_protocol_takes_one_text_or_several(made):
    status, answer, _ = call(made(), "/v1/embeddings", {"model": "test", "input": "a"})
    assert (status, answer["object"], answer["model"]) == (200, "list", "hash:4:1")
    assert [row["index"] for row in answer["data"]] == [0]
    assert answer["data"][0]["embedding"] == HashEncoder(4).encode_batch("text", ["a"])[0].tolist()
    body = {"model": "test", "input": ["a", "b"], "encoding_format": "base64"}
    rows = call(made(), "/v1/embeddings", body)[1]["data"]
    found = [np.frombuffer(base64.b64decode(row["embedding"]), "<f4") for row in rows]
    assert np.array(found) == pytest.approx(HashEncoder(4).encode_batch("text", ["a", "b"]))


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/encode/text", b"{", 400, "bad_request"),
        ("/encode/text", b"\xff", 400, "bad_request"),
        ("/encode/text", b"[" * 100_000, 400, "bad_request"),
        ("/encode/text", ["a"], 400, "bad_request"),
        ("/encode/text", {"items": "a"}, 400, "bad_request"),
        ("/encode/text", {"items": [1]}, 400, "bad_request"),
        ("/encode/text", {"items": ["\ud800"]}, 422, "not_encodable"),
        ("/encode/text", {"items": ["a"] * 257}, 413, "too_large"),
        ("/encode/image", b"no form", 400, "bad_request"),
        ("/encode/audio", {}, 404, "not_found"),
        ("/encode/", {}, 404, "not_found"),
        ("text", {"items": ["a"]}, 404, "not_found"),
        ("/nowhere", {}, 404, "not_found"),
    ],
)
def test_requests_that_make_no_sense_are_refused(made, path, body, status, code):
    found, answer, _ = call(made(), path, body)
    assert (found, answer["code"]) == (status, code)
    assert answer["detail"]


@pytest.mark.parametrize(
    ("body", "status"), [({"input": ["a"], "model": "gpt"}, 404), ({"input": 5}, 400), ({"input": [[1, 2]]}, 400)]
)
def test_refusals_of_the_other_protocol_have_its_form(made, body, status):
    found, answer, _ = call(made(), "/v1/embeddings", body)
    assert found == status
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        (b"no picture", 415, "unsupported_media"),
        (picture(1)[:60], 422, "unreadable_media"),
        (b"", 422, "unreadable_media"),
    ],
)
def test_pictures_that_cannot_be_read_are_named_by_number(made, file, status, code):
    found, answer, _ = upload(made(), "/encode/image", picture(1), file)
    assert (found, answer["code"]) == (status, code)
    assert answer["detail"].startswith("item 1: ")


def test_a_bomb_of_pixels_is_refused(made, settings):
    settings.XSEARCH = {"IMAGE_MAX_PIXELS": 1000}
    assert upload(made(), "/encode/image", picture(1, (40, 40)))[0] == 422


def test_a_body_above_the_limit_is_refused(made):
    app = made(limits=Limits(max_bytes=100))
    assert call(app, "/encode/text", {"items": ["a" * 100]})[0] == 413
    assert call(app, "/encode/text", {"items": ["a"]}, CONTENT_LENGTH="99999999999")[0] == 413


@pytest.mark.parametrize("length", ["-1", "x", "50"])
def test_a_body_of_another_length_is_refused(made, length):
    assert call(made(), "/encode/text", {"items": ["a"]}, CONTENT_LENGTH=length)[0] in {400, 413}


def test_more_files_than_django_allows_are_refused(made, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    app = made()
    assert call(app, "/")[1]["max_items"] == 2
    assert upload(app, "/encode/image", *[picture(1)] * 3)[0] == 413


def test_without_the_key_only_health_is_told(made):
    app = made(api_key="s3cret")
    assert call(app, "/health")[0] == 200
    for key in ("", "Bearer wrong", "s3cret", "Bearer s3cret2", "Bearer \xe9"):
        assert call(app, "/", HTTP_AUTHORIZATION=key)[0] == 401
        assert call(app, "/encode/text", {"items": ["a"]}, HTTP_AUTHORIZATION=key)[0] == 401
    assert call(app, "/encode/text", {"items": ["a"]}, HTTP_AUTHORIZATION="Bearer s3cret")[0] == 200


def test_an_encoder_that_cannot_work_is_said_with_its_cure(made):
    status, answer, headers = call(made(BrokenEncoder(4)), "/encode/text", {"items": ["a"]})
    assert (status, answer["code"], "Retry-After" in headers) == (503, "encoder_unavailable", True)
    assert "python manage.py xsearch_download" in answer["detail"]


def test_an_item_that_cannot_be_encoded_is_the_callers(made):
    app = made(PickyEncoder(4))
    assert call(app, "/encode/text", {"items": ["poison"]})[:2] == (
        422,
        {"code": "not_encodable", "detail": "RuntimeError: cannot encode poison"},
    )
    assert call(app, "/encode/text", {"items": ["a"]})[0] == 200


class Slow(HashEncoder):
    """An encoder that waits to be let on."""

    def __init__(self):
        super().__init__(4)
        self.begun, self.go_on = threading.Event(), threading.Event()

    def encode_batch(self, modality, items):
        self.begun.set()
        self.go_on.wait(60)
        return super().encode_batch(modality, items)


def test_more_requests_than_places_are_sent_away_for_a_moment():
    encoder = Slow()
    with local_service(encoder, limits=Limits(max_requests=1)) as service:
        first = []
        thread = threading.Thread(target=lambda: first.append(ask(f"{service.url}/encode/text", {"items": ["a"]})))
        thread.start()
        encoder.begun.wait(60)
        status, answer, headers = ask(f"{service.url}/encode/text", {"items": ["b"]})
        assert (status, answer["code"], headers["Retry-After"]) == (503, "overloaded", "1")
        assert ask(f"{service.url}/health")[0] == 200
        encoder.go_on.set()
        thread.join()
        assert first[0][0] == 200
        assert ask(f"{service.url}/encode/text", {"items": ["b"]})[0] == 200


class WrittenFiles:
    """Names of files that this process opens for writing, seen by an audit hook, which cannot be taken back."""

    is_on = False
    names = []

    @classmethod
    def watch(cls, event, arguments):
        if cls.is_on and event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            cls.names.append(arguments[0])


sys.addaudithook(WrittenFiles.watch)


def test_no_picture_or_sound_touches_the_disk_or_the_logs(caplog):
    caplog.set_level(logging.DEBUG)
    large = Image.fromarray(np.random.default_rng(0).integers(0, 255, (1200, 1200, 3), dtype=np.uint8))
    stream = io.BytesIO()
    large.save(stream, "BMP")
    fields = [("item", (f"secret-{number}.bmp", stream.getvalue())) for number in range(4)]
    body, content_type = encode_multipart_formdata(fields)
    with local_service(HashEncoder(1000)) as service:
        WrittenFiles.is_on = True
        try:
            assert ask(f"{service.url}/encode/image", body, {"Content-Type": content_type})[0] == 200
            assert ask(f"{service.url}/encode/text", {"items": ["secret words"] * 256})[0] == 200
            broken = encode_multipart_formdata([("item", ("secret.bmp", b"secret"))])
            assert ask(f"{service.url}/encode/image", broken[0], {"Content-Type": broken[1]})[0] == 415
        finally:
            WrittenFiles.is_on = False
    assert WrittenFiles.names == []
    assert "secret" not in caplog.text


class Deaf(HashEncoder):
    """An encoder of sounds, which it does not get to hear."""

    modalities = frozenset({"audio"})


def test_a_missing_package_is_no_fault_of_the_recording(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    sound = sound_bytes(Waveform(np.zeros(100, np.float32)))
    status, answer, _ = upload(made(Deaf(4)), "/encode/audio", sound)
    assert (status, answer["code"]) == (503, "audio_unavailable")


def test_health_counts_what_was_done_and_says_when_it_ends(made):
    app = made()
    call(app, "/encode/text", {"items": ["a", "b"]})
    assert call(app, "/health")[1] == {"status": "ok", "waiting": 0, "requests": 1, "items": 2, "runs": 1}
    app.is_draining = True
    assert call(app, "/health")[0] == 503


@pytest.mark.parametrize("modality", ["text", "image"])
def test_callers_can_be_measured(modality):
    with local_service(HashEncoder(4)) as service:
        figures = measure(RemoteEncoder(service.url), modality, clients=4, requests=8)
        assert ask(f"{service.url}/health")[1]["requests"] == 9
    assert set(figures) == {"requests_per_s", "p50_ms", "p95_ms", "memory_mb"}
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]
