"""What stands before a tower: media to the arrays that its graph takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from xsearch.encoders.base import EncoderError
from xsearch.encoders.onnx.log_mel import LogMel, SoundFacts
from xsearch.encoders.onnx.manifest import FILTERS, TOKENIZER
from xsearch.encoders.onnx.pixels import Arrays, FixedPixels, Levels, PatchedPixels
from xsearch.encoders.onnx.tokens import TokenFacts, Tokens


class FrontEnd(Protocol):
    """Prepares items one by one, in any thread, and makes batches of them."""

    def prepare(self, item: Any) -> Arrays | None:
        """Return the arrays of one item; None for what there is nothing to encode in: an empty text, silence."""

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Return the arrays of a batch, of at least one item."""


def open_front_end(folder: Path, facts: dict[str, Any], *, prompt: str = "{}", cure: str = "") -> FrontEnd:
    """Return the front end that ``facts`` of a manifest describe; raises ``EncoderError`` that ends with ``cure``."""
    try:
        return _open(folder, dict(facts), prompt, cure)
    except (TypeError, KeyError, ValueError, OSError) as error:
        problem = f"The manifest of {folder} does not fit this django-xsearch ({error.__class__.__name__}: {error})."
        raise EncoderError(f"{problem} {cure}") from error


def _open(folder: Path, facts: dict[str, Any], prompt: str, cure: str) -> FrontEnd:
    kind = facts.pop("kind")
    if kind == "tokens":
        return Tokens(folder / TOKENIZER, TokenFacts(**facts), prompt=prompt, cure=cure)
    if kind == "log_mel":
        return LogMel(SoundFacts(**facts), np.load(folder / FILTERS, allow_pickle=False))
    makers: dict[str, Any] = {"pixels": FixedPixels, "patches": PatchedPixels}
    front_end: FrontEnd = makers[kind](levels=Levels(**facts.pop("levels")), **facts)
    return front_end
