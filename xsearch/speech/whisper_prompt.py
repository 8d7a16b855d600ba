"""The text side of Whisper models: tokens, the special ones that set language and task, and the shop's prompt.

The prompt holds the shop's most frequent words, which the model then expects in the speech.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xsearch.checkpoints.local import Checkpoint, CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Tokens of the smallest multilingual vocabulary; the English-only ones have one less.
MULTILINGUAL_TOKENS = 51_865
_MAX_CHARACTERS = 40  # of a phrase: brands, categories and colours, not whole titles
_HAN = re.compile(r"[\u3400-\u9fff]")
_NOT_SPOKEN = re.compile(r"[\W_]+")


class WhisperTokens:
    """Tokenizer of a Whisper model, with the prefixes that make it transcribe."""

    def __init__(self, tokenizer: Tokenizer, *, multilingual: bool) -> None:
        self._tokenizer = tokenizer
        self.multilingual = multilingual
        self.start = self._special("<|startoftranscript|>")
        self.end = self._special("<|endoftext|>")
        self.previous = self._special("<|startofprev|>")
        self.no_speech = self._special("<|nospeech|>", "<|nocaptions|>")
        self._no_timestamps = self._special("<|notimestamps|>")
        self._transcribe = self._special("<|transcribe|>")

    @classmethod
    def load(cls, checkpoint: Checkpoint) -> WhisperTokens:
        """Read tokenizer.json; raises ``CheckpointError`` if it is missing or not Whisper's."""
        from tokenizers import Tokenizer

        path = checkpoint.folder / "tokenizer.json"
        if not path.is_file():
            problem = f"The Whisper model in {checkpoint.folder} has no tokenizer.json."
            raise CheckpointError(problem, "Copy the whole checkpoint.")
        return cls(Tokenizer.from_file(str(path)), multilingual=is_multilingual(checkpoint))

    def language(self, code: str) -> int:
        """Return the token of an ISO 639-1 code; raises ``CheckpointError`` if the model has none."""
        return self._special(f"<|{code}|>")

    def prefix(self, language: str, prompt: Sequence[int] = ()) -> list[int]:
        """Return the tokens that start a transcript in ``language``, without time stamps."""
        said_before = [self.previous, *prompt] if prompt else []
        task = [self.language(language), self._transcribe] if self.multilingual else []
        return [*said_before, self.start, *task, self._no_timestamps]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; special tokens in it are encoded as letters."""
        plain = text.replace("<|", "< |").strip()
        ids: list[int] = self._tokenizer.encode(f" {plain}", add_special_tokens=False).ids if plain else []
        return ids

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens without special ones."""
        text: str = self._tokenizer.decode([token for token in tokens if token < self.end], skip_special_tokens=True)
        return text.replace("\ufffd", "").strip()

    def _special(self, *names: str) -> int:
        found = [number for name in names if (number := self._tokenizer.token_to_id(name)) is not None]
        if not found:
            problem = f"The tokenizer.json of this checkpoint has no token {' or '.join(names)}."
            raise CheckpointError(problem, "Use a Whisper model that knows the languages of OPTIONS['languages'].")
        return int(found[0])


def is_multilingual(checkpoint: Checkpoint) -> bool:
    """Return True if a Whisper checkpoint supports other languages than English, from its files alone."""
    stated = read_json(checkpoint.folder / "generation_config.json").get("is_multilingual")
    if stated is not None:
        return bool(stated)
    return int(checkpoint.config.get("vocab_size") or _count_vocabulary(checkpoint.folder)) >= MULTILINGUAL_TOKENS


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty if there is none."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _count_vocabulary(folder: Path) -> int:
    """Count the tokens of a CTranslate2 checkpoint."""
    listed = folder / "vocabulary.json"
    if listed.is_file():
        return len(json.loads(listed.read_text(encoding="utf-8")))
    lines = folder / "vocabulary.txt"
    return len(lines.read_text(encoding="utf-8").splitlines()) if lines.is_file() else MULTILINGUAL_TOKENS


@dataclass(frozen=True)
class WhisperPrompt:
    """An introduction and phrases, the most frequent last and so nearest to the speech."""

    language: str
    phrases: tuple[str, ...] = ()

    @property
    def introduction(self) -> str:
        """A sentence in simplified characters for Chinese, so that the model continues in them."""
        return "以下是简体中文的普通话。" if self.language == "zh" else ""

    @property
    def text(self) -> str:
        """The whole prompt, which the model takes for the text before the speech; may be empty."""
        comma, stop = ("、", "。") if self.language == "zh" else (", ", ".")
        listed = comma.join(self.phrases)
        return self.introduction + (listed + stop if listed else "")

    def within(self, budget: int, count_tokens: Callable[[str], int]) -> WhisperPrompt:
        """Return the prompt with as many of its most frequent phrases as fit into ``budget`` tokens."""
        counts = range(1, len(self.phrases) + 1)
        fitting = bisect_right(counts, budget, key=lambda count: count_tokens(self._last(count).text))
        prompt = self._last(fitting)
        return prompt if count_tokens(prompt.text) <= budget else WhisperPrompt("")

    def _last(self, count: int) -> WhisperPrompt:
        return WhisperPrompt(self.language, self.phrases[len(self.phrases) - count :])

    def is_echoed_by(self, text: str) -> bool:
        """Return True if ``text`` is a piece of this prompt, which models repeat when nobody speaks.

        A customer may say two or three phrases in the order of the prompt; four in a row are an echo.
        """
        said, introduction = folded(text), folded(self.introduction)
        if len(said) > 3 and introduction and (said in introduction or introduction in said):
            return True
        prompt = folded("".join(self.phrases))
        start = prompt.find(said) if said else -1
        if start < 0:
            return False
        ends = accumulate(len(folded(phrase)) for phrase in self.phrases)
        return sum(start < end < start + len(said) for end in ends) >= 3


def shop_prompt(phrases: Iterable[str], language: str, limit: int) -> WhisperPrompt:
    """Return a prompt of the ``limit`` most frequent phrases in the script of the language."""
    counts = Counter(
        phrase
        for phrase in map(str.strip, phrases)
        if 0 < len(phrase) <= _MAX_CHARACTERS and bool(_HAN.search(phrase)) == (language == "zh")
    )
    ranked = sorted(counts, key=lambda phrase: (-counts[phrase], phrase))[: max(limit, 0)]
    return WhisperPrompt(language, tuple(reversed(ranked)))


def folded(text: str) -> str:
    """Return only the letters and digits of ``text``, in lower case."""
    return _NOT_SPOKEN.sub("", text).casefold()
