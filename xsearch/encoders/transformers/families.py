"""Families of checkpoints: their modalities, vector lengths, truncation and padding of texts. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ModelFamily:
    """Defaults of one family, which its config.json leaves out.

    ``max_tokens`` is the longest text that the family was trained with, special tokens included. With
    ``pads_to_limit`` texts are always padded to it, and the model reads the padding. ``spare_positions`` of the model
    are never used: RoBERTa's positions start after its padding id.
    """

    modalities: frozenset[str]
    width: tuple[str, ...] = ("projection_dim",)
    default_width: int = 512
    max_tokens: int = 77
    pads_to_limit: bool = False
    is_lowercase: bool = False
    spare_positions: int = 0

    def dimension(self, config: dict[str, Any]) -> int:
        """Return the length of the vectors of a checkpoint with this config.json."""
        return int(_look_up(config, *self.width, default=self.default_width))

    def token_limit(self, config: dict[str, Any]) -> int:
        """Return the number of tokens of a text that are read, special tokens included."""
        spare = self.spare_positions
        positions = _look_up(config, "text_config", "max_position_embeddings", default=self.max_tokens + spare)
        return min(self.max_tokens, int(positions) - spare)


_IMAGE_TEXT = frozenset({"image", "text"})
_SIGLIP = ModelFamily(
    _IMAGE_TEXT, ("vision_config", "hidden_size"), 768, max_tokens=64, pads_to_limit=True, is_lowercase=True
)

#: By the ``model_type`` of config.json. SigLIP 2 of fixed resolution calls itself "siglip"; "siglip2" is NaFlex.
FAMILIES: dict[str, ModelFamily] = {
    "clip": ModelFamily(_IMAGE_TEXT),
    "chinese_clip": ModelFamily(_IMAGE_TEXT, max_tokens=52),
    "siglip": _SIGLIP,
    "siglip2": _SIGLIP,
    "clap": ModelFamily(frozenset({"audio", "text"}), spare_positions=2),
}


def _look_up(config: dict[str, Any], *path: str, default: int) -> Any:
    value: Any = config
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return default if value is None else value
