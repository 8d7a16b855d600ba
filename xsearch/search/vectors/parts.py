"""The parts of a query: each compares one kind of input with one kind of column, or words with documents."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.conf import settings
from xsearch.encoders import Encoder, EncoderAway, normalise
from xsearch.errors import BadQuery
from xsearch.index.registry import Index
from xsearch.index.stores import MODALITIES, Store
from xsearch.indexing.spaces import live_encoder, live_spaces
from xsearch.models import EncoderSpace
from xsearch.search.context import once

logger = logging.getLogger("xsearch.search")

LEXICAL = "lexical"
#: What words are compared as that the query does not want.
UNWANTED = "unwanted"

#: A photo is compared with a product's words only where the product has no photo: beside the comparison of
#: photos it would add noise to the differences between the nearest ones. Likewise for sounds.
STAND_INS = {"image:text": "image:image", "audio:text": "audio:audio"}


@dataclass(frozen=True)
class VectorPart:
    """A query vector of one modality to be compared with the columns of another."""

    modality: str  # of the query: "text", "image", "audio", or "like" and "unlike" for examples
    column: str  # modality of the embedding column
    vector: NDArray[np.float32]
    space: EncoderSpace
    stores: tuple[Store, ...]
    #: The photo's own vector, where words have changed it, and what they have exchanged, as explanations say it.
    shown: NDArray[np.float32] | None = None
    composed: tuple[dict[str, Any], ...] | None = None

    @property
    def name(self) -> str:
        """The part's name in weights and explanations: "text:image" compares words with photos."""
        return f"{self.modality}:{self.column}"

    @property
    def seeks(self) -> bool:
        """Whether it says what is wanted; examples and words to keep away from bring no candidates of their own."""
        return self.modality not in {"unlike", UNWANTED}


@dataclass(frozen=True)
class Several:
    """Ways to say one thing, and the share that each has in it; the vector is the weighted mean."""

    items: tuple[Any, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, pairs: Sequence[tuple[Any, float]]) -> Several:
        """Return the (item, share) ``pairs`` as one input."""
        items, shares = zip(*pairs, strict=True)
        return cls(items, shares)


def encode_parts(index: Index, inputs: Mapping[str, Any], degraded: list[str]) -> list[VectorPart]:
    """Encode each input for every column whose live encoder understands it; failures go to ``degraded``."""
    parts: list[VectorPart] = []
    found: dict[tuple[str, str], NDArray[np.float32] | None] = {}
    for column, space in live_spaces(index).items():
        if not settings.EMBEDDINGS.get(column):
            continue
        encoder = live_encoder(space)
        stores = tuple(index.stores_for(column))
        for modality, content in inputs.items():
            encoded_as = "text" if modality == UNWANTED else modality
            if encoder and encoded_as not in encoder.modalities:
                continue
            key = (modality, space.fingerprint)
            if key not in found:
                found[key] = encoded(encoder, encoded_as, content) if encoder else None
            vector = found[key]
            if vector is None:
                degraded.append(f"{modality}:{column}")
            elif vector.any():
                parts.append(VectorPart(modality, column, vector, space, stores))
    return parts


def encoded(encoder: Encoder, modality: str, content: Any) -> NDArray[np.float32] | None:
    """Return the unit vector of an input, shape (dimension,), or of several photos of one thing; None on failure."""
    name = content if isinstance(content, str | Several) else id(content)
    return once(("vector", encoder.fingerprint, modality, name), lambda: _encode(encoder, modality, content))


def _encode(encoder: Encoder, modality: str, content: Any) -> NDArray[np.float32] | None:
    try:
        several = _several(content)
        vectors = encoder.encode_batch(modality, list(several.items))
    except EncoderAway as error:
        logger.warning("A query (%s) cannot be encoded for now: %s", modality, error)
        return None
    except Exception:
        # A query is answered by the parts that work, whatever one model throws.
        logger.exception("Encoding a query (%s) failed", modality)
        return None
    vector: NDArray[np.float32] = normalise(np.asarray([several.shares], np.float32) @ vectors)[0]
    return vector


def _several(content: Any) -> Several:
    """Return the parts of one input; what photos of one thing share outweighs in their mean what only one shows."""
    if isinstance(content, Several):
        return content
    items = content if isinstance(content, list) else [content]
    return Several(tuple(items), (1 / len(items),) * len(items))


def example_parts(
    index: Index, modality: str, vectors: Mapping[str, NDArray[np.float32]], spaces: Mapping[str, EncoderSpace]
) -> list[VectorPart]:
    """Return the parts that compare each column with the examples' mean vector in it, of the space in ``spaces``."""
    return [
        VectorPart(modality, column, vector, spaces[column], tuple(index.stores_for(column)))
        for column, vector in vectors.items()
        if vector.any()
    ]


def part_weights(
    names: Sequence[str], overrides: Mapping[str, Any] | None, *, only_changes: bool = False
) -> dict[str, float]:
    """Return the weight of each part: defaults, scaled by modality ("image") or set by name ("text:image").

    With ``only_changes`` the words say nothing but what a photo or an example has been changed by.
    """
    given = {str(key): _weight(key, value) for key, value in (overrides or {}).items()}
    allowed = {LEXICAL, *MODALITIES, "like", "unlike"} | {f"{q}:{c}" for q in (*MODALITIES, "like") for c in MODALITIES}
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise BadQuery(f"Unknown weights: {', '.join(unknown)}. Allowed: {', '.join(sorted(allowed))}.")
    has_photo = any(name.startswith("image:") for name in names)
    beside = settings.CHANGE_BESIDE_PHOTO if only_changes else settings.TEXT_BESIDE_PHOTO if has_photo else 1.0
    weights = {}
    for name in names:
        modality = "text" if name == LEXICAL else name.partition(":")[0]
        default = _default_weight(name, modality)
        default *= beside if modality == "text" else 1.0
        weights[name] = given.get(name, default * given.get(modality, 1.0))
    return weights


def _default_weight(name: str, modality: str) -> float:
    if modality == UNWANTED:
        return -float(settings.AVOIDANCE * settings.WEIGHTS.get(name.replace(UNWANTED, "text", 1), 0.0))
    if modality in {"like", "unlike"}:
        name = name.replace(modality, name.partition(":")[2], 1)  # as strong as a query in the same modality
    weight = float(settings.WEIGHTS.get(name, 0.0))
    return -weight if modality == "unlike" else weight


def _weight(key: str, value: Any) -> float:
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = float("nan")
    if not 0 <= weight <= 100:
        raise BadQuery(f"The weight of {key!r} must be a number from 0 to 100.")
    return weight
