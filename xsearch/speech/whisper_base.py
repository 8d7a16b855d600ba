"""The base of recognisers by Whisper models; a ``WhisperEngine`` runs the model, in torch or CTranslate2."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xsearch.checkpoints.local import Checkpoint, CheckpointError, locate
from xsearch.lazy import Lazy
from xsearch.media import Waveform, trim_silence
from xsearch.speech import hallucinations
from xsearch.speech.base import (
    LanguageUnsupported,
    Phrases,
    PhrasesCache,
    Transcriber,
    TranscriberError,
    Transcript,
    language_code,
)
from xsearch.speech.whisper_prompt import WhisperPrompt, WhisperTokens, folded, is_multilingual, shop_prompt

#: Length of the model's input.
WINDOW_S = 30.0
#: Nobody says more tokens a second; a longer text is a loop.
_TOKENS_PER_S, _MIN_TOKENS = 10, 12
_PUNCTUATION = " .,!?;:…。,！？、；：\"'“”"


@dataclass(frozen=True)
class TokenHypothesis:
    """Tokens without the end token, and the mean log-probability of all tokens with it."""

    tokens: tuple[int, ...]
    log_probability: float


@dataclass(frozen=True)
class DecodingResult:
    """Hypotheses, the best first, and the probability that nobody spoke."""

    hypotheses: Sequence[TokenHypothesis]
    no_speech: float


class WhisperEngine(ABC):
    """A loaded model; the result of ``encode`` is the input of the other methods."""

    tokens: WhisperTokens
    #: Token limit of the decoder, prefix and text together.
    context: int

    @abstractmethod
    def encode(self, samples: NDArray[np.float32]) -> Any:
        """Encode up to 30 s at 16 kHz, shape (n,)."""

    @abstractmethod
    def likeliest_language(self, sound: Any, codes: Sequence[str]) -> str:
        """Return the most probable of ``codes``."""

    @abstractmethod
    def decode(self, sound: Any, prefix: Sequence[int], *, beams: int, max_tokens: int) -> DecodingResult:
        """Return the most probable continuations of ``prefix``; deterministic."""


class WhisperRecogniser(Transcriber):
    """Base class of recognisers that run Whisper models; docs/howto/voice.md explains the options."""

    min_confidence = hallucinations.confidence(hallucinations.FAILED_LOG_PROBABILITY)
    #: The extra of django-xsearch that has the packages, and the checkpoint that is used unless another is named.
    extra: ClassVar[str]
    default_model: ClassVar[str]

    def __init__(
        self,
        *,
        model: str | None = None,
        revision: str | None = None,
        device: str = "cpu",
        dtype: str | None = None,
        languages: Sequence[str] = ("en", "zh"),
        alternatives: int = 4,
        max_seconds: float = WINDOW_S,
        no_speech_threshold: float = 0.6,
        prompt_words: int = 40,
        threads: int = 2,
        idle_unload_s: float | None = None,
    ) -> None:
        _require(bool(languages) and not isinstance(languages, str), "languages", languages, 'such as ("en", "zh")')
        _require(alternatives >= 0, "alternatives", alternatives, "0 or more")
        _require(0 < max_seconds <= WINDOW_S, "max_seconds", max_seconds, f"above 0 and at most {WINDOW_S:g}")
        _require(0 < no_speech_threshold < 1, "no_speech_threshold", no_speech_threshold, "between 0 and 1")
        _require(threads >= 1, "threads", threads, "1 or more")
        self.model, self.revision = model or self.default_model, revision
        self.device, self.dtype, self.threads = device, dtype, threads
        self.alternatives, self.max_seconds = alternatives, max_seconds
        self.no_speech_threshold, self.prompt_words = no_speech_threshold, prompt_words
        self._requested = tuple(dict.fromkeys(code.lower() for code in languages))
        self._supported: frozenset[str] | None = None
        self._engine: Lazy[WhisperEngine] = Lazy(self._load_checked, idle_s=idle_unload_s)
        self._prompts = {code: PhrasesCache(partial(self._make_prompt, code)) for code in self._requested}

    @abstractmethod
    def load(self, checkpoint: Checkpoint) -> WhisperEngine:
        """Load the model; raises ``CheckpointError`` for one that it cannot run, or ``ImportError``."""

    @property
    def languages(self) -> frozenset[str]:  # type: ignore[override]
        """Those of OPTIONS["languages"] that the checkpoint supports; all of them while it is missing."""
        if self._supported is None:
            try:
                checkpoint = locate(self.model, revision=self.revision)
            except CheckpointError:
                return frozenset(self._requested)
            supported = self._requested if is_multilingual(checkpoint) else {"en"}
            self._supported = frozenset(self._requested).intersection(supported)
        return self._supported

    def transcribe(self, waveform: Waveform, *, language: str | None, phrases: Phrases) -> Transcript:
        """Transcribe a query of up to ``max_seconds``; silence and noise give an empty text."""
        code = self._language(language)
        speech = trim_silence(waveform)
        speech = replace(speech, samples=speech.samples[: round(self.max_seconds * speech.rate_hz)])
        if not hallucinations.can_be_speech(speech):
            return Transcript("", code or self._languages_in_order()[0])
        with self._engine.use() as engine:
            sound = engine.encode(speech.samples)
            code = code or engine.likeliest_language(sound, self._languages_in_order())
            prompt, prompt_tokens = self._prompts[code].get(phrases)
            prefix = engine.tokens.prefix(code, prompt_tokens)
            most = min(engine.context - len(prefix), _MIN_TOKENS + round(_TOKENS_PER_S * speech.duration_s))
            result = engine.decode(sound, prefix, beams=1 + self.alternatives, max_tokens=most)
            texts = [engine.tokens.decode(found.tokens).strip(_PUNCTUATION) for found in result.hypotheses]
        return self._without_hallucinations(texts, result, prompt, code)

    def _without_hallucinations(
        self, texts: list[str], result: DecodingResult, prompt: WhisperPrompt, code: str
    ) -> Transcript:
        """Return the transcript; its text is empty if the best hypothesis is a hallucination."""
        if not texts or hallucinations.is_hallucination(texts[0]) or prompt.is_echoed_by(texts[0]):
            return Transcript("", code)
        best = result.hypotheses[0].log_probability
        if hallucinations.is_silence(result.no_speech, best, self.no_speech_threshold):
            return Transcript("", code)
        found: dict[str, tuple[str, float]] = {}
        for text, hypothesis in zip(texts, result.hypotheses, strict=True):
            surety = hypothesis.log_probability
            if surety >= hallucinations.GIBBERISH_LOG_PROBABILITY and not hallucinations.is_hallucination(text):
                found.setdefault(folded(text), (text, hallucinations.confidence(surety)))
        (text, confidence), *others = found.values()
        return Transcript(text, code, confidence, tuple(others))

    def _language(self, language: str | None) -> str | None:
        code = language_code(language)
        if code is not None and code not in self.languages:
            known = ", ".join(self._languages_in_order()) or "none of OPTIONS['languages']"
            raise LanguageUnsupported(f"{self.model} understands {known}, not {language!r}.")
        return code

    def _languages_in_order(self) -> list[str]:
        return [code for code in self._requested if code in self.languages]

    def _make_prompt(self, code: str, phrases: Phrases) -> tuple[WhisperPrompt, list[int]]:
        """Return the shop's words and their tokens, which fill at most half of the decoder's context."""
        longest = shop_prompt(phrases.load() if self.prompt_words else (), code, self.prompt_words)
        with self._engine.use() as engine:
            prompt = longest.within(engine.context // 2 - 1, lambda text: len(engine.tokens.encode(text)))
            return prompt, engine.tokens.encode(prompt.text)

    def _load_checked(self) -> WhisperEngine:
        try:
            checkpoint = locate(self.model, revision=self.revision)
            checkpoint.require(["whisper"], type(self).__name__)
            engine = self.load(checkpoint)
            for code in self._languages_in_order() if engine.tokens.multilingual else ():
                engine.tokens.language(code)
        except CheckpointError as error:
            raise TranscriberError(str(error)) from error
        except ImportError as error:
            cure = f"Install it: pip install 'django-xsearch[{self.extra}]'"
            raise TranscriberError(f"{type(self).__name__} needs {error.name or error}. {cure}") from error
        return engine


def _require(is_right: bool, option: str, value: Any, allowed: str) -> None:
    if not is_right:
        raise TranscriberError(f"OPTIONS[{option!r}] of a Whisper recogniser is {value!r}; it must be {allowed}.")
