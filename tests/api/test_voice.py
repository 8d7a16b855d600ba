"""Spoken queries over HTTP: understood, or named as not understood."""

import json
import shutil
import subprocess

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support import widget_shop
from xsearch.speech import Transcriber, Transcript

pytest_plugins = ["tests.support.fixtures.widgets"]
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.support.widget_shop"),
    pytest.mark.usefixtures("settings_of_shop"),
]

API = "/api/xsearch/"


@pytest.fixture(scope="module")
def speech():
    """The words "yellow lamp", spoken."""
    return spoken("yellow lamp")


def spoken(text):
    if not shutil.which("espeak-ng"):
        pytest.skip("no espeak-ng: install it (apt-get install espeak-ng)")
    command = ["espeak-ng", "-v", "en-us", "-s", "130", "--stdout", text]
    return subprocess.run(command, capture_output=True, check=True, timeout=30).stdout


def recording(content):
    return SimpleUploadedFile("speech.wav", content, "audio/wav")


def test_speech_becomes_text(client, stock, speech):
    body = client.post(f"{API}transcribe/", {"audio": recording(speech), "lang": "en-GB"}).json()
    assert body["transcript"] == "yellow lamp"
    assert body["language"] == "en"
    assert 0 <= body["confidence"] <= 1
    assert body["degraded"] == []


def test_speech_is_a_query(client, stock, speech):
    body = client.post(f"{API}search/", {"audio": recording(speech)}).json()
    assert body["transcript"] == "yellow lamp"
    assert body["hits"][0]["title"] == "Yellow lamp"


def test_speech_is_a_query_without_javascript(client, stock, speech):
    answer = client.post("/search/", {"audio": recording(speech)})
    assert "Heard: “yellow lamp”" in answer.content.decode()
    assert answer.context["results"].hits[0].object.title == "Yellow lamp"


def test_silence_is_an_empty_text(client, stock):
    assert client.post(f"{API}transcribe/", {"audio": recording(widget_shop.silence())}).json()["transcript"] == ""
    assert client.post(f"{API}search/", {"audio": recording(widget_shop.silence())}).json()["hits"] == []


def test_a_language_that_nobody_understands_is_named(client, stock):
    body = client.post(f"{API}transcribe/", {"audio": recording(widget_shop.silence()), "lang": "zh-Hans"}).json()
    assert (body["transcript"], body["degraded"]) == (None, ["speech:zh"])
    body = client.post(f"{API}search/", {"audio": recording(widget_shop.silence()), "lang": "zh"}).json()
    assert (body["transcript"], body["degraded"]) == (None, ["speech:zh"])


def test_a_recogniser_that_fails_is_named(client, stock, settings):
    settings.XSEARCH = widget_shop.XSEARCH | {"TRANSCRIBERS": [{"BACKEND": "no.such.Recogniser"}]}
    body = client.post(f"{API}transcribe/", {"audio": recording(widget_shop.silence())}).json()
    assert (body["transcript"], body["degraded"]) == (None, ["speech"])


class Guessing(Transcriber):
    """A recogniser that is never sure."""

    languages = frozenset({"en"})
    min_confidence = 0.5

    def transcribe(self, waveform, *, language, phrases):
        return Transcript("yellow lamp", "en", 0.4)


@pytest.mark.parametrize(("limit", "is_sure"), [(None, False), (0.3, True), (0.45, False)])
def test_each_recogniser_says_what_it_trusts_unless_the_shop_does(client, stock, settings, limit, is_sure):
    recognisers = [{"BACKEND": f"{__name__}.Guessing"}]
    settings.XSEARCH = widget_shop.XSEARCH | {"TRANSCRIBERS": recognisers, "MIN_TRANSCRIPT_CONFIDENCE": limit}
    body = client.post(f"{API}transcribe/", {"audio": recording(widget_shop.silence())}).json()
    assert (body["transcript"], body["confidence"], body["is_sure"]) == ("yellow lamp", 0.4, is_sure)


def test_words_and_speech_are_one_query(client, stock, speech):
    body = client.post(f"{API}search/", {"audio": recording(speech), "q": "mug"}).json()
    assert {"Yellow lamp", "Yellow mug"} <= {hit["title"] for hit in body["hits"]}


def test_all_that_was_heard_is_searched_for(client, stock):
    body = client.post(f"{API}transcribe/", {"audio": recording(spoken("bread mug")), "lang": "en"}).json()
    assert body["alternatives"]
    heard = [{"text": body["transcript"], "confidence": body["confidence"]}, *body["alternatives"]]
    sent = {"q": body["transcript"], "heard": json.dumps(heard)}
    found = client.post(f"{API}search/", sent).json()
    assert found["alternatives"] == body["alternatives"]
    assert found["hits"][0]["title"] == "Red mug"
    as_json = client.post(f"{API}search/", {"q": sent["q"], "heard": heard}, content_type="application/json").json()
    assert [hit["id"] for hit in as_json["hits"]] == [hit["id"] for hit in found["hits"]]
    typed = client.post(f"{API}search/", sent | {"q": "green lamp"}).json()
    assert typed["alternatives"] == []


def test_what_else_was_heard_is_understood_as_well(client, stock):
    heard = [{"text": f"{words} under 36", "confidence": 0.5} for words in ("bread mug", "red mug")]
    found = client.post(f"{API}search/", {"q": heard[0]["text"], "heard": json.dumps(heard)}).json()
    assert found["interpretation"]["text"] == "bread mug"
    assert found["hits"][0]["title"] == "Red mug"
    assert all(hit["price"] <= 36 for hit in found["hits"])


@pytest.mark.parametrize(
    "heard", ["x", "{}", "[]", "[1]", '[{"text": "a"}]', '[{"text": "a", "confidence": 2}]', "null"]
)
def test_what_was_heard_must_be_texts_with_confidences(client, stock, heard):
    answer = client.post(f"{API}search/", {"q": "red mug", "heard": heard})
    assert answer.status_code == 400
    assert "confidence" in answer.json()["detail"]
