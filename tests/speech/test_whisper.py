"""Whisper models, in torch and in CTranslate2: what they say is passed on, what they make up is not.

The checkpoints are real ones in their files and their shape; what they say is fixed, see ``whisper_checkpoints``.
"""

import functools
import threading

import numpy as np
import pytest

from tests.api.test_voice import API, recording
from tests.support import widget_shop
from tests.support.transcriber_contract import TranscriberContract, babble, steady
from xsearch.media.cleaning import to_int16
from xsearch.speech import Phrases, TranscriberError

pytest.importorskip("transformers")
pytest.importorskip("torch")
pytest.importorskip("ctranslate2")
pytest.importorskip("faster_whisper")

from tests.support.whisper_checkpoints import LOST, UNSURE, converted, speaking
from xsearch.speech.faster_whisper import FasterWhisperTranscriber
from xsearch.speech.whisper import WhisperTranscriber

TORCH = "xsearch.speech.whisper.WhisperTranscriber"
PHRASES = Phrases("1", lambda: ["Red", "Red", "Norvale", "Kestrel", "红色", "蓝色马克杯"])
BACKENDS = pytest.mark.parametrize("backend", ["torch", "ctranslate2"])


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Return a function that gives a folder with a checkpoint for a backend, made once."""

    @functools.cache
    def saved(options):
        return speaking(tmp_path_factory.mktemp("whisper"), **dict(options))

    @functools.cache
    def for_ctranslate2(options):
        return converted(saved(options), tmp_path_factory.mktemp("ctranslate2"))

    return lambda backend, **options: (saved if backend == "torch" else for_ctranslate2)(tuple(sorted(options.items())))


@pytest.fixture(scope="session")
def make(checkpoint):
    """Return a function that makes a recogniser; what the checkpoint says, and options of the recogniser."""

    def transcriber(backend, says=(), **options):
        kind = WhisperTranscriber if backend == "torch" else FasterWhisperTranscriber
        return kind(model=str(checkpoint(backend, **dict(says))), **options)

    return transcriber


@pytest.fixture(scope="session")
def shared(make):
    """Return a function that gives the one recogniser of a backend, which keeps its model."""
    return functools.cache(lambda backend: make(backend, alternatives=2))


class _Contract(TranscriberContract):
    backend = ""

    @pytest.fixture
    def transcriber(self, shared):
        return shared(self.backend)

    @pytest.fixture
    def spoken(self):
        return babble(), "red dress", "en"


class TestWhisper(_Contract):
    backend = "torch"


class TestFasterWhisper(_Contract):
    backend = "ctranslate2"


def hear(transcriber, waveform=None, language=None, phrases=PHRASES):
    return transcriber.transcribe(waveform or babble(), language=language, phrases=phrases)


@BACKENDS
def test_chinese_is_recognised_as_such_and_understood(make, backend):
    chinese = make(backend, {"text": "红色连衣裙", "language": "zh"})
    assert (hear(chinese).text, hear(chinese).language) == ("红色连衣裙", "zh")
    assert hear(chinese, language="zh-Hans").language == "zh"


@BACKENDS
def test_a_language_that_is_not_wanted_is_never_chosen(make, backend):
    assert hear(make(backend, {"language": "fr"}, languages=("zh", "en"))).language in {"en", "zh"}
    assert hear(make(backend, {"language": "fr"}, languages=("fr", "en"))).language == "fr"


@BACKENDS
def test_the_model_is_told_language_task_no_time_stamps_and_the_words_of_the_shop(make, backend, monkeypatch):
    transcriber = make(backend)
    with transcriber._engine.use() as engine:
        tokens, told = engine.tokens, []
        number = tokens._tokenizer.token_to_id
        decode = engine.decode
        monkeypatch.setattr(
            engine, "decode", lambda sound, prefix, **more: told.append(prefix) or decode(sound, prefix, **more)
        )
    hear(transcriber, language="en")
    hear(transcriber, language="zh")
    tasks = [
        [number(f"<|{name}|>") for name in ("startoftranscript", code, "transcribe", "notimestamps")]
        for code in ("en", "zh")
    ]
    assert [prefix[-4:] for prefix in told] == tasks
    assert [prefix[0] for prefix in told] == [number("<|startofprev|>")] * 2
    prompts = [tokens.decode(prefix[1:-4]) for prefix in told]
    assert prompts == ["Norvale, Kestrel, Red.", "以下是简体中文的普通话。蓝色马克杯、红色。"]


def test_the_prompt_never_takes_more_than_half_of_the_decoder(make):
    transcriber = make("torch", prompt_words=1000)
    many = Phrases("many", lambda: [f"colour of the year {year}" for year in range(1000)])
    assert hear(transcriber, phrases=many).text == "red dress"
    prompt, tokens = transcriber._prompts["en"].get(many)
    assert 200 < len(tokens) <= 448 // 2 - 1
    assert 0 < len(prompt.phrases) < 1000


def test_the_prompt_is_made_when_the_catalogue_changes_and_only_then(make):
    transcriber, loads = make("torch"), []
    for version in ("1", "1", "2"):
        phrases = Phrases(version, lambda version=version: loads.append(version) or ["Red"])
        hear(transcriber, language="en", phrases=phrases)
    assert loads == ["1", "2"]


def test_phrases_that_look_like_commands_are_letters(make):
    transcriber = make("torch")
    hear(transcriber, language="en", phrases=Phrases("1", lambda: ["<|endoftext|>"]))
    _, tokens = transcriber._prompts["en"].get(Phrases("1"))
    assert tokens
    assert max(tokens) < 50_257


@BACKENDS
@pytest.mark.parametrize(
    "says", [{"silence": 1.0}, {"scale": LOST}, {"text": "red red"}, {"text": "Thanks for watching!"}]
)
def test_what_a_model_makes_up_is_not_passed_on(make, backend, says):
    transcript = hear(make(backend, says))
    assert (transcript.text, transcript.confidence, transcript.alternatives) == ("", 0.0, ())


@BACKENDS
def test_an_echo_of_the_prompt_is_not_passed_on(make, backend):
    transcriber = make(backend, {"text": "Kestrel Norvale blue dress"})
    assert hear(transcriber).text == "Kestrel Norvale blue dress"
    echoing = Phrases("2", lambda: ["dress"] * 4 + ["blue"] * 3 + ["Norvale"] * 2 + ["Kestrel"])
    assert hear(transcriber, phrases=echoing).text == ""


@BACKENDS
def test_a_doubtful_text_is_passed_on_as_doubtful(make, backend):
    transcriber = make(backend, {"scale": UNSURE})
    transcript = hear(transcriber)
    assert transcript.text == "red dress"
    assert 0.1 < transcript.confidence < transcriber.min_confidence


def test_both_backends_measure_alike(make):
    for says in ({}, {"scale": UNSURE}, {"silence": 0.5}):
        ours, theirs = hear(make("torch", says)), hear(make("ctranslate2", says))
        assert ours.text == theirs.text
        assert ours.confidence == pytest.approx(theirs.confidence, abs=0.02)


@BACKENDS
def test_english_only_models_know_english_only(make, backend):
    english = make(backend, {"multilingual": False})
    assert english.languages == {"en"}
    assert (hear(english).text, hear(english).language) == ("red dress", "en")


def test_what_is_too_long_is_cut(make, monkeypatch):
    transcriber = make("torch", max_seconds=1.5)
    with transcriber._engine.use() as engine:
        lengths, encode = [], engine.encode
        monkeypatch.setattr(engine, "encode", lambda samples: lengths.append(len(samples)) or encode(samples))
    hear(transcriber, babble(4.0))
    assert lengths == [24_000]


def test_the_model_hears_what_transformers_own_processor_makes(make):
    from transformers import WhisperFeatureExtractor

    transcriber, ct2 = make("torch"), make("ctranslate2")
    samples = babble().samples
    wanted = WhisperFeatureExtractor()(samples, sampling_rate=16_000, return_tensors="np").input_features[0]
    with transcriber._engine.use() as engine:
        assert np.array_equal(
            engine._features(samples, sampling_rate=16_000, return_tensors="np").input_features[0], wanted
        )
    with ct2._engine.use() as engine:
        window = np.pad(samples, (0, 480_000 - len(samples)))
        assert engine._features(window, padding=0)[:, :3000] == pytest.approx(wanted, abs=2e-2)


def test_our_search_finds_what_transformers_own_generate_finds(make):
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    transcriber = make("torch", {"text": "wooden toy robot"})
    with transcriber._engine.use() as engine:
        sound = engine.encode(babble().samples)
        prefix = engine.tokens.prefix("en")
        found = engine.decode(sound, prefix, beams=1, max_tokens=12).hypotheses[0]
        ids = engine._model.generate(
            encoder_outputs=BaseModelOutput(sound.states), decoder_input_ids=torch.tensor([prefix]), max_new_tokens=12
        )[0].tolist()
        again = engine.decode(sound, prefix, beams=3, max_tokens=12).hypotheses[0]
    assert again.tokens == found.tokens
    assert [token for token in ids if token < engine.tokens.end] == list(found.tokens)
    assert engine.tokens.decode(found.tokens) == "wooden toy robot"


def test_nothing_is_loaded_before_the_first_query_and_for_silence(make):
    transcriber = make("torch")
    assert transcriber.languages == {"en", "zh"}
    hear(transcriber, steady("silence"))
    assert not transcriber._engine.is_loaded


@pytest.mark.parametrize("kind", [WhisperTranscriber, FasterWhisperTranscriber])
def test_a_missing_model_says_how_to_get_it(kind, tmp_path):
    transcriber = kind(model="nobody/nothing")
    assert transcriber.languages == {"en", "zh"}
    with pytest.raises(TranscriberError, match="xsearch_download nobody/nothing"):
        hear(transcriber)


def test_weights_that_are_not_all_there_are_refused(checkpoint, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(checkpoint("torch"), tmp_path / "half")
    weights = load_file(folder / "model.safetensors")
    del weights["model.decoder.layer_norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TranscriberError, match=r"1 missing, such as .*layer_norm\.weight"):
        hear(WhisperTranscriber(model=str(folder)))


def test_a_model_of_the_other_format_says_what_to_do(checkpoint):
    with pytest.raises(TranscriberError, match="FasterWhisperTranscriber"):
        hear(WhisperTranscriber(model=str(checkpoint("ctranslate2"))))
    with pytest.raises(TranscriberError, match="ct2-transformers-converter --model"):
        hear(FasterWhisperTranscriber(model=str(checkpoint("torch"))))


@pytest.mark.parametrize(
    ("kind", "extra"), [(WhisperTranscriber, "transformers"), (FasterWhisperTranscriber, "faster-whisper")]
)
def test_a_missing_package_says_how_to_get_it(kind, extra, checkpoint, monkeypatch):
    backend, module = ("torch", "torch") if extra == "transformers" else ("ctranslate2", "ctranslate2")
    folder = str(checkpoint(backend))
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(TranscriberError, match=rf"pip install 'django-xsearch\[{extra}\]'"):
        hear(kind(model=folder))


@pytest.mark.parametrize(
    "options",
    [{"languages": ()}, {"languages": "en"}, {"alternatives": -1}, {"max_seconds": 31}, {"no_speech_threshold": 1}],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(TranscriberError, match=next(iter(options))):
        WhisperTranscriber(**options)


def test_idle_models_are_let_go(make):
    transcriber = make("torch", idle_unload_s=0.3)
    hear(transcriber)
    done = threading.Event()
    for _ in range(200):
        if not transcriber._engine.is_loaded:
            break
        done.wait(0.05)
    assert not transcriber._engine.is_loaded
    assert hear(transcriber).text == "red dress"


@pytest.fixture
def chinese_shop(settings, checkpoint):
    widget_shop.use(settings)
    model = str(checkpoint("torch", text="红色连衣裙", language="zh"))
    settings.XSEARCH = widget_shop.XSEARCH | {"TRANSCRIBERS": [{"BACKEND": TORCH, "OPTIONS": {"model": model}}]}


def wav(waveform):
    import io
    import wave

    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(to_int16(waveform.samples).tobytes())
    return stream.getvalue()


@pytest.mark.django_db
@pytest.mark.urls("tests.support.widget_shop")
def test_chinese_is_understood_over_http_and_silence_is_an_empty_text(client, chinese_shop):
    body = client.post(f"{API}transcribe/", {"audio": recording(wav(babble())), "lang": "zh-Hans"}).json()
    assert (body["transcript"], body["language"], body["degraded"]) == ("红色连衣裙", "zh", [])
    assert body["is_sure"] is True
    for nothing in (widget_shop.silence(), wav(steady("hiss")), wav(steady("hum"))):
        body = client.post(f"{API}transcribe/", {"audio": recording(nothing), "lang": "zh"}).json()
        assert (body["transcript"], body["is_sure"], body["degraded"]) == ("", False, [])


@pytest.mark.django_db
@pytest.mark.urls("tests.support.widget_shop")
def test_a_model_that_is_not_there_is_named_as_left_out(client, settings):
    widget_shop.use(settings)
    spec = {"BACKEND": TORCH, "OPTIONS": {"model": "nobody/nothing"}}
    settings.XSEARCH = widget_shop.XSEARCH | {"TRANSCRIBERS": [spec]}
    body = client.post(f"{API}transcribe/", {"audio": recording(wav(babble())), "lang": "zh"}).json()
    assert (body["transcript"], body["degraded"], body["is_sure"]) == (None, ["speech"], False)
