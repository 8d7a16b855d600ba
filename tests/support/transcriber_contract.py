"""What every recogniser must do; a recogniser's tests inherit ``TranscriberContract``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from xsearch.media import Waveform
from xsearch.speech import LanguageUnsupported, Phrases, Transcriber

RATE_HZ = 16_000
QUIET = ["silence", "hiss", "faint hiss", "hum", "whistle", "clicks"]


def steady(kind, seconds=2):
    """Return what a microphone hears when nobody speaks."""
    times = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    random = np.random.default_rng(0)
    samples = {
        "silence": np.zeros_like(times),
        "hiss": random.normal(0, 0.1, len(times)),
        "faint hiss": random.normal(0, 0.003, len(times)),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * times),
        "whistle": 0.2 * np.sin(2 * np.pi * 440 * times),
        "clicks": np.where(np.arange(len(times)) % RATE_HZ < 40, 0.8, 0.0),
    }[kind]
    return Waveform(samples.astype(np.float32))


def babble(seconds=2.0):
    """Return a voice without words: it rises and falls like syllables."""
    times = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 140 * number * times) / number for number in range(1, 12))
    return Waveform((0.2 * voice * np.sin(2 * np.pi * 1.7 * times) ** 2).astype(np.float32))


class TranscriberContract:
    """Inherit, and give ``transcriber`` and ``spoken``: (recording, its text, its language)."""

    phrases = Phrases("1", lambda: ["Red Dress", "Blue Mug", "红色连衣裙"])

    @pytest.fixture
    def transcriber(self) -> Transcriber:
        raise NotImplementedError

    @pytest.fixture
    def spoken(self) -> tuple[Waveform, str, str]:
        raise NotImplementedError

    def hear(self, transcriber, waveform, language=None):
        return transcriber.transcribe(waveform, language=language, phrases=self.phrases)

    def test_what_is_said_is_understood_in_the_language_and_in_its_regional_forms(self, transcriber, spoken):
        waveform, text, language = spoken
        for asked in (language, f"{language}-XX", f"{language}_xx", None):
            transcript = self.hear(transcriber, waveform, asked)
            assert (transcript.text.lower(), transcript.language) == (text, language)

    def test_confidences_fall_from_the_text_to_its_alternatives(self, transcriber, spoken):
        transcript = self.hear(transcriber, spoken[0], spoken[2])
        confidences = [transcript.confidence, *(confidence for _, confidence in transcript.alternatives)]
        assert confidences == sorted(confidences, reverse=True)
        assert all(0 < confidence <= 1 for confidence in confidences)
        assert confidences[0] >= transcriber.min_confidence
        texts = [transcript.text, *(text for text, _ in transcript.alternatives)]
        assert all(texts)
        assert len(set(texts)) == len(texts)

    @pytest.mark.parametrize("kind", QUIET)
    def test_silence_and_steady_noise_are_no_words(self, transcriber, kind):
        transcript = self.hear(transcriber, steady(kind))
        assert (transcript.text, transcript.alternatives) == ("", ())
        assert transcript.language in transcriber.languages

    @pytest.mark.parametrize("samples", [0, 1, 100, 1600])
    def test_hardly_anything_recorded_is_no_words(self, transcriber, samples):
        assert self.hear(transcriber, Waveform(np.full(samples, 0.3, np.float32))).text == ""

    def test_a_language_that_it_does_not_know_is_refused(self, transcriber):
        with pytest.raises(LanguageUnsupported, match="tlh"):
            self.hear(transcriber, steady("silence"), "tlh")

    def test_the_same_recording_is_always_understood_alike(self, transcriber, spoken):
        first = self.hear(transcriber, spoken[0])
        self.hear(transcriber, babble(1.0))
        assert self.hear(transcriber, spoken[0]) == first

    def test_threads_share_it(self, transcriber, spoken):
        alone = self.hear(transcriber, spoken[0])
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda _: self.hear(transcriber, spoken[0]), range(4))) == {alone}

    def test_a_shop_without_products_can_be_spoken_to(self, transcriber, spoken):
        transcriber.transcribe(spoken[0], language=spoken[2], phrases=Phrases())
