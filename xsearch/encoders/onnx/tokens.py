"""Texts as text towers take them, by the ``tokenizers`` package alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xsearch.encoders.base import EncoderError
from xsearch.encoders.onnx.pixels import Arrays


@dataclass(frozen=True)
class TokenFacts:
    """How a family cuts and fills its texts: at most ``limit`` tokens, special ones included.

    ``pads_to_limit``: all texts are filled up to it, others to the longest of their batch; without ``has_mask`` the
    model reads the padding too.
    """

    limit: int
    pad_id: int
    pads_to_limit: bool = False
    pads_left: bool = False
    has_mask: bool = True
    is_lowercase: bool = False


class Tokens:
    """A tokenizer with the facts of its family; ``prompt`` is a template for texts such as "a photo of {}"."""

    def __init__(self, path: Path, facts: TokenFacts, *, prompt: str, cure: str) -> None:
        tokenizers = _import_tokenizers()
        self.facts, self._prompt = facts, prompt
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the Rust side raises plain Exception
            raise EncoderError(f"{path} is no tokenizer: {error}. {cure}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(facts.limit)

    def prepare(self, item: str) -> Arrays | None:
        """Return ``input_ids``, shape (tokens,); None for an empty text."""
        if not item.strip():
            return None
        item = self._prompt.replace("{}", item)
        text = item.lower() if self.facts.is_lowercase else item
        return {"input_ids": np.asarray(self._tokenizer.encode(text).ids, np.int64)}

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Fill up to one length: ``input_ids`` and ``attention_mask``, shape (n, tokens)."""
        texts = [arrays["input_ids"] for arrays in prepared]
        length = self.facts.limit if self.facts.pads_to_limit else max(map(len, texts))
        numbers = np.full((len(texts), length), self.facts.pad_id, np.int64)
        mask = np.full_like(numbers, not self.facts.has_mask)
        for number, text in enumerate(texts):
            start = length - len(text) if self.facts.pads_left else 0
            numbers[number, start : start + len(text)] = text
            mask[number, start : start + len(text)] = 1
        return {"input_ids": numbers, "attention_mask": mask}


def _import_tokenizers() -> Any:
    try:
        import tokenizers
    except ImportError as error:
        raise EncoderError(
            "The onnx encoder needs the package tokenizers for texts. Install it: pip install 'django-xsearch[onnx]'"
        ) from error
    return tokenizers
