"""Offline English recognition with pocketsphinx, limited to the words of the shop."""

from __future__ import annotations

import importlib.util
import tempfile
import threading
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xsearch.media import Waveform, denoise, trim_silence
from xsearch.media.audio import RATE_HZ
from xsearch.media.cleaning import level_range_db, to_int16
from xsearch.speech.base import (
    LanguageUnsupported,
    Phrases,
    PhrasesCache,
    Transcriber,
    TranscriberError,
    Transcript,
    language_code,
)
from xsearch.speech.pronunciation import PronunciationDictionary
from xsearch.speech.vocabulary import SpeechVocabulary, build_vocabulary
from xsearch.text import analyse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Chosen with tools.speech.evaluate; see the figures in its documentation.
DECODER_OPTIONS: dict[str, Any] = {"lw": 9.0, "fwdflatlw": 12.0, "bestpathlw": 12.0, "loglevel": "FATAL"}
PEAK = 0.5
#: Noise (-48 dB) added to every recording: digital silence, as in synthetic speech, spoils the cepstral mean.
NOISE_FLOOR = 0.004
#: Silence before the speech, without which the first word is lost.
LEAD_IN_S = 0.15
#: Noise floor decoded before each recording: pocketsphinx subtracts the noise that it has tracked so far.
SETTLING_S = 2.0
#: Noise suppression blurs clean speech (94 → 93 % of slots) and helps only in real noise (6 dB: 76 → 80 %).
NOISY_BELOW_DB = 18.0
#: Words recognised in hums and whistles; a transcript of these alone is dropped.
_FILLERS = frozenset(["a", "an", "and", "i", "in", "the", "to"])
_EXAMINED = 200  # of the n-best list, which repeats words that differ only in pronunciation or in "a" and "the"
#: The decoder's scores are products over all frames and overconfident: their n-th root is taken.
_SCORE_ROOT = 20


class PocketsphinxTranscriber(Transcriber):
    """Recognises spoken English product queries, without a network or a downloaded model."""

    languages = frozenset({"en"})
    min_confidence = 0.06

    def __init__(
        self,
        *,
        max_words: int = 20_000,
        alternatives: int = 4,
        noisy_below_db: float = NOISY_BELOW_DB,
        decoder_options: dict[str, Any] | None = None,
    ) -> None:
        if importlib.util.find_spec("pocketsphinx") is None:
            cure = "Install it: pip install 'django-xsearch[voice]'"
            raise TranscriberError(f"Speech recognition needs pocketsphinx. {cure}")
        self.max_words = max_words
        self.alternatives = alternatives
        self.noisy_below_db = noisy_below_db
        self.decoder_options = {**DECODER_OPTIONS, **(decoder_options or {})}
        self._recogniser = PhrasesCache(self._build)

    def transcribe(self, waveform: Waveform, *, language: str | None, phrases: Phrases) -> Transcript:
        """Recognise English; silence and steady noise give an empty text."""
        if language_code(language) not in {None, *self.languages}:
            raise LanguageUnsupported(f"Pocketsphinx understands English, not {language!r}.")
        noisy = level_range_db(waveform) < self.noisy_below_db
        speech = trim_silence(denoise(waveform) if noisy else waveform)
        if len(speech.samples) == 0:
            return Transcript("", "en")
        (text, confidence), *others = self._recogniser.get(phrases).listen(_pcm(speech), 1 + self.alternatives)
        return Transcript(text, "en", confidence, tuple(others))

    def _build(self, phrases: Phrases) -> _Recogniser:
        from pocketsphinx import get_model_path

        dictionary = PronunciationDictionary.read(Path(get_model_path("en-us/cmudict-en-us.dict")))
        vocabulary = build_vocabulary(phrases.load(), dictionary, max_words=self.max_words)
        return _Recogniser(make_decoder(vocabulary, self.decoder_options), threading.Lock())


@dataclass(frozen=True)
class _Recogniser:
    """A decoder for one version of the catalogue; it decodes one recording at a time."""

    decoder: Any
    lock: threading.Lock

    def listen(self, pcm: bytes, limit: int) -> list[tuple[str, float]]:
        """Return up to ``limit`` texts with confidences, best first."""
        with self.lock:
            self._reset_noise_tracker()
            self.decoder.start_utt()
            self.decoder.process_raw(pcm, full_utt=True)
            self.decoder.end_utt()
            best = self.decoder.hyp()
            if best is None or _FILLERS.issuperset(best.hypstr.split()):
                return [("", 0.0)]
            # The posterior of the text, per word.
            first = best.hypstr, float(min(1.0, max(0.0, best.prob)) ** (1 / len(best.hypstr.split())))
            return [first, *islice(self._alternatives(*first), limit - 1)]

    def _reset_noise_tracker(self) -> None:
        """Reset the noise tracker, which outlives a recording, to the noise floor of every recording."""
        self.decoder.reinit_feat()
        self.decoder.start_utt()
        self.decoder.process_raw(to_int16(_floor(SETTLING_S)).tobytes(), no_search=True, full_utt=True)
        self.decoder.end_utt()

    def _alternatives(self, best: str, confidence: float) -> Iterator[tuple[str, float]]:
        """Yield alternatives that a search can distinguish, with decreasing confidence."""
        masses: dict[frozenset[str], float] = defaultdict(float)
        texts = {_content(best): best}
        for path in islice(self.decoder.nbest(), _EXAMINED):
            if path is not None and path.hypstr:
                content = _content(path.hypstr)
                masses[content] += path.score
                texts.setdefault(content, path.hypstr)
        greatest = max(masses.values(), default=0.0)
        for content, text in islice(texts.items(), 1, None):
            if content and greatest:
                confidence *= min(1.0, (masses[content] / greatest)) ** (1 / _SCORE_ROOT)
                yield text, confidence


def _content(text: str) -> frozenset[str]:
    """Return the lexemes that a search looks for."""
    return frozenset(token.lexeme for token in analyse(text)) if not _FILLERS.issuperset(text.split()) else frozenset()


def make_decoder(vocabulary: SpeechVocabulary, options: dict[str, Any]) -> Any:
    """Return a pocketsphinx decoder for the vocabulary; its files hold catalogue words, never a query."""
    import pocketsphinx

    with tempfile.TemporaryDirectory(prefix="xsearch-speech-") as folder:
        model, words = Path(folder, "words.arpa"), Path(folder, "words.dict")
        model.write_text(vocabulary.arpa, encoding="ascii")
        words.write_text(vocabulary.dictionary, encoding="ascii")
        config = pocketsphinx.Config(
            hmm=pocketsphinx.get_model_path("en-us/en-us"), lm=str(model), dict=str(words), **options
        )
        try:
            return pocketsphinx.Decoder(config)
        except RuntimeError as error:
            raise TranscriberError(f"Pocketsphinx cannot load its English model: {error}") from error


def _pcm(speech: Waveform) -> bytes:
    """Return 16-bit PCM at a fixed level, after a lead-in and with the same noise floor every time."""
    loudest = np.abs(speech.samples).max(initial=0) or 1.0
    padded = np.pad(speech.samples * np.float32(PEAK / float(loudest)), round(LEAD_IN_S * speech.rate_hz))
    return to_int16(padded + _floor(len(padded) / speech.rate_hz)).tobytes()


def _floor(duration_s: float) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(0, NOISE_FLOOR, round(duration_s * RATE_HZ)).astype(np.float32)
