"""Spoken product queries are understood; silence, noise and other languages are not mistaken for words."""

import json
import shutil
import subprocess
import threading

import pytest

from tests.support.transcriber_contract import TranscriberContract
from tools.speech import evaluate as evaluation
from xsearch.media import load_audio
from xsearch.speech import LanguageUnsupported, Phrases, Transcriber, TranscriberError, Transcript, get_transcriber
from xsearch.speech.sphinx import PocketsphinxTranscriber

pytest.importorskip("pocketsphinx")

KINDS = {
    "wooden": ["teapot", "toy robot", "xylophone", "bookshelf", "picture frame"],
    "ceramic": ["mug", "vase", "dinner plate"],
    "cotton": ["t-shirt", "hoodie", "rain jacket", "blanket", "tote bag"],
    "leather": ["handbag", "wallet", "hiking boots", "belt"],
}
COLOURS = ["red", "blue", "green", "black", "white", "yellow", "purple", "orange", "brown"]
TITLES = [
    f"{brand} {colour.title()} {material.title()} {kind.title()}"
    for material, kinds in KINDS.items()
    for kind in kinds
    for colour, brand in zip(COLOURS, ["Norvale", "Brightwell", "Kestrel"] * 3, strict=True)
]
PHRASES = Phrases("1", lambda: [*TITLES, *COLOURS])
QUERIES = [
    "red jacket",
    "blue ceramic mug",
    "show me a green cotton t-shirt",
    "wooden toy robot",
    "black leather wallet",
    "i am looking for a yellow blanket",
    "purple hoodie please",
    "do you have a white dinner plate",
    "brown hiking boots under 50",
    "orange vase",
]
VOICES = ["en-us", "en-gb", "en-us+f3"]


@pytest.fixture(scope="session")
def say(tmp_path_factory):
    """Return a function that speaks a text in one of espeak-ng's voices, into a file."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: nobody to speak the queries")
    folder = tmp_path_factory.mktemp("spoken")

    def speak(text, voice="en-us"):
        path = folder / f"{voice}-{text}.wav"
        if not path.exists():
            subprocess.run(["espeak-ng", "-v", voice, "-w", str(path), text], check=True)
        return path

    return speak


@pytest.fixture(scope="module")
def transcriber():
    return PocketsphinxTranscriber()


class TestPocketsphinx(TranscriberContract):
    """The contract; English only."""

    phrases = PHRASES

    @pytest.fixture
    def transcriber(self, transcriber):
        return transcriber

    @pytest.fixture
    def spoken(self, say):
        return load_audio(say("blue ceramic mug")), "blue ceramic mug", "en"


def heard(transcriber, path, language="en", phrases=PHRASES):
    return transcriber.transcribe(load_audio(path), language=language, phrases=phrases)


def test_spoken_queries_are_understood_in_three_voices(transcriber, say, tmp_path):
    rows = [{"audio": str(say(text, voice)), "text": text} for text in QUERIES for voice in VOICES]
    figures = evaluation.evaluate(transcriber, rows, tmp_path, PHRASES)
    assert figures["first_two_share"] >= 0.8, figures
    assert figures["words_share"] >= 0.85, figures


def test_orders_of_many_real_speakers_are_understood(transcriber, data_dir, capsys):
    evaluation.main([str(data_dir / "speech" / "en_orders.jsonl")])
    assert json.loads(capsys.readouterr().out)["slots_share"] >= 0.9


def test_a_transcript_says_how_sure_it_is_and_what_else_it_may_be(transcriber, say):
    transcript = heard(transcriber, say("blue ceramic mug"))
    assert (transcript.text, transcript.language) == ("blue ceramic mug", "en")
    confidences = [transcript.confidence, *(confidence for _, confidence in transcript.alternatives)]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 < confidence <= 1 for confidence in confidences)
    texts = [transcript.text, *(text for text, _ in transcript.alternatives)]
    assert len(set(texts)) == len(texts) <= 5


def test_words_come_as_the_shop_writes_them(transcriber, say):
    phrases = Phrases("spelled", lambda: ["T-Shirt", "24in Monitor", "Kestrel Headlamp"])
    own = PocketsphinxTranscriber()
    assert heard(own, say("t-shirt"), phrases=phrases).text == "t-shirt"
    assert heard(own, say("headlamp"), phrases=phrases).text == "headlamp"
    assert heard(own, say("monitor under 50"), phrases=phrases).text == "monitor under 50"


def test_chinese_is_refused_and_no_language_means_english(transcriber, say):
    with pytest.raises(LanguageUnsupported, match="English"):
        heard(transcriber, say("red jacket"), language="zh")
    assert heard(transcriber, say("blue ceramic mug"), language=None).text == "blue ceramic mug"
    assert heard(transcriber, say("blue ceramic mug"), language="en-GB").text == "blue ceramic mug"


def test_the_vocabulary_is_built_when_the_catalogue_changes_and_only_then(say):
    loads = []

    def phrases(version, *texts):
        return Phrases(version, lambda: loads.append(version) or texts)

    own = PocketsphinxTranscriber()
    heard(own, say("teapot"), phrases=phrases("1", "teapot"))
    heard(own, say("teapot"), phrases=phrases("1", "teapot"))
    assert loads == ["1"]
    assert heard(own, say("xylophone"), phrases=phrases("2", "teapot", "xylophone")).text == "xylophone"
    assert loads == ["1", "2"]


def test_while_the_vocabulary_is_rebuilt_the_old_one_answers(say):
    own = PocketsphinxTranscriber()
    recording = say("teapot")
    heard(own, recording, phrases=Phrases("1", lambda: ["teapot"]))
    building, go_on = threading.Event(), threading.Event()

    def load():
        building.set()
        assert go_on.wait(30)
        return ["xylophone"]

    rebuilding = threading.Thread(target=heard, args=(own, recording), kwargs={"phrases": Phrases("2", load)})
    rebuilding.start()
    try:
        assert building.wait(30)
        assert heard(own, recording, phrases=Phrases("2", load)).text == "teapot"
    finally:
        go_on.set()
        rebuilding.join()


def test_a_vocabulary_that_cannot_be_loaded_is_tried_again(say):
    def broken():
        raise RuntimeError("no database")

    own = PocketsphinxTranscriber()
    with pytest.raises(RuntimeError, match="no database"):
        heard(own, say("teapot"), phrases=Phrases("1", broken))
    assert heard(own, say("teapot"), phrases=Phrases("1", lambda: ["teapot"])).text == "teapot"


def test_many_threads_share_one_recogniser(transcriber, say):
    recordings = {text: load_audio(say(text)) for text in ("blue ceramic mug", "orange vase", "black leather wallet")}
    alone = {text: transcriber.transcribe(wave, language="en", phrases=PHRASES) for text, wave in recordings.items()}
    together = {}

    def listen(text):
        together[text] = transcriber.transcribe(recordings[text], language="en", phrases=PHRASES)

    threads = [threading.Thread(target=listen, args=(text,)) for text in recordings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


class Dutch(Transcriber):
    """A recogniser that knows Dutch only."""

    languages = frozenset({"nl"})

    def transcribe(self, waveform, *, language, phrases):
        return Transcript("fiets", "nl", 1.0)


def spec(backend):
    return {"BACKEND": backend, "OPTIONS": {}}


def test_the_first_configured_recogniser_that_knows_the_language_is_taken(settings):
    settings.XSEARCH = {
        "TRANSCRIBERS": [spec(f"{__name__}.Dutch"), spec("xsearch.speech.sphinx.PocketsphinxTranscriber")]
    }
    assert isinstance(get_transcriber("nl"), Dutch)
    assert isinstance(get_transcriber("en-us"), PocketsphinxTranscriber)
    assert isinstance(get_transcriber(), Dutch)


def test_recognisers_are_built_once_and_forgotten_when_settings_change(settings):
    settings.XSEARCH = {"TRANSCRIBERS": [spec(f"{__name__}.Dutch")]}
    first = get_transcriber("nl")
    assert get_transcriber("nl") is first
    settings.XSEARCH = {"TRANSCRIBERS": [spec(f"{__name__}.Dutch")]}
    assert get_transcriber("nl") is not first


def test_a_language_that_none_knows_is_refused_with_what_to_configure():
    with pytest.raises(LanguageUnsupported, match=r"'zh'.*known: en.*XSEARCH\['TRANSCRIBERS'\]"):
        get_transcriber("zh-hans")


@pytest.mark.parametrize("backend", ["nowhere.Recogniser", "builtins.dict"])
def test_recognisers_that_cannot_be_built_say_so(settings, backend):
    settings.XSEARCH = {"TRANSCRIBERS": [spec(backend)]}
    with pytest.raises(TranscriberError, match=backend):
        get_transcriber("en")


def test_without_pocketsphinx_the_error_carries_the_cure(monkeypatch):
    monkeypatch.setattr("xsearch.speech.sphinx.importlib.util.find_spec", lambda _name: None)
    with pytest.raises(TranscriberError, match=r"pip install 'django-xsearch\[voice\]'"):
        PocketsphinxTranscriber()
