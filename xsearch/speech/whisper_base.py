"""What recognisers by Whisper models have in common, whatever runs the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from xsearch.checkpoints.local import Checkpoint, CheckpointError, locate
from xsearch.lazy import Lazy
from xsearch.media import Waveform, trim_silence
from xsearch.speech import hearing
from xsearch.speech.base import LanguageUnsupported, Phrases, Transcriber, TranscriberError, Transcript, language_code
from xsearch.speech.beam import Hypothesis
from xsearch.speech.prompting import Prompt, folded, shop_prompt
from xsearch.speech.versioned import PerVersion
from xsearch.speech.whisper_tokens import WhisperTokens, is_multilingual

#: What the model hears at once.
WINDOW_S = 30.0
#: Nobody says more tokens a second; a text that goes on is a loop.
_TOKENS_PER_S, _MIN_TOKENS = 10, 12
_PUNCTUATION = " .,!?;:…。,！？、；：\"'“”"


@dataclass(frozen=True)
class Heard:
    """Hypotheses, the best first, and the probability that nobody spoke."""

    hypotheses: Sequence[Hypothesis]
    no_speech: float


class WhisperEngine(ABC):
    """A loaded model; what ``encode`` returns goes into the other two."""

    tokens: WhisperTokens
    #: Tokens that fit into the decoder, prefix and text together.
    context: int

    @abstractmethod
    def encode(self, samples: NDArray[np.float32]) -> Any:
        """Listen to up to 30 s at 16 kHz, shape (n,)."""

    @abstractmethod
    def likeliest_language(self, sound: Any, codes: Sequence[str]) -> str:
        """Return which of ``codes`` is spoken."""

    @abstractmethod
    def decode(self, sound: Any, prefix: Sequence[int], *, beams: int, max_tokens: int) -> Heard:
        """Return the likeliest continuations of ``prefix``, always the same ones."""


class WhisperRecogniser(Transcriber):
    """Base of the recognisers that run Whisper models; docs/voice.md explains the options."""

    min_confidence = hearing.confidence(hearing.FAILED_LOG_PROBABILITY)
    #: The extra of django-xsearch that has the packages.
    extra: ClassVar[str]

    def __init__(
        self,
        *,
        model: str,
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
        self.model, self.revision = model, revision
        self.device, self.dtype, self.threads = device, dtype, threads
        self.alternatives, self.max_seconds = alternatives, max_seconds
        self.no_speech_threshold, self.prompt_words = no_speech_threshold, prompt_words
        self._wanted = tuple(dict.fromkeys(code.lower() for code in languages))
        self._known: frozenset[str] | None = None
        self._engine: Lazy[WhisperEngine] = Lazy(self._load_checked, idle_s=idle_unload_s)
        self._prompts = {code: self._prompt_of(code) for code in self._wanted}

    @abstractmethod
    def load(self, checkpoint: Checkpoint) -> WhisperEngine:
        """Load the model; raises ``CheckpointError`` for one that it cannot run, or ``ImportError``."""

    @property
    def languages(self) -> frozenset[str]:  # type: ignore[override]
        """Those of OPTIONS["languages"] that the checkpoint knows; all of them while it is not there."""
        if self._known is None:
            try:
                checkpoint = locate(self.model, revision=self.revision)
            except CheckpointError:
                return frozenset(self._wanted)
            english_only = not is_multilingual(checkpoint.folder, checkpoint.config)
            self._known = frozenset(self._wanted) & {"en"} if english_only else frozenset(self._wanted)
        return self._known

    def transcribe(self, waveform: Waveform, *, language: str | None, phrases: Phrases) -> Transcript:
        """Recognise a query of up to ``max_seconds``; silence and noise give an empty text."""
        code = self._code(language)
        speech = self._cut(trim_silence(waveform))
        if not hearing.is_sound_worth_hearing(speech):
            return Transcript("", code or self._in_order()[0])
        with self._engine.use() as engine:
            sound = engine.encode(speech.samples)
            code = code or engine.likeliest_language(sound, self._in_order())
            prompt, prompt_tokens = self._prompts[code].get(phrases)
            prefix = engine.tokens.prefix(code, prompt_tokens)
            most = min(engine.context - len(prefix), _MIN_TOKENS + round(_TOKENS_PER_S * speech.duration_s))
            heard = engine.decode(sound, prefix, beams=1 + self.alternatives, max_tokens=most)
            texts = [engine.tokens.decode(found.tokens).strip(_PUNCTUATION) for found in heard.hypotheses]
        return self._judge(texts, heard, prompt, code)

    def _judge(self, texts: list[str], heard: Heard, prompt: Prompt, code: str) -> Transcript:
        """Return what was said, or nothing if the best text is no more than the model's imagination."""
        if not texts or hearing.is_silence(
            heard.no_speech, heard.hypotheses[0].log_probability, self.no_speech_threshold
        ):
            return Transcript("", code)
        if hearing.is_made_up(texts[0]) or prompt.is_echoed_by(texts[0]):
            return Transcript("", code)
        found: dict[str, tuple[str, float]] = {}
        for text, hypothesis in zip(texts, heard.hypotheses, strict=True):
            if not hearing.is_made_up(text) and hypothesis.log_probability >= hearing.GIBBERISH_LOG_PROBABILITY:
                found.setdefault(folded(text), (text, hearing.confidence(hypothesis.log_probability)))
        (text, confidence), *others = found.values()
        return Transcript(text, code, confidence, tuple(others))

    def _code(self, language: str | None) -> str | None:
        code = language_code(language)
        if code is not None and code not in self.languages:
            known = ", ".join(self._in_order()) or "none of OPTIONS['languages']"
            raise LanguageUnsupported(f"{self.model} understands {known}, not {language!r}.")
        return code

    def _in_order(self) -> list[str]:
        return [code for code in self._wanted if code in self.languages]

    def _cut(self, speech: Waveform) -> Waveform:
        return Waveform(speech.samples[: round(self.max_seconds * speech.rate_hz)], speech.rate_hz)

    def _prompt_of(self, code: str) -> PerVersion[tuple[Prompt, list[int]]]:
        return PerVersion(lambda phrases: self._make_prompt(phrases, code))

    def _make_prompt(self, phrases: Phrases, code: str) -> tuple[Prompt, list[int]]:
        """Return the shop's words and their tokens, which may fill half of what the decoder can take."""
        wanted = shop_prompt(phrases.load() if self.prompt_words else (), code, self.prompt_words)
        with self._engine.use() as engine:
            prompt = wanted.within(engine.context // 2 - 1, lambda text: len(engine.tokens.encode(text)))
            return prompt, engine.tokens.encode(prompt.text)

    def _load_checked(self) -> WhisperEngine:
        try:
            checkpoint = locate(self.model, revision=self.revision)
            checkpoint.require(["whisper"], type(self).__name__)
            engine = self.load(checkpoint)
            for code in self._in_order() if engine.tokens.multilingual else ():
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
