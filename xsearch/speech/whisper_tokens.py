"""The tokens of Whisper models: text tokens, and special tokens that set language and task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xsearch.checkpoints.local import CheckpointError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Tokens of the smallest multilingual vocabulary; the English-only ones have one less.
MULTILINGUAL_TOKENS = 51_865


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
    def load(cls, folder: Path, *, multilingual: bool) -> WhisperTokens:
        """Read tokenizer.json; raises ``CheckpointError`` if it is missing or not Whisper's."""
        from tokenizers import Tokenizer

        path = folder / "tokenizer.json"
        if not path.is_file():
            raise CheckpointError(f"The Whisper model in {folder} has no tokenizer.json.", "Copy the whole checkpoint.")
        return cls(Tokenizer.from_file(str(path)), multilingual=multilingual)

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


def is_multilingual(folder: Path, config: dict[str, Any]) -> bool:
    """Return True if a Whisper checkpoint supports other languages than English, from its files alone."""
    stated = read_json(folder / "generation_config.json").get("is_multilingual")
    if stated is not None:
        return bool(stated)
    return int(config.get("vocab_size") or _count_vocabulary(folder)) >= MULTILINGUAL_TOKENS


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
