"""Query vectors: each part of a query compares one kind of input with one kind of embedding column."""

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
from xsearch.index.stores import MODALITIES, Store
from xsearch.models import EncoderSpace
from xsearch.search.context import SearchContext

logger = logging.getLogger("xsearch.search")

#: A unit vector, shape (dimension,).
QueryVector = NDArray[np.float32]

#: The part that compares words with the full-text document.
LEXICAL = "lexical"
#: The modality of words that are not wanted.
UNWANTED = "unwanted"

#: Parts that are only used for objects without the better one. A photo is compared with a product's words only if the
#: product has no photo: where both can be compared, the words blur the differences between the nearest photos.
FALLBACKS = {"image:text": "image:image", "audio:text": "audio:audio"}


@dataclass(frozen=True)
class VectorPart:
    """A query vector of one modality to be compared with the columns of another."""

    modality: str  # of the query: "text", "image", "audio", or "like" and "unlike" for examples
    column: str  # modality of the embedding column
    vector: QueryVector
    space: EncoderSpace
    stores: tuple[Store, ...]
    #: The photo's own vector if words have changed it, and the changes for explanations.
    original: QueryVector | None = None
    changes: tuple[dict[str, Any], ...] | None = None

    @property
    def name(self) -> str:
        """The part's name in weights and explanations: "text:image" compares words with photos."""
        return f"{self.modality}:{self.column}"

    @property
    def finds_candidates(self) -> bool:
        """True unless the part is about what is not wanted, which only lowers scores."""
        return self.modality not in {"unlike", UNWANTED}


@dataclass(frozen=True)
class WeightedInputs:
    """Several inputs that mean one thing, with their shares; their vector is the weighted mean."""

    items: tuple[Any, ...]
    shares: tuple[float, ...]

    @classmethod
    def from_pairs(cls, pairs: Sequence[tuple[Any, float]]) -> WeightedInputs:
        """Return the (item, share) ``pairs`` as one input."""
        items, shares = zip(*pairs, strict=True)
        return cls(items, shares)


def encode_parts(context: SearchContext, inputs: Mapping[str, Any]) -> list[VectorPart]:
    """Encode each input for every column whose live encoder takes it; failures are noted in ``context``."""
    parts: list[VectorPart] = []
    for column, space in context.spaces.items():
        if not settings.EMBEDDINGS.get(column):
            continue
        encoder = context.encoder(space)
        for modality, content in inputs.items():
            encoded_as = "text" if modality == UNWANTED else modality
            if encoder and encoded_as not in encoder.modalities:
                continue
            vector = encoded(context, encoder, encoded_as, content) if encoder else None
            if vector is None:
                context.degrade(f"{modality}:{column}")
            elif vector.any():
                parts.append(VectorPart(modality, column, vector, space, context.stores_for(column)))
    return parts


def encoded(context: SearchContext, encoder: Encoder, modality: str, content: Any) -> QueryVector | None:
    """Return the unit vector of an input, shape (dimension,), or of several photos of one thing; None on failure."""
    name = content if isinstance(content, str | WeightedInputs) else id(content)
    return context.once(("vector", encoder.fingerprint, modality, name), lambda: _encode(encoder, modality, content))


def _encode(encoder: Encoder, modality: str, content: Any) -> QueryVector | None:
    try:
        inputs = _weighted(content)
        vectors = encoder.encode_batch(modality, list(inputs.items))
    except EncoderAway as error:
        logger.warning("A query (%s) cannot be encoded for now: %s", modality, error)
        return None
    except Exception:
        # A query is answered by the parts that work, whatever one model throws.
        logger.exception("Encoding a query (%s) failed", modality)
        return None
    vector: QueryVector = normalise(np.asarray([inputs.shares], np.float32) @ vectors)[0]
    return vector


def _weighted(content: Any) -> WeightedInputs:
    """Return inputs with equal shares: the mean of photos of one thing keeps what they have in common."""
    if isinstance(content, WeightedInputs):
        return content
    items = content if isinstance(content, list) else [content]
    return WeightedInputs(tuple(items), (1 / len(items),) * len(items))


def example_parts(context: SearchContext, modality: str, vectors: Mapping[str, QueryVector]) -> list[VectorPart]:
    """Return the parts that compare each column with the mean vector of examples ("like" or "unlike") in it."""
    return [
        VectorPart(modality, column, vector, context.spaces[column], context.stores_for(column))
        for column, vector in vectors.items()
        if vector.any()
    ]


def part_weights(
    names: Sequence[str], overrides: Mapping[str, Any] | None, *, only_changes: bool = False
) -> dict[str, float]:
    """Return the weight of each part: defaults, scaled by modality ("image") or set by name ("text:image").

    With ``only_changes`` the words name nothing but changes of a photo or an example.
    """
    given = {str(key): _weight(key, value) for key, value in (overrides or {}).items()}
    allowed = {LEXICAL, *MODALITIES, "like", "unlike"} | {f"{q}:{c}" for q in (*MODALITIES, "like") for c in MODALITIES}
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise BadQuery(f"Unknown weights: {', '.join(unknown)}. Allowed: {', '.join(sorted(allowed))}.")
    has_photo = any(name.startswith("image:") for name in names)
    with_photo = settings.CHANGE_BESIDE_PHOTO if only_changes else settings.TEXT_BESIDE_PHOTO if has_photo else 1.0
    weights = {}
    for name in names:
        modality = "text" if name == LEXICAL else name.partition(":")[0]
        default = _default_weight(name, modality)
        default *= with_photo if modality == "text" else 1.0
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
