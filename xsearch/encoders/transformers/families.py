"""What distinguishes the families of checkpoints: modalities, length of the vectors, how texts are cut and padded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Family:
    """One family, for what its config.json leaves out because it is the family's default.

    ``max_tokens`` is the longest text the family was trained with, special tokens included. ``pads_to_limit``:
    texts are always padded to it, and the padding is part of what the model reads. ``spare_positions`` of the
    model's are never used: RoBERTa counts from behind the number of its padding.
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
        """Return how many tokens of a text are read, special tokens included."""
        spare = self.spare_positions
        positions = _look_up(config, "text_config", "max_position_embeddings", default=self.max_tokens + spare)
        return min(self.max_tokens, int(positions) - spare)


_IMAGE_TEXT = frozenset({"image", "text"})
_SIGLIP = Family(
    _IMAGE_TEXT, ("vision_config", "hidden_size"), 768, max_tokens=64, pads_to_limit=True, is_lowercase=True
)

#: By the ``model_type`` of config.json. SigLIP 2 of fixed resolution calls itself "siglip"; "siglip2" is NaFlex.
FAMILIES: dict[str, Family] = {
    "clip": Family(_IMAGE_TEXT),
    "chinese_clip": Family(_IMAGE_TEXT, max_tokens=52),
    "siglip": _SIGLIP,
    "siglip2": _SIGLIP,
    "clap": Family(frozenset({"audio", "text"}), spare_positions=2),
}


def _look_up(config: dict[str, Any], *path: str, default: int) -> Any:
    value: Any = config
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return default if value is None else value
