"""The remote encoder against real servers, and against services that do everything wrong."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support import ROOT
from tests.support.encoder_contract import EncoderContract
from tests.support.encoders import HashEncoder, PickyEncoder
from tests.support.indexing import wait_until
from tests.support.remote_services import Faults, ask, local_service, served_process
from xsearch.encoders import EncoderAway, EncoderError, encoder_from_spec
from xsearch.encoders.builtin import BuiltinEncoder
from xsearch.encoders.logmel import LogMelEncoder
from xsearch.encoders.remote import RemoteEncoder
from xsearch.encoders.remote.protocols import picture_bytes, sound_bytes
from xsearch.encoders.remote.service import CircuitBreaker
from xsearch.media import Waveform, load_audio, load_image

SPECS = {
    "builtin": {"BACKEND": "xsearch.encoders.builtin.BuiltinEncoder"},
    "logmel": {"BACKEND": "xsearch.encoders.logmel.LogMelEncoder"},
}


def picture(rgb, size=(200, 160), noise=0):
    image = Image.new("RGB", size, "white")
    width, height = size
    ImageDraw.Draw(image).rounded_rectangle((width * 0.25, height * 0.15, width * 0.75, height * 0.9), 12, fill=rgb)
    if not noise:
        return image
    rough = np.asarray(image) + np.random.default_rng(0).normal(size=(height, width, 3)) * noise
    return Image.fromarray(rough.clip(0, 255).astype(np.uint8))


def sounds():
    t = np.arange(8000) / 16_000
    tone = np.sin(2 * np.pi * 440 * t) * np.exp(-3 * t)
    noise = np.random.default_rng(0).normal(size=8000) * 0.2
    scaled = [sound / np.abs(sound).max() for sound in (tone, noise, tone + np.sign(tone))]
    return [
        Waveform((sound * loudness).astype(np.float32)) for sound, loudness in zip(scaled, (1, 0.5, 0.003), strict=True)
    ]


PHOTOS = [picture((200, 30, 30)), picture((20, 60, 180), (90, 220)), picture((240, 220, 40), (400, 401), noise=12)]
TEXTS = ["red jacket", "黑色的裤子", "white shirt", "shoes"]


@pytest.fixture(scope="module")
def builtin_url():
    with served_process("builtin", SPECS) as served:
        yield served.url


@pytest.fixture(scope="module")
def logmel_url():
    with served_process("logmel", SPECS) as served:
        yield served.url


class TestBuiltinAtARealServer(EncoderContract):
    unknown = {"text": ["", "qwerty 12345", "🙂"]}

    @pytest.fixture(autouse=True)
    def _server(self, builtin_url):
        self.url = builtin_url

    def make_encoder(self):
        return RemoteEncoder(self.url)

    def items(self):
        return {"text": TEXTS, "image": PHOTOS}

    def test_it_is_the_space_of_the_encoder_at_the_other_end(self, encoder):
        local = BuiltinEncoder()
        assert encoder.fingerprint == local.fingerprint
        for modality, items in self.items().items():
            assert encoder.encode_batch(modality, items) == pytest.approx(local.encode_batch(modality, items), abs=1e-6)

    def test_large_photos_are_scaled_down_before_they_travel_and_mean_the_same(self, encoder):
        large = picture((200, 30, 30), (1500, 2000), noise=12)
        [there], [here] = encoder.encode_batch("image", [large]), BuiltinEncoder().encode_batch("image", [large])
        assert there @ here >= 0.9999
        assert len(encoder.prepare("image", large)) < 1024 * 1024 * 3

    def test_the_same_server_speaks_the_other_protocol(self):
        encoder = RemoteEncoder(f"{self.url}/v1", api="openai", model="builtin")
        assert encoder.modalities == {"text"}
        local = BuiltinEncoder().encode_batch("text", TEXTS)
        assert encoder.encode_batch("text", TEXTS) == pytest.approx(local, abs=1e-6)


class TestLogMelAtARealServer(EncoderContract):
    unknown = {"audio": [Waveform(np.zeros(8000, np.float32)), Waveform(np.zeros(0, np.float32))]}

    @pytest.fixture(autouse=True)
    def _server(self, logmel_url):
        self.url = logmel_url

    def make_encoder(self):
        return RemoteEncoder(self.url)

    def items(self):
        return {"audio": sounds()}

    def test_loud_and_quiet_sounds_have_the_vectors_they_have_here(self, encoder):
        there, here = encoder.encode_batch("audio", sounds()), LogMelEncoder().encode_batch("audio", sounds())
        assert (there * here).sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)


class TestOpenAIProtocol(EncoderContract):
    @pytest.fixture(autouse=True)
    def _server(self, builtin_url):
        self.url = builtin_url

    def make_encoder(self):
        return RemoteEncoder(f"{self.url}/v1/", api="openai", model="builtin", batch_size=3)

    def items(self):
        return {"text": TEXTS}


def test_pictures_and_sounds_travel_without_loss():
    assert np.array_equal(load_image(picture_bytes(PHOTOS[2], 1024)), PHOTOS[2])
    for sound in sounds():
        assert np.array_equal(load_audio(sound_bytes(sound)).samples, sound.samples)


def test_forked_children_have_connections_of_their_own(builtin_url):
    script = f"""
    import os, sys
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    import numpy as np
    from xsearch.encoders.builtin import BuiltinEncoder
    from xsearch.encoders.remote import RemoteEncoder
    words = ["red", "blue", "green", "black", "white", "jacket", "dress", "shoes"]
    wanted = BuiltinEncoder().encode_batch("text", words)
    remote = RemoteEncoder("{builtin_url}")
    remote.encode_batch("text", words)  # the parent has a connection
    children = []
    for number, word in enumerate(words):
        child = os.fork()
        if child == 0:
            answers = [remote.encode_batch("text", [word])[0] for _ in range(25)]
            os._exit(0 if np.allclose(answers, wanted[number], atol=1e-6) else 3)
        children.append(child)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert np.allclose(remote.encode_batch("text", words), wanted, atol=1e-6)
    assert statuses == [0] * 8, statuses
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ask(f"{builtin_url}/health")[1]["requests"] >= 8 * 25


@pytest.fixture
def service():
    with local_service(HashEncoder(4)) as service:
        yield service


def expected(*texts):
    return HashEncoder(4).encode_batch("text", texts)


def make(service, **options):
    return RemoteEncoder(service.url, **{"retries": 1, "pause_s": 3600, "timeout_s": 30, **options})


def vectors_of(rows, fingerprint="hash:4:1"):
    content = base64.b64encode(np.asarray(rows, "<f4").tobytes()).decode()
    return {"fingerprint": fingerprint, "dimension": len(rows[0]), "vectors": content}


class TestRequests:
    def test_nothing_is_asked_when_it_is_made(self):
        RemoteEncoder("http://127.0.0.1:1")

    def test_what_it_is_is_asked_once(self, service):
        encoder = make(service)
        assert (encoder.dimension, encoder.fingerprint, encoder.modalities) == (4, "hash:4:1", {"text", "image"})
        encoder.encode_batch("text", ["a"])
        assert [path for _method, path, _ in service.faults.seen] == ["/", "/encode/text"]

    def test_what_the_options_say_is_not_asked(self):
        encoder = RemoteEncoder("http://127.0.0.1:1", dimension=4, fingerprint="f", modalities=["text"])
        assert (encoder.dimension, encoder.fingerprint, encoder.modalities) == (4, "f", {"text"})

    def test_one_request_has_a_limited_number_of_items(self, service):
        texts = [f"text {number}" for number in range(10)]
        assert make(service, batch_size=4).encode_batch("text", texts) == pytest.approx(expected(*texts), abs=1e-6)
        assert len(service.faults.seen) == 1 + 3

    def test_one_request_has_a_limited_number_of_bytes(self, service):
        photos = [Image.new("RGB", (100, 100), (number, 0, 0)) for number in range(4)]
        make(service, max_request_bytes=80_000).encode_batch("image", photos)
        lengths = [int(environ["CONTENT_LENGTH"]) for _method, path, environ in service.faults.seen if path != "/"]
        assert len(lengths) == 2
        assert max(lengths) <= 80_000

    def test_an_item_that_is_too_large_is_its_own_fault(self, service):
        with pytest.raises(ValueError, match="takes"):
            make(service, max_request_bytes=20_000, max_side=None).encode_batch("image", [Image.new("RGB", (200, 200))])

    def test_the_limits_of_the_service_count_too(self):
        from xsearch.serving.app import Limits

        with local_service(HashEncoder(4), limits=Limits(max_items=2)) as service:
            assert len(make(service).encode_batch("text", ["a", "b", "c"])) == 3

    def test_the_key_comes_from_the_environment_and_is_told_to_nobody(self, monkeypatch):
        with local_service(HashEncoder(4), api_key="s3cret") as service:
            encoder = make(service, api_key_env="ENCODER_KEY")
            with pytest.raises(EncoderAway, match="ENCODER_KEY"):
                encoder.encode_batch("text", ["a"])
            for wrong in ("n0t-it", "with\nbreak"):
                monkeypatch.setenv("ENCODER_KEY", wrong)
                with pytest.raises(EncoderAway, match=r"api_key_env|ENCODER_KEY") as error:
                    encoder.encode_batch("text", ["a"])
                assert wrong not in str(error.value)
            monkeypatch.setenv("ENCODER_KEY", "s3cret")
            assert encoder.encode_batch("text", ["a"]).shape == (1, 4)

    @pytest.mark.parametrize(
        ("options", "what"),
        [
            ({"url": "ftp://host"}, "'url' must be like"),
            ({"url": "http://host:port"}, "'url' must be like"),
            ({"url": "http://user:word@host"}, "api_key_env"),
            ({"api": "soap"}, "Allowed are: xsearch, openai"),
            ({"api": "openai"}, "needs 'model'"),
            ({"api": "openai", "model": "m", "modalities": ["image"]}, "Allowed with 'openai' are: text"),
            ({"modalities": ["smell"]}, "audio, image, text"),
            ({"timeout_s": 0}, "timeout_s"),
        ],
    )
    def test_options_that_make_no_sense_are_refused_with_what_does(self, options, what):
        with pytest.raises(EncoderError, match=what):
            RemoteEncoder(**{"url": "http://127.0.0.1:1", **options})

    def test_a_missing_package_says_what_to_install(self, service, monkeypatch):
        monkeypatch.setitem(sys.modules, "urllib3", None)
        with pytest.raises(EncoderError, match=r"pip install 'django-xsearch\[remote\]'"):
            make(service).encode_batch("text", ["a"])


class TestFaults:
    """Each fault comes from a real server; the encoder has asked before what the service is."""

    @pytest.fixture
    def encoder(self, service):
        encoder = make(service)
        assert encoder.dimension == 4
        service.faults.seen.clear()
        return encoder

    def fails(self, service, encoder, *faults, match):
        service.faults.script.extend(faults)
        with pytest.raises(EncoderAway, match=match):
            encoder.encode_batch("text", ["a"])
        return len(service.faults.seen)

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_failure_is_tried_again(self, service, encoder, status):
        service.faults.script.append((status, {"Retry-After": "0"}, b""))
        assert encoder.encode_batch("text", ["a"]) == pytest.approx(expected("a"), abs=1e-6)
        assert len(service.faults.seen) == 2

    def test_a_connection_that_breaks_off_is_tried_again(self, service, encoder):
        service.faults.script.append((200, {"Content-Length": "1000"}, b"{"))
        assert encoder.encode_batch("text", ["a"]) == pytest.approx(expected("a"), abs=1e-6)

    def test_failures_are_not_tried_without_end(self, service, encoder):
        assert self.fails(service, encoder, *[(503, {}, {"detail": "too much"})] * 9, match=r"503 \(too much\)") == 2

    def test_a_long_retry_after_is_not_waited_for(self, service, encoder):
        assert self.fails(service, encoder, (429, {"Retry-After": "3600"}, b""), match="429") == 1

    def test_a_service_that_is_down_is_left_alone(self, service, encoder):
        self.fails(service, encoder, *[(503, {}, b"")] * 2, match="503")
        assert self.fails(service, encoder, match="not tried again for") == 2

    def test_a_service_that_has_come_back_is_used_after_the_pause(self, service):
        encoder = make(service, pause_s=0.05)
        assert encoder.dimension == 4
        service.stop()
        with pytest.raises(EncoderAway, match="cannot be reached"):
            encoder.encode_batch("text", ["a"])
        service.start()
        wait_until(lambda: _works(encoder))

    def test_an_error_of_the_service_does_not_keep_others_from_it(self, service, encoder):
        self.fails(service, encoder, (500, {}, b""), (500, {}, b""), match="500")
        assert encoder.encode_batch("text", ["a"]).any()

    def test_a_service_that_hangs_is_given_up(self, service):
        encoder = make(service, timeout_s=0.5)
        assert encoder.dimension == 4
        assert self.fails(service, encoder, Faults.HANG, match="does not answer within 0.5 s") == 2
        self.fails(service, encoder, match="not tried again")

    @pytest.mark.parametrize("status", [400, 413, 415, 422])
    def test_a_refused_item_is_the_items_fault(self, service, encoder, status):
        service.faults.script.append((status, {}, {"detail": "item 0: too odd"}))
        with pytest.raises(ValueError, match="item 0: too odd"):
            encoder.encode_batch("text", ["a"])
        assert encoder.encode_batch("text", ["a"]).any()

    @pytest.mark.parametrize(
        ("status", "hint"), [(401, "api_key_env"), (403, "api_key_env"), (404, "'url'"), (307, "redirects")]
    )
    def test_other_refusals_name_the_option(self, service, encoder, status, hint):
        headers = {"Location": "http://127.0.0.1:1/"}
        assert self.fails(service, encoder, (status, headers, b"no"), match=hint) == 1

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b'{"vectors": []}', b"\xff\xfe", b"<html>",
         {"fingerprint": "hash:4:1", "dimension": 4, "vectors": "AAAA"},
         {"fingerprint": "hash:4:1", "dimension": 4, "vectors": "?"},
         {"fingerprint": "hash:4:1", "dimension": 0, "vectors": ""},
         {"fingerprint": "hash:4:1", "dimension": "x", "vectors": "AAAA"}],
    )  # fmt: skip
    def test_answers_that_are_none_are_not_used(self, service, encoder, body):
        self.fails(service, encoder, (200, {}, body), match="cannot be read")

    def test_an_answer_without_end_is_not_read(self, service, encoder):
        self.fails(service, encoder, (200, {}, b" " * 10**6), match="more than 65664 bytes")

    @pytest.mark.parametrize("number", [np.nan, np.inf])
    def test_vectors_that_are_not_finite_are_not_used(self, service, encoder, number):
        service.faults.script.append((200, {}, vectors_of([[1, number, 0, 0]])))
        with pytest.raises(ValueError, match="not finite"):
            encoder.encode_batch("text", ["a"])

    def test_vectors_of_any_length_are_scaled_to_one(self, service, encoder):
        service.faults.script.append((200, {}, vectors_of([[3e30, 4e30, 0, 0], [0, 0, 0, 0]])))
        found = encoder.encode_batch("text", ["a", "b"])
        assert found == pytest.approx(np.array([[0.6, 0.8, 0, 0], [0, 0, 0, 0]]), abs=1e-6)


def _works(encoder):
    try:
        return encoder.encode_batch("text", ["a"]).any()
    except EncoderAway:
        return False


class TestAnotherModel:
    """A service whose model is changed must not have its vectors mixed with those of before."""

    @pytest.mark.parametrize("answer", [vectors_of([[1, 0, 0, 0]], "hash:4:2"), vectors_of([[1, 0, 0]])])
    def test_vectors_of_another_space_are_refused(self, service, answer):
        encoder = make(service)
        assert encoder.dimension == 4
        service.faults.script.append((200, {}, answer))
        with pytest.raises(EncoderAway, match="xsearch_index"):
            encoder.encode_batch("text", ["a"])
        assert encoder.is_outdated

    def test_the_process_gets_a_new_encoder_and_the_old_one_stays_what_it_was(self, service):
        spec = {"BACKEND": "xsearch.encoders.remote.RemoteEncoder", "OPTIONS": {"url": service.url}}
        encoder = encoder_from_spec(spec)
        assert encoder.fingerprint == "hash:4:1"
        service.stop()
        service.encoder = HashEncoder(4, "2")
        service.start()
        with pytest.raises(EncoderAway, match="hash:4:2"):
            encoder.encode_batch("text", ["a"])
        assert encoder.fingerprint == "hash:4:1"
        assert encoder_from_spec(spec).fingerprint == "hash:4:2"
        assert encoder_from_spec(spec) is encoder_from_spec(spec)

    @pytest.mark.parametrize(
        "options", [{"dimension": 5}, {"fingerprint": "other"}, {"modalities": ["audio"]}, {"modalities": ["text"]}]
    )
    def test_options_that_contradict_the_service_are_named(self, service, options):
        encoder = make(service, **options)
        with pytest.raises(EncoderAway, match=next(iter(options))):
            encoder.encode_batch("text" if options != {"modalities": ["audio"]} else "audio", _items_of(options))

    def test_a_fingerprint_of_the_options_counts_against_that_of_the_answers(self, service):
        encoder = make(service, dimension=4, fingerprint="hash:4:0", modalities=["text", "image"])
        with pytest.raises(EncoderAway, match="hash:4:1"):
            encoder.encode_batch("text", ["a"])


def _items_of(options):
    return sounds()[:1] if options == {"modalities": ["audio"]} else ["a"]


class TestOpenAIAnswers:
    @pytest.fixture
    def encoder(self, service):
        encoder = RemoteEncoder(f"{service.url}/v1", api="openai", model="test", retries=0, pause_s=0)
        assert encoder.fingerprint == "hash:4:1:4"
        return encoder

    def answer(self, *rows, model="hash:4:1"):
        return 200, {}, {"model": model, "data": [{"index": n, "embedding": row} for n, row in rows]}

    def test_rows_are_put_into_order(self, service, encoder):
        service.faults.script.append(self.answer((1, [0, 2, 0, 0]), (0, [1, 0, 0, 0])))
        assert encoder.encode_batch("text", ["a", "b"]).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]

    def test_vectors_in_base64_are_read_too(self, service, encoder):
        row = base64.b64encode(np.array([0, 0, 1, 0], "<f4").tobytes()).decode()
        service.faults.script.append(self.answer((0, row)))
        assert encoder.encode_batch("text", ["a"]).tolist() == [[0, 0, 1, 0]]

    @pytest.mark.parametrize(
        "rows", [[], [(0, [1, 0, 0, 0])] * 2, [(1, [1, 0, 0, 0])], [(0, [])], [(0, None)], [(0, "x")], [(0, [[1]])]]
    )
    def test_rows_that_are_missing_or_odd_are_not_used(self, service, encoder, rows):
        service.faults.script.append(self.answer(*rows))
        with pytest.raises(EncoderAway):
            encoder.encode_batch("text", ["a"])

    def test_another_model_under_the_same_name_is_noticed(self, service, encoder):
        service.faults.script.append(self.answer((0, [1, 0, 0, 0]), model="hash:4:2"))
        with pytest.raises(EncoderAway, match="hash:4:2"):
            encoder.encode_batch("text", ["a"])
        assert encoder.is_outdated

    def test_a_given_fingerprint_is_taken_for_granted(self, service):
        options = {"api": "openai", "model": "test", "dimension": 4, "fingerprint": "mine"}
        encoder = RemoteEncoder(f"{service.url}/v1", **options)
        assert encoder.encode_batch("text", ["a"]) == pytest.approx(expected("a"), abs=1e-6)
        assert len(service.faults.seen) == 1

    def test_a_wrong_model_says_which_option_to_check(self, service):
        encoder = RemoteEncoder(f"{service.url}/v1", api="openai", model="other")
        with pytest.raises(EncoderAway, match=r"The model here is 'test'.*'model'"):
            encoder.encode_batch("text", ["a"])


class TestBreaker:
    def test_one_call_tries_after_the_pause_and_the_others_wait_for_its_luck(self):
        now = [0.0]
        breaker = CircuitBreaker(10, clock=lambda: now[0])
        breaker.check()
        breaker.fail("It is down.")
        now[0] = 9.9
        with pytest.raises(EncoderAway, match=r"It is down\. It is not tried again for 0\.1 s"):
            breaker.check()
        now[0] = 10
        breaker.check()
        with pytest.raises(EncoderAway, match="It is down"):
            breaker.check()
        breaker.succeed()
        breaker.check()
        breaker.check()

    def test_a_service_may_ask_for_a_longer_pause(self):
        now = [0.0]
        breaker = CircuitBreaker(1, clock=lambda: now[0])
        breaker.fail("It is busy.", 60)
        now[0] = 59
        with pytest.raises(EncoderAway):
            breaker.check()


def test_a_poisonous_item_spoils_only_its_own_request():
    with local_service(PickyEncoder(4)) as service:
        encoder = make(service)
        with pytest.raises(ValueError, match="cannot encode poison"):
            encoder.encode_batch("text", ["a", "poison"])
        assert encoder.encode_batch("text", ["a"]) == pytest.approx(expected("a"), abs=1e-6)


def test_nobody_listening_is_said_at_once():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        with pytest.raises(EncoderAway, match=f"{url} cannot be reached"):
            RemoteEncoder(url).encode_batch("text", ["a"])
